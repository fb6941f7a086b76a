"""The HTTP session of every AWS client: one TLS context, verified behind proxies too.

aiobotocore 2.25 verifies no certificate when a proxy is configured, and parses the CA bundle once
a client. Its public parameter ``http_session_cls`` takes another class; this module makes one.
"""

from typing import Any, Self, cast
from urllib.parse import urlsplit

from backends.tls import TlsTrust


def make_client_config(tls: TlsTrust, ca_file: str | None, **options: Any) -> Any:
    """Return an ``AioConfig`` whose clients send through `make_session_class`'s session."""
    from aiobotocore.config import AioConfig

    session_class = make_session_class(tls, ca_file)

    class _Config(AioConfig):
        def merge(self, other_config: Any) -> Any:
            # AioConfig.merge forgets the class, and the credential chain merges configs of its own
            merged: Any = super().merge(other_config)
            merged.http_session_cls = session_class
            return merged

    return _Config(http_session_cls=session_class, **options)


def make_session_class(tls: TlsTrust, ca_file: str | None) -> type[Any]:
    """Return a session class with the interface of ``aiobotocore.httpsession.AIOHTTPSession``.

    Args:
        tls: the trust of the process.
        ca_file: a CA file to trust in its place, ``None`` for the process's own.
    """
    import aiohttp
    from aiobotocore.awsrequest import AioAWSResponse
    from yarl import URL  # noqa: PLC0415 - comes with the SDK

    class _VerifyingSession:
        def __init__(
            self,
            # ignored, since it also brings REQUESTS_CA_BUNDLE, which is another library's
            verify: Any = True,  # noqa: FBT002 - aiobotocore's interface
            proxies: dict[str, str] | None = None,
            timeout: Any = None,
            max_pool_connections: int = 10,
            socket_options: Any = None,
            client_cert: Any = None,
            proxies_config: Any = None,
            connector_args: Any = None,
        ) -> None:
            connect_s, read_s = timeout if isinstance(timeout, tuple | list) else (timeout, timeout)
            self._timeout = aiohttp.ClientTimeout(sock_connect=connect_s, sock_read=read_s)
            self._proxies = proxies or {}
            self._limit = max_pool_connections
            self._session: aiohttp.ClientSession | None = None

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_exc_info: object) -> None:
            await self.close()

        async def close(self) -> None:
            session, self._session = self._session, None
            if session is not None:
                await session.close()

        def _open(self) -> aiohttp.ClientSession:
            if self._session is None:
                context = tls.context(ca_file)
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=self._limit, ssl=context),
                    timeout=self._timeout,
                    skip_auto_headers={"Content-Type"},
                    auto_decompress=False,
                    trust_env=False,
                )
            return self._session

        async def send(self, request: Any) -> Any:
            """Send a prepared request; aiohttp's errors become botocore's, which it retries."""
            url = request.url
            proxy = self._proxies.get(urlsplit(url).scheme)
            try:
                response = await self._open().request(
                    request.method,
                    URL(url, encoded=True),
                    headers=_headers(request),
                    data=request.body,
                    proxy=proxy,
                    allow_redirects=False,
                )
                headers = {k.decode().lower(): v.decode("latin-1") for k, v in response.raw_headers}
                answer: Any = AioAWSResponse(url, response.status, cast(Any, headers), response)
                await answer.content
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise _as_sdk_error(error, url, proxy) from None
            return answer

    return _VerifyingSession


def _as_sdk_error(error: Exception, url: str, proxy: str | None) -> Exception:
    """Return botocore's exception for what aiohttp raised, so that its retries fire."""
    import aiohttp
    from botocore import exceptions
    from botocore.httpsession import mask_proxy_url

    class CertificateRefused(exceptions.BotoCoreError):
        """Not a connection error to botocore: it would try three times what can not heal."""

        fmt = "The certificate is not trusted"

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return CertificateRefused()
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return exceptions.SSLError(endpoint_url=url, error=error)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            masked = mask_proxy_url(proxy or "")
            return exceptions.ProxyConnectionError(proxy_url=masked, error=error)
        case aiohttp.ConnectionTimeoutError():
            return exceptions.ConnectTimeoutError(endpoint_url=url, error=error)
        case TimeoutError():
            return exceptions.ReadTimeoutError(endpoint_url=url, error=error)
        case aiohttp.ClientConnectorError():
            return _unreached(error, url)
        case _:
            return exceptions.ConnectionClosedError(endpoint_url=url, error=error)


def _unreached(error: Any, url: str) -> Exception:
    """Return botocore's exception for an endpoint that was not got to, named by the reason."""
    import aiohttp
    from botocore import exceptions

    class HostNotResolved(exceptions.EndpointConnectionError):
        """Tried again, as every way not to get there."""

    class ConnectionRefused(exceptions.EndpointConnectionError):
        """Likewise."""

    kind = exceptions.EndpointConnectionError
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        kind = HostNotResolved
    elif isinstance(error.os_error, ConnectionRefusedError):
        kind = ConnectionRefused
    return kind(endpoint_url=url, error=error)


def _headers(request: Any) -> dict[str, str]:
    headers = {
        k: v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()
    }
    # a compressed answer would fail botocore's checksums (boto/botocore#1255)
    headers["Accept-Encoding"] = "identity"
    return headers
