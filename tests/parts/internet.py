"""The vendors' own host names on loopback: a proxy that ends their TLS and relays to stand-ins.

A client is told nothing but the usual ``HTTPS_PROXY`` and ``SSL_CERT_FILE``, so it asks the very
hosts that it asks in the world, and has to trust the company's CA to be answered.
"""

import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from select import select
from urllib.parse import urlsplit

import trustme

_CHUNK = 65536


@dataclass(slots=True)
class Internet:
    """``hosts`` maps globs of host names to the URL of who answers for them.

    ``asked`` counts connections by host; a host that nobody answers for is refused.
    """

    hosts: Mapping[str, str]
    url: str = ""
    ca_file: Path = field(default_factory=Path)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def environment(self) -> dict[str, str]:
        """What sends a client through here."""
        return {"HTTPS_PROXY": self.url, "SSL_CERT_FILE": str(self.ca_file)}

    def upstream(self, host: str) -> str | None:
        """Return the URL of who answers for ``host``."""
        return next((url for glob, url in self.hosts.items() if fnmatchcase(host, glob)), None)


@contextmanager
def internet(folder: Path, hosts: Mapping[str, str]) -> Iterator[Internet]:
    """Run it on a free port of 127.0.0.1; its CA lies in ``folder``."""
    made = Internet(hosts, ca_file=folder / "company-ca.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.ca_file)
    leaves: dict[str, ssl.SSLContext] = {}
    lock = threading.Lock()

    def leaf(host: str) -> ssl.SSLContext:
        with lock:
            if host not in leaves:
                leaves[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                authority.issue_cert(host).configure_cert(leaves[host])
            return leaves[host]

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            host = _connect_host(client)
            made.asked[host] += 1
            there = made.upstream(host)
            if there is None:
                client.sendall(b"HTTP/1.1 502 Nobody answers\r\nContent-Length: 0\r\n\r\n")
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with leaf(host).wrap_socket(client, server_side=True) as secure:
                _relay(secure, there)

    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)


def _connect_host(client: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and (chunk := client.recv(_CHUNK)):
        head += chunk
    if b"\r\n\r\n" not in head:
        raise ConnectionAbortedError  # by a client that was stopped before it could ask
    return head.split(b" ")[1].decode().rpartition(":")[0]


def _relay(client: ssl.SSLSocket, url: str) -> None:
    """Copy both ways in one thread: an SSL object must not be read and written at once."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
        while True:
            readable = [client] if client.pending() else select([client, server], [], [])[0]
            if server in readable:
                chunk = server.recv(_CHUNK)
                if not chunk:
                    return
                client.sendall(chunk)
            if client in readable:
                sent = _received(client)
                if sent == b"":
                    return
                server.sendall(sent or b"")


def _received(client: ssl.SSLSocket) -> bytes | None:
    """Return what has come, ``None`` if it was not yet a whole record."""
    client.setblocking(False)  # noqa: FBT003 - socket's interface
    try:
        return client.recv(_CHUNK)
    except ssl.SSLWantReadError:
        return None
    finally:
        client.setblocking(True)  # noqa: FBT003
