"""What an entry leaves to the environment: the variables that azure-identity documents.

They count least, in the order of its ``DefaultAzureCredential``: a client secret, a certificate, a
federated token, and a managed identity only if there is nothing else.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from backends.azure.login import PROOFS, Method, Wish
from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from backends.errors import SecretNotFound
from backends.host import host_identity

_PROOF_VARIABLES: Mapping[Method, str] = {
    "client_secret": "AZURE_CLIENT_SECRET",
    "certificate": "AZURE_CLIENT_CERTIFICATE_PATH",
    "federated": "AZURE_FEDERATED_TOKEN_FILE",
}
# What azure-identity looks at to find out where it runs.
_MACHINE_VARIABLES = (
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
)
_SECRET_VARIABLES = ("IDENTITY_HEADER", "MSI_SECRET")
_LARGEST_CERTIFICATE = 64 * 1024


def method_of(wish: Wish, given: Collection[str], context: RunContext) -> Method:
    """Return how to ask: as the entry says, else by the credential fields and variables there are.

    A service principal that is named without a proof has the job's own token for one.
    """
    if wish.method is not None:
        return wish.method
    for method, proof in PROOFS.items():
        if proof in given:
            return method
    if wish.object_id or wish.resource_id:
        return "managed_identity"
    for method, variable in _PROOF_VARIABLES.items():
        if context.setting(variable) is not None:
            return method
    tenant_id = ambient_id("tenant_id", wish.tenant_id, context)
    client_id = ambient_id("client_id", wish.client_id, context)
    return "federated" if tenant_id and client_id else "managed_identity"


def ambient_id(name: str, wished: str | None, context: RunContext) -> str | None:
    """Return the id of a tenant or client: the entry's own, else the environment's."""
    return wished or context.setting(f"AZURE_{name.upper()}")


def ambient_proof(method: Method, context: RunContext) -> Secret:
    """Return a client secret, or the content of a certificate's file, each byte a character.

    Raises:
        BackendError: there is none, or the file can not be read.
    """
    variable = _PROOF_VARIABLES[method]
    value = context.setting(variable)
    if value is None:
        proof = PROOFS[method]
        raise SecretNotFound(
            "azure-proof-missing",
            f"Azure: no {proof} is named, and {variable} is not set",
            f"write credentials: {{{proof}: REFERENCE}}, or set {variable}",
        )
    if method == "client_secret":
        return Secret(value)
    return Secret(context.read_file(value, limit=_LARGEST_CERTIFICATE).decode("latin-1"))


def ambient_password(context: RunContext) -> Secret | None:
    """Return the password of the environment's certificate."""
    value = context.setting("AZURE_CLIENT_CERTIFICATE_PASSWORD")
    return Secret(value) if value else None


def wants_chain(context: RunContext) -> bool:
    """Tell whether the environment says to send a certificate's chain."""
    value = context.setting("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
    return (value or "").lower() in ("1", "true")


def in_app(context: RunContext) -> bool:
    """Tell whether variables name the service of a managed identity."""
    return any(context.setting(name) for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT"))


async def job_token(wish: Wish, context: RunContext) -> Secret:
    """Return the job's own token: of a file that the platform mounts, or of the CI.

    Raises:
        BackendError: there is none.
    """
    with _in_azures_words():
        return await _job(context).token(_token_audience(wish, context))


def identity_parts(
    wish: Wish, given: Collection[str], context: RunContext, *, whole: bool
) -> list[IdentityPart]:
    """Say whose token would be asked for, as far as references do not say it; offline.

    Args:
        wish: of the entry.
        given: the credential fields that references are there for.
        context: the run's.
        whole: the credentials are one document, which has the proof in it.

    Raises:
        BackendError: a variable or file that is needed is not there.
    """
    method = wish.method if whole else method_of(wish, given, context)
    parts: list[IdentityPart] = [
        ("method", method or ""),
        ("tenant_id", ambient_id("tenant_id", wish.tenant_id, context) or ""),
        ("client_id", ambient_id("client_id", wish.client_id, context) or ""),
        ("object_id", wish.object_id or ""),
        ("resource_id", wish.resource_id or ""),
    ]
    if method is None or whole or PROOFS.get(method) in given:
        return parts
    return [*parts, *_ambient_identity(method, wish, context)]


def _ambient_identity(method: Method, wish: Wish, context: RunContext) -> Sequence[IdentityPart]:
    if method == "federated":
        with _in_azures_words():
            identity = _job(context).identity(_token_audience(wish, context))
        return [(f"token.{name}", value) for name, value in identity]
    if method != "managed_identity":
        return [(PROOFS[method], ambient_proof(method, context))]
    host = host_identity(context.inputs, "azure-managed-identity")
    found = [(name, context.setting(name) or "") for name in _MACHINE_VARIABLES]
    # two apps find their services under one address, and are told apart by what they show it
    return [*host, *((name, Secret(v) if name in _SECRET_VARIABLES else v) for name, v in found)]


def _job(context: RunContext) -> CiIdentity:
    file = context.setting("AZURE_FEDERATED_TOKEN_FILE")
    return CiIdentity(context, context.transport, file=file)


@contextmanager
def _in_azures_words() -> Iterator[None]:
    """Say what an application can be proved by, where there is no CI that could do it."""
    try:
        yield
    except SecretNotFound as error:
        if error.reference != "ci-not-recognised":
            raise
        raise SecretNotFound(
            "azure-proof-missing",
            "Azure: nothing proves the application: neither credentials nor variables do, and no "
            "CI that gives OIDC tokens is recognised",
            "write credentials: {client_secret: REFERENCE}, or method: managed_identity",
        ) from None


def _token_audience(wish: Wish, context: RunContext) -> str | None:
    # what a platform mounts is for the audience that it was set up with
    mounted = context.setting("AZURE_FEDERATED_TOKEN_FILE") is not None
    return wish.token_audience or (None if mounted else wish.default_audience)
