"""Logging in, by any method that a CI job has; one attempt, never a retry of a one-shot login."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from backends.errors import BackendMisconfigured, SecretDenied
from backends.host import SERVICE_ACCOUNT_TOKEN, host_identity
from backends.jwt_identity import identity_of_token
from backends.transport import HttpSession
from backends.vault.client import VaultFailure, checked_token, data_of, make_client
from backends.vault.general_errors import implausible
from backends.vault.inputs import credential, given_token, required
from backends.vault.login_errors import login_refused
from backends.vault.settings import VaultSettings

# Their input is spent, or each wrong try counts towards a lock-out.
_ONE_SHOT = ("token", "approle", "userpass", "agent")


@dataclass(frozen=True, slots=True)
class Login:
    """A token, and what is known of it; ``ours`` if this run made it, and may end it.

    ``ttl_s`` counts from ``made_at``, on the event loop's clock; ``None`` is unknown.
    """

    token: Secret | None = field(default=None, repr=False)
    ours: bool = False
    ttl_s: float | None = None
    made_at: float = 0.0

    def remaining_s(self) -> float | None:
        """Return how long the token still lives."""
        if self.ttl_s is None:
            return None
        return max(0.0, self.ttl_s - (anyio.current_time() - self.made_at))


class Authenticator:
    """Knows the login of one server."""

    def __init__(self, settings: VaultSettings, context: RunContext, session: HttpSession) -> None:
        self._settings = settings
        self._auth = settings.auth
        self._context = context
        self._session = session

    @property
    def repeatable(self) -> bool:
        """Whether the same input may be used for another login when the token has died."""
        return self._auth.method not in _ONE_SHOT

    def identity(self) -> Sequence[IdentityPart]:
        """Say who logs in; no network. A job's own JWT counts by whom it stands for."""
        auth = self._auth
        return [
            ("method", auth.method),
            ("mount", self._settings.auth_mount),
            ("role", auth.role or ""),
            ("username", auth.username or ""),
            *self._who(),
        ]

    async def login(self) -> Login:
        """Log in.

        Raises:
            BackendError: refused, not reached, or an input is missing.
        """
        if self._auth.method == "agent":
            return Login()
        if self._auth.method == "token":
            return Login(given_token(self._auth, self._context))
        client = make_client(self._settings, self._session, None)
        try:
            body = await self._methods()[self._auth.method](client)
        except VaultFailure as failure:
            raise login_refused(failure, self._settings) from None
        return _login_of(body, self._settings)

    def _methods(self) -> dict[str, Callable[[Any], Awaitable[Any]]]:
        return {
            "approle": self._approle,
            "jwt": self._jwt,
            "kubernetes": self._kubernetes,
            "userpass": self._userpass,
            "cert": self._cert,
            "aws": self._aws,
        }

    def _who(self) -> Sequence[IdentityPart]:
        auth, context = self._auth, self._context
        if auth.method == "token":
            return [("token", given_token(auth, context))]
        if auth.method == "agent":
            # As whom it is logged in, only the agent knows.
            return host_identity(context.inputs, "vault-agent")
        if auth.method == "aws":
            return [(f"aws.{name}", value) for name, value in context.aws.identity()]
        if auth.method == "kubernetes" and not auth.credentials:
            return identity_of_token(self._service_account())
        if auth.method == "jwt" and not auth.credentials:
            return CiIdentity(context, context.transport).identity(auth.audience)
        if auth.method == "cert":
            path = self._settings.http.tls.certificate
            return [("certificate", _file(path, context))] if path else []
        parts: list[IdentityPart] = []
        for name in sorted(auth.credentials):
            secret = required(auth, name, context)
            parts += identity_of_token(secret) if name == "jwt" else [(name, secret)]
        return parts

    async def _approle(self, client: Any) -> Any:
        role_id = required(self._auth, "role_id", self._context)
        secret_id = credential(self._auth, "secret_id", self._context)
        wrapped = credential(self._auth, "wrapped_secret_id", self._context)
        if wrapped is not None:
            secret_id = await self._unwrapped(checked_token(wrapped, "wrapped_secret_id"))
        return await client.auth.approle.login(
            role_id.reveal(),
            secret_id.reveal() if secret_id else None,
            mount_point=self._settings.auth_mount,
        )

    async def _unwrapped(self, wrapping_token: Secret) -> Secret:
        """Unwrap a secret_id, after checking that it is what was wrapped (response wrapping)."""
        nobody = make_client(self._settings, self._session, None)
        looked_up = await nobody.adapter.post(
            "/v1/sys/wrapping/lookup", json={"token": wrapping_token.reveal()}
        )
        mount = self._settings.auth_mount
        role = re.escape(self._auth.role) if self._auth.role else "[^/]+"
        wanted = rf"auth/{re.escape(mount)}/role/{role}/secret-id"
        if not re.fullmatch(wanted, str(data_of(looked_up).get("creation_path"))):
            raise SecretDenied(
                "vault-wrapping-foreign",
                f"{self._settings.place}: the wrapping token wraps something else than a "
                f"secret_id of auth/{mount}{f' for {self._auth.role}' if self._auth.role else ''}",
                "treat it as tampered with: find out who made it, and have another one made",
            )
        holder = make_client(self._settings, self._session, wrapping_token)
        unwrapped = await holder.sys.unwrap()
        secret_id = data_of(unwrapped).get("secret_id")
        if not isinstance(secret_id, str):
            raise implausible(self._settings, "the wrapped answer holds no secret_id")
        return Secret(secret_id)

    async def _jwt(self, client: Any) -> Any:
        token = credential(self._auth, "jwt", self._context)
        if token is None:
            identity = CiIdentity(self._context, self._context.transport)
            token = await identity.token(self._auth.audience)
        return await client.auth.jwt.jwt_login(
            self._auth.role, token.reveal(), path=self._settings.auth_mount
        )

    async def _kubernetes(self, client: Any) -> Any:
        token = credential(self._auth, "jwt", self._context) or self._service_account()
        return await client.auth.kubernetes.login(
            self._auth.role, token.reveal(), mount_point=self._settings.auth_mount
        )

    async def _userpass(self, client: Any) -> Any:
        password = required(self._auth, "password", self._context)
        if not self._auth.username:
            raise BackendMisconfigured(
                "vault-login-incomplete",
                "the Vault login by userpass needs username",
                "write auth: {username: NAME}",
            )
        return await client.auth.userpass.login(
            self._auth.username, password.reveal(), mount_point=self._settings.auth_mount
        )

    async def _cert(self, client: Any) -> Any:
        # hvac's own method wants the files; ours are in the TLS context already
        return await client.adapter.post(
            f"/v1/auth/{self._settings.auth_mount}/login", json={"name": self._auth.role or ""}
        )

    async def _aws(self, client: Any) -> Any:
        keys = await self._context.aws.current_credentials()
        return await client.auth.aws.iam_login(
            keys.access_key_id,
            keys.secret_access_key.reveal(),
            keys.session_token.reveal() if keys.session_token else None,
            header_value=self._auth.server_id,
            role=self._auth.role,
            region=self._auth.region or self._context.aws.region() or "us-east-1",
            mount_point=self._settings.auth_mount,
        )

    def _service_account(self) -> Secret:
        return _file(str(SERVICE_ACCOUNT_TOKEN), self._context)


def _file(path: str, context: RunContext) -> Secret:
    content = context.read_file(path, limit=64 * 1024)
    return Secret(content.decode("utf-8", "replace").strip())


def _login_of(body: Any, settings: VaultSettings) -> Login:
    auth = body.get("auth") if isinstance(body, dict) else None
    auth = auth if isinstance(auth, dict) else {}
    token = auth.get("client_token")
    if not isinstance(token, str) or not token:
        raise implausible(settings, "the answer to the login holds no token")
    duration = auth.get("lease_duration")
    # A batch token can not be revoked, it ends by itself.
    ours = auth.get("token_type") != "batch"
    return Login(
        checked_token(Secret(token), "the answer to the login"),
        ours=ours,
        ttl_s=float(duration) if isinstance(duration, int) and duration > 0 else None,
        made_at=anyio.current_time(),
    )
