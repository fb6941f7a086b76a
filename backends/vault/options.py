"""What a config may say about a Vault or OpenBao server."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from backends.base import SecretRef
from backends.options import BackendOptions, Duration
from backends.vault.address import problem_of_address

Method = Literal["token", "approle", "jwt", "kubernetes", "userpass", "cert", "aws", "agent"]

_CREDENTIALS: dict[Method, tuple[str, ...]] = {
    "token": ("token",),
    "approle": ("role_id", "secret_id", "wrapped_secret_id"),
    "jwt": ("jwt",),
    "kubernetes": ("jwt",),
    "userpass": ("password",),
    "cert": (),
    "aws": (),
    "agent": (),
}


def _address(value: str) -> str:
    if problem := problem_of_address(value):
        raise ValueError(problem)
    return value


class VaultAuth(BackendOptions):
    """How to log in.

    ``credentials`` by method: ``token`` {token}; ``approle`` {role_id, secret_id or
    wrapped_secret_id}; ``jwt`` and ``kubernetes`` {jwt}; ``userpass`` {password}. What a method can
    find by itself (the CI's own token for an ``audience``, the service account's) may be left out.
    """

    method: Method = "token"
    role: str | None = None
    mount: str | None = None
    username: str | None = None
    audience: str | None = None
    region: str | None = None
    server_id: str | None = None
    """The value that an ``aws`` login must carry in X-Vault-AWS-IAM-Server-ID."""
    credentials: dict[str, SecretRef] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _credentials_fit_the_method(self) -> Self:
        taken = _CREDENTIALS[self.method]
        if set(self.credentials) - set(taken):
            raise ValueError(
                f"method {self.method} takes "
                + (f"only these credentials: {', '.join(taken)}" if taken else "no credentials")
            )
        if {"secret_id", "wrapped_secret_id"} <= set(self.credentials):
            raise ValueError("give secret_id or wrapped_secret_id, not both")
        return self


class VaultOptions(BackendOptions):
    """Settings of ``type: vault`` or ``openbao``; else ``BAO_*`` and ``VAULT_*`` count."""

    address: Annotated[str, AfterValidator(_address)] | None = None
    namespace: str | None = None
    auth: VaultAuth | None = None
    ca_file: str | None = None
    ca_path: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    skip_verify: bool | None = None
    timeout: Duration | None = None
    proxy: str | None = None
    allow_http: bool = False
