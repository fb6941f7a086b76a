"""Logins that stand in a Docker config already: a secret that some other tool wrote."""

from collections.abc import Sequence
from typing import ClassVar

from backends.base import RunContext, Secret
from generator.errors import Misconfigured, SecretMissing
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.dockercfg.document import (
    Dockercfg,
    NoDockercfg,
    login_of,
    parse_dockercfg,
)
from generator.registries.login import IDENTITY_TOKEN, problem_of_secret, problem_of_username
from generator.shown import looks_random

_MOST_NAMED = 8
_TOKENS = {"identitytoken": "an identity token", "registrytoken": "a registry token"}


class DockercfgProvider:
    """Takes one server's login out of a Docker config that a secret holds, and hands it through."""

    hands_through: ClassVar[bool] = True
    options: ClassVar[type[ProviderOptions]] = ProviderOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(),
        lives="as long as the login in it",
        example="""\
provider: dockercfg
server: registry.example.com
credentials: env:DOCKER_AUTH_CONFIG
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "dockercfg",
            aliases=(".dockerconfigjson", "dockerconfigjson", ".dockercfg", "config.json"),
            multiline=True,
            primary=True,
            whole=True,
        ),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """A server must be named: it says which of the logins is meant."""
        if entry.server is None:
            return [Problem(("server",), "no server is named", "write server: HOST[:PORT]")]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One login for one server."""
        return GrantKey((("server", entry.server or ""),))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Return the login as it is; it has no expiry that we could know."""
        server = request.entry.server or ""
        try:
            document = parse_dockercfg(request.credentials["dockercfg"].reveal())
        except NoDockercfg as error:
            raise Misconfigured(
                "dockercfg-unreadable",
                f"the secret is no Docker config: {error}",
                'store {"auths": {"HOST": {"auth": "…"}}}, or name the field that holds it',
            ) from None
        username, secret = _login(document, server)
        return Grant(username, secret, context.clock(), None)


def _login(document: Dockercfg, server: str) -> tuple[str, Secret]:
    entries = document.closest(server)
    for name, meant in _TOKENS.items():
        if any(isinstance(entry, dict) and entry.get(name) for entry in entries):
            raise _token(server, meant)
    try:
        logins = {login_of(entry) for entry in entries}
    except NoDockercfg as error:
        raise _unusable(server, str(error)) from None
    logins = {(username, secret) for username, secret in logins if username or secret.reveal()}
    if not logins:
        raise _missing(document, server, is_there=bool(entries))
    if len(logins) > 1:
        raise Misconfigured(
            "dockercfg-ambiguous",
            f"the Docker config has several different logins for {server}",
            "keep the one whose key is the bare host",
        )
    username, secret = logins.pop()
    if username == IDENTITY_TOKEN:
        raise _token(server, _TOKENS["identitytoken"])
    if problem := problem_of_username(username) or problem_of_secret(secret):
        raise _unusable(server, problem)
    return username, secret


def _token(server: str, meant: str) -> Misconfigured:
    return Misconfigured(
        "dockercfg-holds-a-token",
        f"what the Docker config has for {server} is {meant}, which not all clients read",
        "log in with a user name and a password or access token, or use the kind of that "
        "registry (provider: acr for Azure)",
    )


def _unusable(server: str, why: str) -> Misconfigured:
    return Misconfigured(
        "dockercfg-login-unusable",
        f"what the Docker config has for {server} can not be used: {why}",
        "log in again, and store what docker login writes",
    )


def _missing(document: Dockercfg, server: str, *, is_there: bool) -> SecretMissing:
    helper = document.helper_for(server)
    if helper is not None:
        return SecretMissing(
            "dockercfg-secret-elsewhere",
            f"the Docker config has no secret for {server}: it leaves that to the helper {helper}",
            "ask it where it is installed (provider: credential-helper), or store a login itself",
        )
    if is_there:
        return SecretMissing(
            "dockercfg-login-missing",
            f"what the Docker config has for {server} is empty",
            "log in again, and store what docker login writes",
        )
    # what looks like no host may be a secret in the wrong place
    hosts = [host for host in document.hosts if {".", ":"} & {*host} and not looks_random(host)]
    named = ", ".join(hosts[:_MOST_NAMED]) + (", …" if len(hosts) > _MOST_NAMED else "")
    return SecretMissing(
        "dockercfg-login-missing",
        f"the Docker config has no login for {server}" + (f" (it has {named})" if named else ""),
        "name one of the servers that are there, or add the login",
    )
