"""hvac's API on our transport: every method of it becomes awaitable.

hvac's own adapter follows redirects with the token, prints tokens and bodies in its exceptions,
and can not be cancelled; it is replaced through hvac's extension point, the ``adapter`` argument.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from backends.base import Secret
from backends.errors import BackendMisconfigured
from backends.http_model import HttpAnswer
from backends.transport import HttpSession
from backends.vault.settings import VaultSettings

_TOKEN = re.compile(r"[\x21-\x7e]+", re.ASCII)


class VaultFailure(Exception):
    """An answer that is no success: its status, and Vault's short error texts, never a body.

    ``metadata`` is a KV v2 version's (deletion time, destroyed), ``redirect`` the host that a
    redirect named.
    """

    def __init__(
        self,
        status: int,
        errors: tuple[str, ...] = (),
        metadata: Mapping[str, Any] | None = None,
        redirect: str | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.errors = errors
        self.metadata = metadata
        self.redirect = redirect

    @property
    def text(self) -> str:
        """All error texts, for telling cases apart; not for printing."""
        return " ".join(self.errors)


def make_client(settings: VaultSettings, session: HttpSession, token: Secret | None) -> Any:
    """Return an ``hvac.Client`` whose methods are awaitable and raise `VaultFailure`."""
    import hvac
    from hvac.adapters import Adapter

    class _AsyncAdapter(Adapter):  # type: ignore[misc]  # hvac ships no types
        def get_login_token(self, response: Any) -> Any:
            return response["auth"]["client_token"]

        async def login(self, url: str, use_token: bool = True, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002, ARG002 - hvac's interface
            return await self.post(url, json=kwargs.get("json"))

        async def request(self, method: str, url: str, **kwargs: Any) -> Any:
            answer = await session.request(
                method.upper(),
                self.urljoin(self.base_uri, url),
                headers=_headers(settings, self.token),
                params=kwargs.get("params") or None,
                json=kwargs.get("json"),
                what="Vault",
                # A login or a dynamic secret that was made, but whose answer was lost, is made.
                idempotent=method.upper() == "GET" and not kwargs.get("once", False),
            )
            return _body_of(answer)

    return hvac.Client(
        url=settings.address,
        token=token.reveal() if token else "",
        namespace=settings.namespace,
        verify=True,
        adapter=_AsyncAdapter,
        session=_NoSession(),
    )


class _NoSession:
    """Stands where hvac would make a session of requests."""

    verify = cert = proxies = None


def checked_token(token: Secret, source: str) -> Secret:
    """Return a token fit for a header: HTTP libraries print one that is not.

    Raises:
        BackendMisconfigured: if it is empty or not printable ASCII.
    """
    text = token.reveal().strip()
    if not _TOKEN.fullmatch(text):
        raise BackendMisconfigured(
            "vault-token-unusable",
            f"the Vault token in {source} is empty or not printable ASCII",
            "write the token and nothing else there",
        )
    return Secret(text)


def data_of(body: Any) -> dict[str, Any]:
    """Return the ``data`` of an answer; an empty one if it has another shape."""
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _headers(settings: VaultSettings, token: str | None) -> dict[str, str]:
    headers = {"X-Vault-Request": "true"}
    if token:
        headers["X-Vault-Token"] = token
    if settings.namespace:
        headers["X-Vault-Namespace"] = settings.namespace
    return headers


def _body_of(answer: HttpAnswer) -> dict[str, Any]:
    """Return the body of a success; some of Vault's have none."""
    body = answer.json_object()
    if answer.ok and (body or answer.status == 204):
        return _aged(body, answer.headers)
    metadata = data_of(body).get("metadata")
    raise VaultFailure(
        answer.status,
        (*_texts(body, "errors"), *_texts(body, "warnings"), *_plain_text(answer)),
        metadata if isinstance(metadata, dict) else None,
        _host_of(answer.headers.get("location", "")),
    )


def _host_of(location: str) -> str | None:
    """Return the host of a redirect, without the user name and password that may stand there."""
    try:
        return urlsplit(location).netloc.rpartition("@")[2] or None
    except ValueError:
        return None


def _texts(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    texts = body.get(name)
    return tuple(map(str, texts)) if isinstance(texts, list) else ()


def _plain_text(answer: HttpAnswer) -> tuple[str, ...]:
    # Go's TLS listener answers plain http before Vault sees it
    text = "HTTP request to an HTTPS server"
    return (text,) if text.encode() in answer.body[:200] else ()


def _aged(body: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Count what an agent's cache has already used up of a lease."""
    age, duration = headers.get("age", ""), body.get("lease_duration")
    if age.isascii() and age.isdigit() and isinstance(duration, int):
        return {**body, "lease_duration": max(0, duration - int(age))}
    return body
