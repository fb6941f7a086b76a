"""Any registry that takes a user name and a password as they are."""

from collections.abc import Sequence
from typing import ClassVar

from backends.base import RunContext
from generator.errors import Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.login import problem_of_username


class StaticOptions(ProviderOptions):
    """Options of ``provider: static``."""

    username: str | None = None
    """The user name; a secret reference under ``credentials: {username: …}`` does as well."""


class StaticProvider:
    """Hands a user name and a password through; asks nobody, and nothing of it is stored."""

    hands_through: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = StaticOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("any other", "where a username is given"),
        lives="as its password",
        example="""\
server: harbor.example.com
username: robot$ci
credentials: {password: env:HARBOR_PASSWORD}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("username", aliases=("user", "login"), required=False),
        CredentialField("password", aliases=("token", "secret"), primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """A server, a user name from exactly one place, a password."""
        problems = []
        if entry.server is None:
            problems.append(Problem(("server",), "no server is named", "write server: HOST[:PORT]"))
        username = entry.options.username
        if username is not None and "username" in entry.credentials.fields:
            problems.append(
                Problem(
                    ("username",),
                    "the user name is given here and under credentials",
                    "keep one of the two",
                )
            )
        if username is None and not entry.credentials.document:
            if "username" not in entry.credentials.fields:
                problems.append(
                    Problem(
                        ("username",),
                        "no user name is given",
                        "write username: NAME, or credentials: {username: REFERENCE}",
                    )
                )
        elif username is not None and (problem := problem_of_username(username)):
            problems.append(Problem(("username",), problem, "mend the user name"))
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:  # noqa: ARG002
        """One credential for one server."""
        parts = [("server", entry.server or ""), ("username", entry.options.username or "")]
        return GrantKey(tuple(parts))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Return the pair as it is; it has no expiry that we could know."""
        username = request.entry.options.username
        if username is None:
            if "username" not in request.credentials:
                raise Misconfigured(
                    "username-missing",
                    "the secret has no field 'username'",
                    "write username: NAME in the entry, or name the field: "
                    "credentials: {from: REFERENCE, fields: {username: FIELD}}",
                )
            username = request.credentials["username"].reveal()
        if problem := problem_of_username(username):
            raise Misconfigured("username-unusable", problem, "mend the user name")
        return Grant(
            username=username,
            secret=request.credentials["password"],
            requested_at=context.clock(),
            expires_at=None,
        )
