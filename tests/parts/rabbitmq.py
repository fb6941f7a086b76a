"""The few calls of RabbitMQ's management API that Vault's rabbitmq engine makes.

It is the simplest engine in the server that makes real, leased users.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.parts.loopback import QuietHandler, serving


@contextmanager
def management_api() -> Iterator[tuple[str, list[str]]]:
    """Run it; yields its URL and the names of the users that exist."""
    users: list[str] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.answer(200, b"[]")

        def do_PUT(self) -> None:
            self.body()
            if self.path.startswith("/api/users/"):
                users.append(self.path.rpartition("/")[2])
            self.answer(201)

        def do_DELETE(self) -> None:
            name = self.path.rpartition("/")[2]
            if name in users:
                users.remove(name)
            self.answer(204)

    with serving(Handler) as url:
        yield url, users
