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


def names_token(entry: RegistryEntry) -> bool:
    """Tell whether the token is among what an entry names; a whole document has to hold it.

    What else it names says nothing of the token: the CI's own counts then, beside it.
    """
    return entry.credentials.document is not None or OIDC_TOKEN.name in entry.credentials.fields


def job_identity(
    entry: RegistryEntry, audience: str | None, context: RunContext
) -> Sequence[IdentityPart]:
    """Say whom the token will stand for; offline. One that the entry names counts anyway.

    Raises:
        SecretNotFound: no token is named, and this is no CI that gives one.
    """
    if names_token(entry):
        return []
    return CiIdentity(context, context.transport).identity(audience)


async def job_token(request: GrantRequest, audience: str | None, context: RunContext) -> Secret:
    """Return the token that the entry names, else the CI's own for ``audience``.

    Raises:
        SecretMissing: it should be in a document, and is not.
        BackendError: the CI gives none.
    """
    named = request.credentials.get(OIDC_TOKEN.name)
    if named is not None:
        return named
    if names_token(request.entry):
        # the grant counts by what is named: the CI's own token would be another identity's
        raise SecretMissing(
            "job-token-missing",
            f"the credentials hold no {OIDC_TOKEN.name}",
            f"name it: credentials: {{{OIDC_TOKEN.name}: REFERENCE}}; where nothing may hold it "
            "the CI is asked for its own",
        )
    return await CiIdentity(context, context.transport).token(audience)
