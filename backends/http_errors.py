"""Failures of HTTP in our own words: never a URL with a query, a header or a body."""

import socket
import ssl
from collections.abc import Iterator

from backends.errors import BackendError, BackendMisconfigured, BackendUnavailable

# How a TLS connection waits, which is in the history of every timeout, and how it is cut off.
_NO_TLS_FAILURES = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError)


def failed(error: Exception, what: str) -> BackendError:
    """Return what an exception of httpx2 means; ``what`` names the call and the host."""
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(what)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _NO_TLS_FAILURES):
            return _no_tls(cause, what)
        if isinstance(cause, socket.gaierror):
            return BackendUnavailable(
                "host-not-resolved",
                f"{what}: the host name can not be resolved",
                "check the address, and the name server of this machine",
            )
        if isinstance(cause, ConnectionRefusedError):
            return BackendUnavailable(
                "connection-refused",
                f"{what}: the connection was refused",
                "check that the server runs, and its port",
            )
    names = {kind.__name__ for kind in type(error).__mro__}
    for kinds, kind, reference, message, hint in _KINDS:
        if names & kinds:
            return kind(reference, f"{what}: {message}", hint)
    return BackendUnavailable(
        "connection-failed",
        f"{what}: the connection failed ({type(error).__name__})",
        "check the network and the address",
    )


def timed_out(what: str, seconds: float) -> BackendError:
    """Return the error for a server that did not answer in time."""
    return BackendUnavailable(
        "http-timeout",
        f"{what}: no answer within {seconds:g} s",
        "check that the server can be reached from here",
    )


def can_heal(error: Exception, *, idempotent: bool) -> bool:
    """Tell whether asking again may help, and can not do harm."""
    failures = [cause for cause in _chain(error) if isinstance(cause, ssl.SSLError)]
    if any(not isinstance(cause, _NO_TLS_FAILURES) for cause in failures):
        return False
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"ConnectError", "ConnectTimeout"}:
        return True
    return idempotent and bool(names & {"ReadTimeout", "ReadError", "RemoteProtocolError"})


_KINDS: tuple[tuple[set[str], type[BackendError], str, str, str], ...] = (
    (
        {"TimeoutException"},
        BackendUnavailable,
        "http-timeout",
        "no answer in time",
        "check that the server can be reached from here",
    ),
    (
        {"ProxyError"},
        BackendUnavailable,
        "proxy-unavailable",
        "the proxy could not be used",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    (
        {"LocalProtocolError", "InvalidURL", "UnsupportedProtocol", "UnicodeError"},
        BackendMisconfigured,
        "request-unusable",
        "the request can not be sent as it is",
        "check the address, and that no token holds a line break or a letter with an accent",
    ),
    (
        {"RemoteProtocolError", "ReadError", "WriteError", "CloseError"},
        BackendUnavailable,
        "connection-broken",
        "the server broke the connection off",
        "try again; if it stays so, check what stands between",
    ),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1


def _untrusted(what: str) -> BackendError:
    return BackendUnavailable(
        "tls-not-trusted",
        f"{what}: the server's certificate is not trusted",
        "name the CA's file (ca_file or SSL_CERT_FILE); check that the host name is its own",
    )


def _no_tls(error: ssl.SSLError, what: str) -> BackendError:
    plain = "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER" in str(error)
    return BackendUnavailable(
        "tls-failed",
        f"{what}: no TLS connection could be made"
        + (": the server speaks something else" if plain else ""),
        "check the port, and whether the address should be http://" if plain else "check the port",
    )
