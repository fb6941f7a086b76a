"""The one HTTP client for everything that is not an AWS call."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from backends.errors import BackendMisconfigured, BackendUnavailable
from backends.http_errors import timed_out
from backends.http_model import Headers, HttpAnswer, HttpOptions
from backends.http_retry import raise_if_healing, with_retries
from backends.inputs import InputRecorder
from backends.proxies import Proxies, is_loopback
from backends.tls import TlsTrust

CONNECT_S = 3.0
READ_S = 5.0
LARGEST_BODY = 1024 * 1024


class HttpTransport:
    """Opens sessions that share the run's TLS trust and proxies. Redirects are never followed."""

    def __init__(
        self, environment: Mapping[str, str], inputs: InputRecorder, tls: TlsTrust
    ) -> None:
        self._proxies = Proxies(environment, inputs)
        self._tls = tls

    @asynccontextmanager
    async def session(self, options: HttpOptions = HttpOptions()) -> "AsyncIterator[HttpSession]":
        """Open a session with a pool of connections; nothing is imported or asked before it is."""
        session = HttpSession(options, self._proxies, self._tls)
        try:
            yield session
        finally:
            await session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        what: str = "HTTP",
        idempotent: bool = True,
        heals: Callable[[HttpAnswer], bool] | None = None,
        options: HttpOptions = HttpOptions(),
    ) -> HttpAnswer:
        """Send one request on a connection of its own; see `HttpSession.request`."""
        async with self.session(options) as session:
            return await session.request(
                method,
                url,
                headers=headers,
                form=form,
                json=json,
                content=content,
                what=what,
                idempotent=idempotent,
                heals=heals,
            )


class HttpSession:
    """A pool of connections with one set of options."""

    def __init__(self, options: HttpOptions, proxies: Proxies, tls: TlsTrust) -> None:
        self._options = options
        self._proxies = proxies
        self._tls = tls
        self._clients: dict[str | None, Any] = {}

    async def close(self) -> None:
        """Close all connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        what: str = "HTTP",
        idempotent: bool = True,
        heals: Callable[[HttpAnswer], bool] | None = None,
    ) -> HttpAnswer:
        """Send a request and read its answer, whatever the status.

        What can heal is asked up to 3 times, with a jittered pause or the server's Retry-After;
        of a call that is not ``idempotent`` only what surely was not begun. ``heals`` tells
        which answers say to ask again by other means than their status.

        Raises:
            BackendUnavailable: not reached, or not in time.
            BackendMisconfigured: a request that can not be sent, plain http to another host.
        """
        host, plain = self._target(url, what)
        place = f"{what} at {host}"
        if plain:
            raise BackendMisconfigured(
                "plain-http-refused",
                f"{place}: plain http to another host would show every secret on the way",
                "use https, or write allow_http: true if the network between is yours",
            )
        arguments = {
            "params": params,
            "data": form,
            "json": json,
            "content": content,
        }
        given = {name: value for name, value in arguments.items() if value is not None}

        async def send() -> HttpAnswer:
            own = headers() if callable(headers) else headers
            answer = await self._send(method, url, {**given, "headers": dict(own or {})}, place)
            raise_if_healing(answer, idempotent=idempotent, heals=heals)
            return answer

        return await with_retries(send, place, idempotent=idempotent)

    async def _send(
        self, method: str, url: str, arguments: dict[str, Any], place: str
    ) -> HttpAnswer:
        import anyio  # noqa: PLC0415 - a plugin's author may look at the contract without it

        client = self._client(url)
        body = bytearray()
        with anyio.move_on_after(self._options.total_s):
            async with client.stream(method, url, **arguments) as response:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise BackendUnavailable(
                            "answer-too-large",
                            f"{place}: the answer is larger than {LARGEST_BODY // 1024} KiB",
                            "check the address",
                        )
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpAnswer(response.status_code, headers, bytes(body), place)
        raise timed_out(place, self._options.total_s)

    def _client(self, url: str) -> Any:
        import httpx2

        proxy = None
        if self._options.unix_socket is None:
            proxy = self._options.proxy or self._proxies.proxy_for(url)
        if proxy not in self._clients:
            try:
                self._clients[proxy] = self._make_client(proxy)
            except (ImportError, ValueError, httpx2.InvalidURL):
                raise BackendMisconfigured(
                    "proxy-unusable",
                    "the proxy's address can not be used",
                    "write http://HOST:PORT in HTTPS_PROXY or proxy:; SOCKS is not spoken",
                ) from None
        return self._clients[proxy]

    def _make_client(self, proxy: str | None) -> Any:
        import httpx2

        context = self._tls.context_for(self._options.tls)
        limits = httpx2.Limits(max_connections=self._options.connections)
        transport = None
        if self._options.unix_socket is not None:
            transport = httpx2.AsyncHTTPTransport(
                verify=context, uds=self._options.unix_socket, limits=limits, trust_env=False
            )
        return httpx2.AsyncClient(
            verify=context,
            proxy=proxy,
            transport=transport,
            limits=limits,
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S, pool=None),
            follow_redirects=False,
            trust_env=False,
            headers={
                "User-Agent": f"dockercfg-generator/{_version()}",
                "Accept": "application/json",
            },
        )

    def _target(self, url: str, what: str) -> tuple[str, bool]:
        """Return the host for messages, and whether secrets would go there in the clear."""
        if self._options.unix_socket is not None:
            return self._options.unix_socket, False
        try:
            parts = urlsplit(url)
            # looked at to be checked: it may be no number, or too large a one
            _ = parts.port
        except ValueError:
            raise BackendMisconfigured(
                "request-unusable", f"{what}: the URL can not be used", "check the address"
            ) from None
        plain = parts.scheme == "http" and not is_loopback(parts.hostname or "")
        return parts.netloc.rpartition("@")[2], plain and not self._options.allow_http


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - 14 ms that few runs need

    try:
        return metadata.version("dockercfg-generator")
    except metadata.PackageNotFoundError:
        return "0"
