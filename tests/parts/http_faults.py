"""A loopback server whose answers a test plans, one by one."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

Reply = Callable[[socket.socket], None]


def answer(status: int, body: bytes = b"{}", **headers: str) -> Reply:
    """Return a reply with a whole answer."""

    def reply(connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return reply


def drop(connection: socket.socket) -> None:
    """Close without an answer."""


def silence(connection: socket.socket) -> None:
    """Never answer."""
    with suppress(OSError):
        connection.settimeout(30)
        while connection.recv(1024):
            pass


def drip(connection: socket.socket) -> None:
    """Answer one byte at a time, for longer than anybody should wait."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(300):
            connection.sendall(b"x")
            time.sleep(0.1)


@dataclass(slots=True)
class Faulty:
    """A server that gives the planned replies, the last one for ever; keeps what it was sent."""

    url: str
    replies: list[Reply]
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def faulty_server(*replies: Reply) -> Iterator[Faulty]:
    """Run a server that replies as planned."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Faulty(f"http://127.0.0.1:{listener.getsockname()[1]}", list(replies))

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head and (chunk := connection.recv(65536)):
                    head += chunk
                server.requests.append(head)
                reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
                reply(connection)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server
        finally:
            # wakes the thread that accepts
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def black_hole() -> Iterator[str]:
    """Give a URL whose port takes no connection and refuses none: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)  # noqa: FBT003 - socket's interface
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
