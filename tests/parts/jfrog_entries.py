"""Entries of a JFrog platform, and grants for them, against the stand-in."""

from collections.abc import Mapping
from typing import Any

from backends.base import Secret, SecretRef
from backends.testing import make_context
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.jfrog.entry import JfrogOptions
from generator.registries.jfrog.provider import JfrogProvider
from tests.parts.jfrog import (
    ADMIN_TOKEN,
    AUDIENCE,
    PROVIDER,
    token_answer,
)
from tests.parts.job_tokens import job_token
from tests.parts.service import Service, Told

ADMIN = {"access_token": ADMIN_TOKEN}


def entry(platform: Service, server: str | None = "acme.jfrog.io", **more: Any) -> RegistryEntry:
    known: dict[str, Any] = {"endpoint": platform.url}
    credentials = Credentials(SecretRef("env", "ADMIN_TOKEN"))
    if more.get("method") != "access_token":
        known |= {"provider_name": PROVIDER, "audience": AUDIENCE}
        credentials = Credentials()
    options = JfrogOptions(**{**known, **more})
    return RegistryEntry("jfrog", "jfrog", server, options, credentials=credentials)


async def fetched(
    platform: Service, secrets: Mapping[str, str] | None = None, **more: Any
) -> Grant:
    given = {"oidc_token": job_token(AUDIENCE)} if secrets is None else secrets
    request = GrantRequest(entry(platform, **more), {n: Secret(v) for n, v in given.items()})
    return await JfrogProvider().fetch(request, make_context({}))


async def created(platform: Service, secrets: Mapping[str, str] = ADMIN, **more: Any) -> Grant:
    return await fetched(platform, secrets, method="access_token", **more)


def lifetime_s(grant: Grant) -> float:
    assert grant.expires_at is not None
    return (grant.expires_at - grant.requested_at).total_seconds()


def answers(platform: Service, **changes: Any) -> Any:
    return platform.fail(Told(200, token_answer(platform.now(), **changes)))
