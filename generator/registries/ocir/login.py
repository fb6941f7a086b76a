"""Who asks Oracle for a token: by the entry, or by the variables that Oracle's own CLI reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, ValidationError

from backends.base import IdentityPart, RunContext, Secret
from generator.errors import Misconfigured, SecretMissing
from generator.model import RegistryEntry
from generator.registries.base import ProviderOptions
from generator.registries.signing.rsa_key import fingerprint_of, load_rsa_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LARGEST_KEY = 64 * 1024
_HINT = "store the private key of the API key as PEM; a pass phrase goes under passphrase"

Tenancy = Annotated[str, Field(pattern=r"^ocid1\.tenancy\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$")]
User = Annotated[str, Field(pattern=r"^ocid1\.user\.[a-z0-9]+\.[a-z0-9-]*\.[a-z0-9]+$")]
Fingerprint = Annotated[
    str,
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    Field(pattern=r"^([0-9a-f]{2}:){15}[0-9a-f]{2}$"),
]


class OcirLoginOptions(ProviderOptions):
    """Options that say whose key signs; without credentials, ``OCI_CLI_*`` variables do."""

    tenancy: Tenancy | None = None
    """The tenancy's OCID."""
    user: User | None = None
    """The OCID of the user whom the API key belongs to."""
    fingerprint: Fingerprint | None = None
    """The API key's, as the console shows it, to be sure that it is that one."""


@dataclass(frozen=True, slots=True)
class OcirLogin:
    """A user's API key, not yet looked at."""

    tenancy: str
    user: str
    fingerprint: str | None
    private_key: Secret
    passphrase: Secret | None

    @property
    def identity(self) -> Sequence[IdentityPart]:
        """What tells it from another."""
        return [
            ("tenancy", self.tenancy),
            ("user", self.user),
            ("fingerprint", self.fingerprint or ""),
            ("private_key", self.private_key),
            ("passphrase", self.passphrase or ""),
        ]

    def key(self) -> "tuple[RSAPrivateKey, str]":
        """Return the key, and the name that Oracle has for it.

        Raises:
            Misconfigured: it is no RSA key, or another one than ``fingerprint`` says.
        """
        key = load_rsa_key(self.private_key, self.passphrase, _unusable)
        own = fingerprint_of(key)
        if self.fingerprint not in (None, own):
            raise Misconfigured(
                "ocir-fingerprint-mismatch",
                "the private key is not the one that the fingerprint names",
                f"the key's own fingerprint is {own}: store the key that belongs to it",
            )
        return key, f"{self.tenancy}/{self.user}/{own}"


def named_login(entry: RegistryEntry, credentials: Mapping[str, Secret]) -> OcirLogin:
    """Return the login of an entry that names its key, and with it whose it is.

    Raises:
        SecretMissing: the document that should hold the key does not.
    """
    options: OcirLoginOptions = entry.options
    key = credentials.get("private_key")
    if key is None:
        raise SecretMissing(
            "ocir-no-private-key",
            "the secret has no field private_key (looked for private_key, key_content, key)",
            "name it: credentials: {from: REFERENCE, fields: {private_key: FIELD}}",
        )
    return OcirLogin(
        options.tenancy or "",
        options.user or "",
        options.fingerprint,
        key,
        credentials.get("passphrase"),
    )


def ambient_login(entry: RegistryEntry, context: RunContext) -> OcirLogin:
    """Return the login that the variables of Oracle's CLI tell; options of the entry win.

    Raises:
        SecretMissing: naming the variables that are not set.
        Misconfigured: one of them is not of its form.
        BackendError: the key's file can not be read.
    """
    options: OcirLoginOptions = entry.options
    given = {
        "OCI_CLI_TENANCY": options.tenancy or context.setting("OCI_CLI_TENANCY"),
        "OCI_CLI_USER": options.user or context.setting("OCI_CLI_USER"),
        "OCI_CLI_KEY_CONTENT": context.setting("OCI_CLI_KEY_CONTENT") or _key_file(context),
    }
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise SecretMissing(
            "ocir-no-credentials",
            f"no credentials are named, and these variables are not set: {', '.join(missing)}",
            "write credentials: {private_key: REFERENCE}, tenancy: and user:",
        )
    tenancy, user, key = map(str, given.values())
    fingerprint = options.fingerprint or context.setting("OCI_CLI_FINGERPRINT")
    passphrase = context.setting("OCI_CLI_PASSPHRASE")
    _check_forms(tenancy, user, fingerprint)
    return OcirLogin(
        tenancy,
        user,
        fingerprint.lower() if fingerprint else None,
        Secret(key),
        Secret(passphrase) if passphrase else None,
    )


def _key_file(context: RunContext) -> str | None:
    path = context.setting("OCI_CLI_KEY_FILE")
    if path is None:
        return None
    return context.read_file(path, limit=_LARGEST_KEY).decode("utf-8", "replace")


def _check_forms(tenancy: str, user: str, fingerprint: str | None) -> None:
    """Hold values of variables to the forms of the options; they go into a header."""
    try:
        OcirLoginOptions(tenancy=tenancy, user=user, fingerprint=fingerprint)
    except ValidationError as error:
        names = [f"OCI_CLI_{str(one['loc'][0]).upper()}" for one in error.errors()]
        raise Misconfigured(
            "ocir-variable-malformed",
            f"not of the form that Oracle gives: {', '.join(names)}",
            "copy them from the console: ocid1.tenancy.…, ocid1.user.…, aa:bb:…",
        ) from None


def _unusable(why: str) -> Misconfigured:
    return Misconfigured("ocir-key-unusable", f"the private key {why}", _HINT)
