"""A stand-in for a vendor's HTTP service on a loopback socket, answering as its module says.

A vendor's own part (`tests.parts.ibm` is one) has the function that answers, checking what it is
sent as the vendor would; here is what all of them share: planned failures, slowness, a wrong clock.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.parts.loopback import QuietHandler, serving

PAGE = b"<html>captive portal</html>"
"""What a proxy or a portal answers in a service's place."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def bearer(self) -> str:
        """The token in the header Authorization, empty if there is none."""
        return self.headers.get("authorization", "").partition("Bearer ")[2]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer; a ``body`` that is no bytes is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Service:
    """``plan`` holds what the next requests are answered with instead; ``asked`` is what came.

    ``delay_s`` is how long each answer takes, ``date_offset_s`` how far its clock is ahead.
    """

    url: str = ""
    delay_s: float = 0.0
    date_offset_s: float = 0.0
    plan: deque[Told] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def fail(self, *answers: Told) -> Callable[[], None]:
        """Return what plans these answers: for a contract suite's ``failures``."""
        return lambda: self.plan.extend(answers)

    def fail_for_ever(self, status: int) -> Callable[[], None]:
        """Return what plans an answer for as often as anybody asks again."""
        return self.fail(*[Told(status)] * 3)

    def hang(self) -> None:
        """Let nobody have an answer in time."""
        self.delay_s = 20.0

    def now(self) -> float:
        """Return what time it is by this service's clock, in seconds since the epoch."""
        return time.time() + self.date_offset_s


@contextmanager
def service(answer: Callable[[Service, Asked], Told]) -> Iterator[Service]:
    """Run one on a free port of 127.0.0.1."""
    made = Service()

    class Handler(QuietHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, parts.path, query, headers, self.body())
            made.asked.append(asked)
            told = made.plan.popleft() if made.plan else answer(made, asked)
            time.sleep(made.delay_s)
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response_only(told.status)
            date = formatdate(made.now(), usegmt=True)
            for name, value in {"Date": date, **told.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            # who was too slow may talk to nobody any more
            with suppress(OSError):
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

    with serving(Handler) as url:
        made.url = url
        yield made
