"""A CI's token service on loopback, and clients to ask it with."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Never
from urllib.parse import parse_qs, urlsplit

import aiohttp

from backends.base import IdentityPart
from backends.ci_identity import CiIdentity
from backends.testing import CANARY, make_context


@dataclass(frozen=True, slots=True)
class CiCall:
    """One request."""

    method: str
    query: dict[str, list[str]]
    headers: dict[str, str]


class CiServer(ThreadingHTTPServer):
    """Says the same to everybody; ``calls`` are the requests."""

    def __init__(self, answer: object, status: int) -> None:
        self.answer, self.status = answer, status
        self.calls: list[CiCall] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: CiServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.server.calls.append(CiCall(self.command, query, dict(self.headers.items())))
        body = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def running_ci_server(answer: object, *, status: int = 200) -> Iterator[CiServer]:
    """Run it on a free port of 127.0.0.1."""
    with CiServer(answer, status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class PlainHttp:
    """The least that can send a request."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], what: str
    ) -> _Answer:
        from yarl import URL

        async with (
            aiohttp.ClientSession() as session,
            session.request(method, URL(url, encoded=True), headers=headers) as response,
        ):
            return _Answer(response.status, await response.read())


class NoHttp:
    """For jobs that must not ask anybody."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], what: str
    ) -> Never:
        raise AssertionError(f"{method} {url} was asked")


def make_token(audience: str | None = "vault", subject: str = "project:a", number: int = 0) -> str:
    claims: dict[str, Any] = {"iss": "https://ci", "sub": subject, "jti": f"{CANARY}{number}"}
    if audience is not None:
        claims["aud"] = audience
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def identity_of(environment: dict[str, str], audience: str | None = "vault") -> list[IdentityPart]:
    return list(CiIdentity(make_context(environment), NoHttp()).identity(audience))
