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
    """How the server is shown who we are."""
    role: str | None = None
    """The server's own name for what may be read."""
    mount: str | None = None
    """Where the method is mounted, if not under its own name."""
    username: str | None = None
    """Of a ``userpass`` login."""
    audience: str | None = None
    """Whom the CI's own OIDC token is for, where ``jwt`` is given none."""
    region: str | None = None
    """Where STS is asked for an ``aws`` login."""
    server_id: str | None = None
    """The value that an ``aws`` login must carry in X-Vault-AWS-IAM-Server-ID."""
    credentials: dict[str, SecretRef] = Field(default_factory=dict)
    """References to ``env:`` and ``file:``, by the method's own names."""

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
    """https://HOST:PORT, or unix:///PATH of an agent."""
    namespace: str | None = None
    """Where to log in and read; ``?ns=`` in a reference reads below it."""
    auth: VaultAuth | None = None
    """How to log in; without it, with a token."""
    ca_file: str | None = None
    """A PEM file of the certificates that are trusted instead of the system's."""
    ca_path: str | None = None
    """A folder of such files, hashed."""
    client_certificate: str | None = None
    """A PEM file that shows who we are, as ``cert`` logins need."""
    client_key: str | None = None
    """The key that goes with it."""
    skip_verify: bool | None = None
    """Trust anybody who answers; for a test."""
    timeout: Duration | None = None
    """For each request, 10s unless set."""
    proxy: str | None = None
    """The URL of a proxy for this server alone."""
    allow_http: bool = False
    """Let the address speak plain http to another host."""
