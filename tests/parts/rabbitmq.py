"""The few calls of RabbitMQ's management API that Vault's rabbitmq engine makes.

It is the simplest engine in the server that makes real, leased users.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def management_api() -> Iterator[tuple[str, list[str]]]:
    """Run it; yields its URL and the names of the users that exist."""
    users: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer(200, b"[]")

        def do_PUT(self) -> None:
            if self.path.startswith("/api/users/"):
                users.append(self.path.rpartition("/")[2])
            self._answer(201)

        def do_DELETE(self) -> None:
            name = self.path.rpartition("/")[2]
            if name in users:
                users.remove(name)
            self._answer(204)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", users
    finally:
        server.shutdown()
        server.server_close()
