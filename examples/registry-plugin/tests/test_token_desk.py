"""The contract suite against a token desk on loopback."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from backends.base import Secret
from generator.errors import AccessDenied, ImplausibleAnswer, SecretMissing, Unavailable
from generator.model import RegistryEntry
from generator.testing import CANARY, ProviderCase, ProviderContract

from dockercfg_token_desk.provider import TokenDeskOptions, TokenDeskProvider

LIFETIME_S = 1800


def good(**changes: Any) -> tuple[int, bytes]:
    until = datetime.now(UTC) + timedelta(seconds=LIFETIME_S)
    body = {"username": "ci", "token": CANARY, "expires_at": until.isoformat(), **changes}
    return 200, json.dumps(body).encode()


@dataclass
class Desk:
    """Where the desk is; ``plan`` holds what it answers next instead of a token."""

    url: str = ""
    delay_s: float = 0.0
    plan: deque[tuple[int, bytes]] = field(default_factory=deque)


class Handler(BaseHTTPRequestHandler):
    desk: ClassVar[Desk]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.desk.delay_s)
        denied = self.headers["Authorization"] != f"Bearer key-{CANARY}"
        usual = (403, CANARY.encode()) if denied else good()
        status, body = self.desk.plan.popleft() if self.desk.plan else usual
        self.send_response(status)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    handler = type("Bound", (Handler,), {"desk": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


class TestTokenDeskKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, desk: Desk) -> ProviderCase:
        def plan(*answers: tuple[int, bytes]) -> Any:
            return lambda: desk.plan.extend(answers)

        body = CANARY.encode()
        options = TokenDeskOptions(desk=desk.url)
        return ProviderCase(
            provider=TokenDeskProvider(),
            entry=RegistryEntry("team", "token-desk", "registry.example.com", options),
            secrets={"key": Secret(f"key-{CANARY}")},
            lifetime_s=LIFETIME_S,
            failures={
                "denied": (plan((403, body)), AccessDenied),
                "unknown": (plan((404, body)), SecretMissing),
                "failing": (plan(*[(503, body)] * 3), Unavailable),
                "teapot": (plan((418, body)), ImplausibleAnswer),
                "a page": (plan((200, b"<html>")), ImplausibleAnswer),
                "no user": (plan(good(username="")), ImplausibleAnswer),
                "no token": (plan(good(token=None)), ImplausibleAnswer),
                "expired": (plan(good(expires_at="2020-01-01T00:00:00Z")), ImplausibleAnswer),
                "no expiry": (plan(good(expires_at=None)), ImplausibleAnswer),
                "milliseconds": (plan(good(expires_at=1767261600000)), ImplausibleAnswer),
                "no zone": (plan(good(expires_at="2099-01-01T00:00:00")), ImplausibleAnswer),
            },
            throttle=plan((429, body)),
            retry_after_s=1.0,
            hang=lambda: setattr(desk, "delay_s", 5.0),
            bad_entries={"no server": RegistryEntry("team", "token-desk", None, options)},
        )
