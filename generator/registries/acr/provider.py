"""Azure Container Registry: a token of Entra ID is exchanged for one of the registry's own.

The exchange and its user name are Azure's ("AAD OAuth" in github.com/Azure/acr). A token for the
registries' own audience is tried first; where that is not known or not taken, one for Azure
Resource Manager, which registries accept unless a policy turns it off. Admin users and tokens of a
repository's scope have passwords: they are ``provider: static``.
"""

from collections.abc import Sequence
from typing import ClassVar

from backends.azure.ambient import identity_parts
from backends.azure.clouds import authority_for, cloud_of, foreign_authority
from backends.azure.errors import UNKNOWN_RESOURCE
from backends.azure.login import IdentityLogin, Login
from backends.azure.sign_in import login_for
from backends.azure.token import entra_token
from backends.base import RunContext
from backends.errors import SecretDenied
from generator.errors import AccessDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.acr.entry import AcrOptions, entry_problems
from generator.registries.acr.exchange import NOT_AUTHORIZED, Registry, exchange
from generator.registries.base import CredentialField, KindDocs, ProviderOptions

_REGISTRIES = "https://containerregistry.azure.net/.default"


class AcrProvider:
    """Tokens of one registry; they live about three hours, as the answer says."""

    options: ClassVar[type[ProviderOptions]] = AcrOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("*.azurecr.io", "*.azurecr.cn", "*.azurecr.us", "*.azurecr.de"),
        lives="3 h",
        example="""\
server: team.azurecr.io
tenant_id: 11111111-2222-3333-4444-555555555555
client_id: 66666666-7777-8888-9999-000000000000
credentials: {client_secret: env:AZURE_CLIENT_SECRET}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("tenant_id", ("tenant", "tenantId", "azure_tenant_id"), required=False),
        CredentialField("client_id", ("clientId", "appId", "azure_client_id"), required=False),
        CredentialField(
            "client_secret",
            ("clientSecret", "password", "azure_client_secret"),
            required=False,
            primary=True,
        ),
        CredentialField("certificate", ("client_certificate",), required=False, multiline=True),
        CredentialField("certificate_password", required=False),
        CredentialField("federated_token", ("id_token",), required=False, job_token=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, who is trusted, and what contradicts each other."""
        return entry_problems(entry)

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for one registry, told apart by whom it stands for and who gave it."""
        options: AcrOptions = entry.options
        server = entry.server or ""
        return GrantKey(
            (
                ("server", server),
                ("endpoint", options.endpoint or ""),
                ("authority", authority_for(options.authority, server, context)),
                ("audience", options.audience or ""),
                *identity_parts(
                    options.wish(server),
                    entry.credentials.fields,
                    context,
                    whole=entry.credentials.document is not None,
                ),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Get a token of Entra ID and exchange it, for the audience that is accepted."""
        options: AcrOptions = request.entry.options
        server = request.entry.server or ""
        authority = authority_for(options.authority, server, context)
        whole = request.entry.credentials.document is not None
        login = await login_for(options.wish(server), request.credentials, context, whole=whole)
        registry = Registry(
            server,
            options.endpoint or f"https://{server}",
            _tenant(options, login),
            options.allow_http,
            options.endpoint or foreign_authority(authority),
        )

        async def granted(scope: str) -> Grant:
            token = await entra_token(login, authority, scope, context)
            return await exchange(token, registry, context)

        if options.audience is not None:
            return await granted(_scope(options.audience))
        try:
            return await granted(_REGISTRIES)
        except (SecretDenied, AccessDenied) as error:
            if error.reference not in (UNKNOWN_RESOURCE, NOT_AUTHORIZED):
                raise
        return await granted(cloud_of(server).manager)


def _tenant(options: AcrOptions, login: Login) -> str | None:
    return options.tenant_id if isinstance(login, IdentityLogin) else login.tenant_id


def _scope(audience: str) -> str:
    return f"{audience.removesuffix('/.default').rstrip('/')}/.default"
