"""A stand-in for IBM Cloud's IAM on a loopback socket (``POST /identity/token``)."""

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from backends.testing import CANARY
from tests.parts.loopback import QuietHandler, serving

API_KEY = f"ibm-{CANARY}"
LIFETIME_S = 3600


def token_answer(**changes: Any) -> dict[str, Any]:
    """Return IAM's answer to a good key, with ``changes`` made to it."""
    body = {
        "access_token": f"{CANARY}-iam",
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "expiration": int(time.time()) + LIFETIME_S,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


@dataclass(slots=True)
class Iam:
    """Takes one API key; ``plan`` holds what the next calls are answered with instead."""

    url: str = ""
    delay_s: float = 0.0
    calls: int = 0
    plan: deque[tuple[int, bytes]] = field(default_factory=deque)

    def answer(self, api_key: str) -> tuple[int, bytes]:
        """Return status and body."""
        if self.plan:
            return self.plan.popleft()
        if api_key == API_KEY:
            return 200, json.dumps(token_answer()).encode()
        message = f"Provided API key {CANARY} could not be found."
        return 400, json.dumps({"errorCode": "BXNIM0415E", "errorMessage": message}).encode()


@contextmanager
def iam() -> Iterator[Iam]:
    """Run the stand-in."""
    made = Iam()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            made.calls += 1
            (api_key,) = parse_qs(self.body().decode())["apikey"]
            time.sleep(made.delay_s)
            self.answer(*made.answer(api_key))

    with serving(Handler) as url:
        made.url = url
        yield made
