"""JFrog's platform (Artifactory): the CI's own token is exchanged, or a scoped token is made.

A password, or a token that somebody made by hand, is ``provider: static``.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from backends.base import IdentityPart, RunContext, Secret
from generator.errors import SecretMissing
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.jfrog.entry import JfrogOptions, entry_problems
from generator.registries.jfrog.token import exchanged, made
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token


class JfrogProvider:
    """Tokens of a JFrog platform, for the CI's own or made by another token."""

    asks_its_server: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = JfrogOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("*.jfrog.io", "your own Artifactory's"),
        lives="1 h, or as expires_in says",
        example="""\
provider: jfrog
server: acme.jfrog.io
provider_name: github
audience: jfrog-github
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("access_token", ("token",), required=False, primary=True),
        CredentialField("username", ("user",), required=False),
        CredentialField("password", required=False),
        # only by its name: a text alone is the other method's
        replace(OIDC_TOKEN, primary=False),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, and what contradicts the method."""
        return entry_problems(entry)

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for a platform, told apart by whom it is for, and what it is good for."""
        options: JfrogOptions = entry.options
        said = options.model_dump(exclude={"endpoint", "allow_http"}, exclude_none=True)
        subject: Sequence[IdentityPart] = ()
        if options.method == "oidc":
            subject = job_identity(entry, options.audience, context)
        return GrantKey(
            (
                ("endpoint", _platform(entry)),
                *((name, str(value)) for name, value in said.items()),
                *subject,
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the job's token, or have one made."""
        options: JfrogOptions = request.entry.options
        platform = _platform(request.entry)
        if options.method == "access_token":
            return await made(platform, options, _login(request), context)
        subject = await job_token(request, options.audience, context)
        return await exchanged(platform, options, subject, context)


def _platform(entry: RegistryEntry) -> str:
    return (entry.options.endpoint or f"https://{entry.server}").rstrip("/")


def _login(request: GrantRequest) -> Secret:
    """Return the header that says who asks for a token."""
    given = request.credentials
    if token := given.get("access_token"):
        return Secret(f"Bearer {token.reveal()}")
    user, password = given.get("username"), given.get("password")
    name = user.reveal() if user else request.entry.options.username
    if name is None or password is None:
        raise SecretMissing(
            "jfrog-login-missing",
            "the credentials hold neither an access_token nor a username and a password",
            "name them: credentials: {access_token: REFERENCE}",
        )
    return Secret(f"Basic {b64encode(f'{name}:{password.reveal()}'.encode()).decode()}")
