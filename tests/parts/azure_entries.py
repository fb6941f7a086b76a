"""Entries of an Azure registry, and grants for them, against the stand-ins."""

from typing import Any

from backends.base import Secret, SecretRef
from backends.testing import make_context
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.acr.entry import AcrOptions
from generator.registries.acr.provider import AcrProvider
from tests.parts.azure import CLIENT, CLIENT_SECRET, HOST, TENANT, Azure

SECRET = {"client_secret": CLIENT_SECRET}
TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"


def entry(
    cloud: Azure, server: str | None = HOST, *, given: Credentials | None = None, **options: Any
) -> RegistryEntry:
    settings = {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "authority": cloud.url,
        "trusted_sources": (cloud.url,),
        "endpoint": cloud.url,
        **options,
    }
    known = {name: value for name, value in settings.items() if value is not None}
    return RegistryEntry(
        "acr", "acr", server, AcrOptions(**known), credentials=given or Credentials()
    )


def fields(*names: str) -> Credentials:
    return Credentials(fields={name: SecretRef("env", name) for name in names})


async def fetched(
    cloud: Azure,
    secrets: dict[str, str],
    *,
    environment: dict[str, str] | None = None,
    **settings: Any,
) -> Grant:
    request = GrantRequest(
        entry(cloud, **settings), {name: Secret(value) for name, value in secrets.items()}
    )
    return await AcrProvider().fetch(
        request, make_context(cloud.environment(**(environment or {})))
    )
