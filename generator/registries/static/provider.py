"""Any registry that takes a user name and a password as they are.

Whoever made the password may have said when it ends: Vault's gcp engine as ``expires_at_seconds``,
GitHub, GitLab and Harbor as ``expires_at`` (for Harbor -1 is never).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import WithJsonSchema

from backends.base import RunContext
from generator.errors import ImplausibleAnswer, Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.login import problem_of_username
from generator.registries.static.presets import PRESETS, preset_of
from generator.times import iso, parse_moment

_NEVER = "-1"


class StaticOptions(ProviderOptions):
    """Options of ``provider: static``."""

    username: str | None = None
    """The user name; a secret reference under ``credentials: {username: …}`` does as well."""
    preset: Annotated[str | None, WithJsonSchema({"enum": [*PRESETS, None]})] = None
    """What is customary at a registry: its host, its user name, the variables that hold them."""


class StaticProvider:
    """Hands a user name and a password through; asks nobody, and nothing of it is stored."""

    hands_through: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = StaticOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("any other; any, where a username is given",),
        lives="as long as its password",
        example="""\
server: harbor.example.com
username: robot$ci
credentials: {password: env:HARBOR_PASSWORD}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("username", aliases=("user", "login"), required=False),
        CredentialField("password", aliases=("token", "access_token", "secret"), primary=True),
        CredentialField("expires_at", aliases=("expires_at_seconds", "expiresAt"), required=False),
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
            if "username" not in entry.credentials.fields and not _usual_username(entry):
                hint = f"write {_username_of(entry)}, or credentials: {{username: REFERENCE}}"
                problems.append(Problem(("username",), "no user name is given", hint))
        elif username is not None and (problem := problem_of_username(username)):
            problems.append(Problem(("username",), problem, "mend the user name"))
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One credential for one server."""
        username = entry.options.username or _usual_username(entry) or ""
        return GrantKey((("server", entry.server or ""), ("username", username)))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Return the pair as it is, with the expiry that stands beside it."""
        username = _username(request)
        if problem := problem_of_username(username):
            raise Misconfigured("username-unusable", problem, "mend the user name")
        now = context.clock()
        return Grant(
            username=username,
            secret=request.credentials["password"],
            requested_at=now,
            expires_at=_expiry(request, now),
        )


def _username(request: GrantRequest) -> str:
    entry = request.entry
    if entry.options.username is not None:
        return str(entry.options.username)
    if "username" in request.credentials:
        return request.credentials["username"].reveal()
    if usual := _usual_username(entry):
        return usual
    raise Misconfigured(
        "username-missing",
        "the secret has no field 'username'",
        f"write {_username_of(entry)} in the entry, or name the field: "
        "credentials: {from: REFERENCE, fields: {username: FIELD}}",
    )


def _usual_username(entry: RegistryEntry) -> str | None:
    """Return the user name that everybody has there, ``None`` if none is known."""
    preset = preset_of(entry.options.preset, entry.server)
    return preset.username if preset else None


def _username_of(entry: RegistryEntry) -> str:
    """Return what to write for a user name: for a hint."""
    preset = preset_of(entry.options.preset, entry.server)
    return f"username: NAME ({preset.user})" if preset and preset.user else "username: NAME"


def _expiry(request: GrantRequest, now: datetime) -> datetime | None:
    """Return when the password ends, ``None`` if nobody says.

    Raises:
        ImplausibleAnswer: if that is no time, or past.
    """
    stated = request.credentials.get("expires_at")
    if stated is None or stated.reveal() == _NEVER:
        return None
    credentials = request.entry.credentials
    place = credentials.fields.get("expires_at") or credentials.document
    try:
        expires_at = parse_moment(stated.reveal())
    except ValueError as error:
        raise ImplausibleAnswer(
            "expiry-unreadable",
            f"{place}: expires_at is {error}",
            "write it as 2026-01-31T12:00:00Z, or in seconds since the epoch",
        ) from None
    if expires_at <= now:
        raise ImplausibleAnswer(
            "secret-expired", f"{place}: the secret expired at {iso(expires_at)}", "renew it"
        )
    return expires_at
