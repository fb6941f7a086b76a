"""Yandex Container Registry: an authorized key is exchanged for an IAM token.

IAM says a token's expiry as ``expiresAt``, 12 hours from now at most; the registry takes it from
the user ``iam``, or the key document itself from ``json_key`` (Yandex Cloud documentation, "Getting
an IAM token for a service account", "Authentication in Container Registry"). A virtual machine's
own token comes from a metadata service with Google's paths ("Using a service account with a VM").
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from backends.base import IdentityPart, RunContext, Secret
from backends.errors import BackendUnavailable
from backends.host import host_identity
from backends.options import EndpointUrl
from generator.errors import AccessDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.clock import wrong_clock
from generator.registries.issuer import Issuer, Refusal
from generator.registries.yandex.key import LIVES_S, key_text, parse_key

HOST = "cr.yandex"
IAM = "https://iam.api.cloud.yandex.net"
USERNAME = "iam"
KEY_FILE = "YC_SERVICE_ACCOUNT_KEY_FILE"
METADATA = "YC_METADATA_ADDR"
_METADATA_HOST = "169.254.169.254"
_METADATA_S = 1.0
_LARGEST_KEY = 64 * 1024
_REFUSED = Refusal(
    AccessDenied,
    "key-refused",
    "the authorized key is not accepted",
    "check that neither the key nor its service account was deleted",
)
_IAM = Issuer("yandex", "Yandex Cloud IAM", dict.fromkeys((400, 401, 403, 404), _REFUSED))
_NO_ACCOUNT = Refusal(
    AccessDenied,
    "no-service-account",
    "this machine has no service account of Yandex Cloud",
    f"link one to the virtual machine, or name credentials: or {KEY_FILE}",
)
# The machine may as well be another cloud's, whose service refuses what it does not know.
_MACHINE = Issuer(
    "yandex", "Yandex Cloud's metadata service", dict.fromkeys((400, 401, 403, 404), _NO_ACCOUNT)
)


class YandexOptions(ProviderOptions):
    """Options of ``provider: yandex``."""

    method: Literal["iam_token", "json_key", "metadata"] = "iam_token"
    """``json_key`` writes the key document itself, which never expires, as the password;
    ``metadata`` asks the virtual machine for its own service account's token."""
    endpoint: EndpointUrl = IAM
    """The URL of IAM, if it is not Yandex Cloud's public one."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class YandexProvider:
    """IAM tokens of Yandex Cloud; they live 12 hours at most."""

    default_server: ClassVar[str] = HOST
    options: ClassVar[type[ProviderOptions]] = YandexOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(HOST,),
        lives="up to 12 h",
        example="""\
server: cr.yandex
credentials: file:/run/secrets/yandex-key.json
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "key",
            aliases=("json_key", "authorized_key", "service_account_key"),
            required=False,
            multiline=True,
            primary=True,
            whole=True,
        ),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, and the method against what is given."""
        problems = []
        if entry.server is not None and entry.server != HOST:
            hint = f"write server: {HOST}; another host of Yandex's goes under aliases"
            problems.append(Problem(("server",), "not the host of Yandex's registry", hint))
        method, given = entry.options.method, bool(entry.credentials.references)
        if method == "json_key" and not given:
            hint = "write credentials: REFERENCE of the key"
            problems.append(Problem(("method",), "json_key needs a key", hint))
        if method == "metadata" and given:
            hint = "drop the credentials, or the method"
            problems.append(Problem(("method",), "metadata takes no credentials", hint))
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for all hosts, told apart by whom it stands for and who gives it."""
        options: YandexOptions = entry.options
        parts: list[IdentityPart] = [("method", options.method), ("endpoint", options.endpoint)]
        if not entry.credentials.references:
            key = _default_key(options, context)
            parts += [("key", key)] if key else _machine(context)
        return GrantKey(tuple(parts))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the key or hand it out; without one, ask for the machine's own token."""
        options: YandexOptions = request.entry.options
        key = request.credentials.get("key") or _default_key(options, context)
        if key is None:
            return await _machine_grant(context)
        authorized = parse_key(key)
        if options.method == "json_key":
            return Grant("json_key", Secret(key_text(key)), context.clock(), None)
        url = f"{options.endpoint.rstrip('/')}/iam/v1/tokens"
        answer = await _IAM.ask(
            context,
            "POST",
            url,
            json={"jwt": authorized.signed_token(url, context.clock())},
            allow_http=options.allow_http,
            meaning=wrong_clock(context, slow_s=LIVES_S, fast_s=60),
        )
        return answer.grant(
            USERNAME,
            answer.token("iamToken"),
            answer.on(answer.body.get("expiresAt")),
            endpoint=None if options.endpoint == IAM else options.endpoint,
        )


async def _machine_grant(context: RunContext) -> Grant:
    path = "computeMetadata/v1/instance/service-accounts/default/token"
    try:
        answer = await _MACHINE.ask(
            context,
            "GET",
            f"http://{_metadata_host(context)}/{path}",
            headers={"Metadata-Flavor": "Google"},
            allow_http=True,
            within_s=_METADATA_S,
        )
    except BackendUnavailable as error:
        hint = f"on no virtual machine of Yandex's, name credentials: or {KEY_FILE}"
        raise BackendUnavailable(error.reference, error.message, hint) from None
    token = answer.token("access_token")
    if token.reveal().startswith("ya29."):
        # Google's machines answer at the same address and path
        raise answer.implausible("its token is Google's")
    return answer.grant(USERNAME, token, answer.after(answer.body.get("expires_in")))


def _machine(context: RunContext) -> Sequence[IdentityPart]:
    host = host_identity(context.inputs, "yandex-metadata")
    return [("metadata", _metadata_host(context)), *host]


def _metadata_host(context: RunContext) -> str:
    return context.setting(METADATA) or _METADATA_HOST


def _default_key(options: YandexOptions, context: RunContext) -> Secret | None:
    path = None if options.method == "metadata" else context.setting(KEY_FILE)
    if path is None:
        return None
    content = context.read_file(path, limit=_LARGEST_KEY)
    return Secret(content.decode("utf-8", "replace"))
