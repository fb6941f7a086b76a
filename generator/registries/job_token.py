"""The job's own OIDC token, for kinds whose registry takes one in exchange."""

from collections.abc import Sequence

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from generator.model import GrantRequest, RegistryEntry
from generator.registries.base import CredentialField

OIDC_TOKEN = CredentialField(
    "oidc_token", ("id_token", "jwt"), required=False, primary=True, job_token=True
)
"""A token that the entry names; without it, the CI is asked for its own."""


def job_identity(
    entry: RegistryEntry, audience: str | None, context: RunContext
) -> Sequence[IdentityPart]:
    """Say whom the token will stand for; offline. One that the entry names counts anyway.

    Raises:
        SecretNotFound: no token is named, and this is no CI that gives one.
    """
    if entry.credentials.references:
        return []
    return CiIdentity(context, context.transport).identity(audience)


async def job_token(request: GrantRequest, audience: str | None, context: RunContext) -> Secret:
    """Return the token that the entry names, else the CI's own for ``audience``.

    Raises:
        BackendError: the CI gives none.
    """
    named = request.credentials.get(OIDC_TOKEN.name)
    return named or await CiIdentity(context, context.transport).token(audience)
