"""The job's own OIDC token, for kinds whose registry takes one in exchange."""

from collections.abc import Sequence

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from generator.errors import SecretMissing
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
        SecretMissing: the entry names credentials, and there is none among them.
        BackendError: the CI gives none.
    """
    named = request.credentials.get(OIDC_TOKEN.name)
    if named is not None:
        return named
    if request.entry.credentials.references:
        # the grant counts by what is named: the CI's own token would be another identity's
        raise SecretMissing(
            "job-token-missing",
            f"the credentials hold no {OIDC_TOKEN.name}",
            f"name it: credentials: {{{OIDC_TOKEN.name}: REFERENCE}}; without credentials the CI "
            "is asked for its own",
        )
    return await CiIdentity(context, context.transport).token(audience)
