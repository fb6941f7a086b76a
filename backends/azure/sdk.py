"""What is asked of azure-identity, and how it sends what it has to ask.

Its asynchronous credentials speak to the network through a transport only, which here is the run's
own HTTP client. They keep no token beyond the call, ask for no discovery document, and are told
not to try again by themselves.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Self

from backends.azure.login import IdentityLogin, Login, SecretLogin
from backends.base import Secret
from backends.errors import BackendError, BackendMisconfigured
from backends.http_model import HttpAnswer

Send = Callable[[str, str, Mapping[str, str], Mapping[str, str] | None], Awaitable[HttpAnswer]]


class NoToken(Exception):
    """azure-identity has none; ``error`` is what ended the request, if that is why."""

    def __init__(self, error: BackendError | None) -> None:
        super().__init__()
        self.error = error


async def access_token(login: Login, authority: str, scope: str, send: Send) -> Secret:
    """Ask for a token, as ``login``, for ``scope``.

    Raises:
        NoToken: there is none; ``send`` has seen why.
        BackendMisconfigured: the package is not there, or can do nothing with the settings.
    """
    _require_azure_identity()
    from azure.core.exceptions import AzureError

    transport = _Transport(send)
    try:
        async with _credential(login, authority, transport) as credential:
            token = await credential.get_token_info(scope)
    except (AzureError, BackendError, OSError, ValueError, TypeError, KeyError, AttributeError):
        # its words quote the answer
        raise NoToken(transport.error) from None
    return Secret(token.token)


def _credential(login: Login, authority: str, transport: "_Transport") -> Any:
    from azure.identity import aio

    settings: dict[str, Any] = {"transport": transport, "retry_total": 0}
    if isinstance(login, IdentityLogin):
        return aio.ManagedIdentityCredential(
            client_id=login.client_id,
            identity_config=_identity_config(login),
            # its own name for: the variables of workload identity mean another method
            _exclude_workload_identity_credential=True,
            **settings,
        )
    settings |= {"authority": authority}
    if isinstance(login, SecretLogin):
        return aio.ClientSecretCredential(
            login.tenant_id, login.client_id, login.secret.reveal(), **settings
        )
    assertion = partial(login.assertion, f"{authority}/{login.tenant_id}/oauth2/v2.0/token")
    return aio.ClientAssertionCredential(login.tenant_id, login.client_id, assertion, **settings)


def _identity_config(login: IdentityLogin) -> dict[str, str] | None:
    if login.object_id is not None:
        return {"object_id": login.object_id}
    if login.resource_id is not None:
        # the machine's service and the app's have another name for it
        return {"mi_res_id" if login.in_app else "msi_res_id": login.resource_id}
    return None


class _Transport:
    """azure-core's way to send a request (``azure.core.pipeline.transport.AsyncHttpTransport``)."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.error: BackendError | None = None

    async def send(self, request: Any, **_options: Any) -> "_Response":
        form = request.body if isinstance(request.body, dict) else None
        # the run's own name goes with its requests, and the client counts for itself
        left_out = ("user-agent", "content-length", "content-type")
        headers = {n: v for n, v in request.headers.items() if n.lower() not in left_out}
        try:
            return _Response(request, await self._send(request.method, request.url, headers, form))
        except BackendError as error:
            self.error = error
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_details: object) -> None:
        pass


class _Response:
    """An answer, as azure-core looks at it (``azure.core.rest.AsyncHttpResponse``)."""

    def __init__(self, request: Any, answer: HttpAnswer) -> None:
        from azure.core.utils import CaseInsensitiveDict

        self.request = request
        self.status_code = answer.status
        self.headers = CaseInsensitiveDict(answer.headers)
        self.content_type = answer.headers.get("content-type")
        self.reason = ""
        self.content = answer.body

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding or "utf-8", "replace")


def _require_azure_identity() -> None:
    try:
        import azure.identity.aio  # noqa: F401 - looked for, so that its absence has a name
    except ImportError:
        raise BackendMisconfigured(
            "azure-identity-missing",
            "tokens of Azure need the package azure-identity",
            "pip install 'dockercfg-generator[azure]'",
        ) from None
