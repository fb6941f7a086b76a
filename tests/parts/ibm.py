"""A stand-in for IBM Cloud's IAM on a loopback socket (``POST /identity/token``)."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Takes one API key; ``calls`` counts what it was asked."""

    url: str = ""
    delay_s: float = 0.0
    calls: int = 0


@contextmanager
def iam() -> Iterator[Iam]:
    """Run the stand-in."""
    made = Iam()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            made.calls += 1
            form = parse_qs(self.body().decode())
            time.sleep(made.delay_s)
            if form["apikey"] == [API_KEY]:
                self.answer(200, json.dumps(token_answer()).encode())
            else:
                refused = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key not found"}
                self.answer(400, json.dumps(refused).encode())

    with serving(Handler) as url:
        made.url = url
        yield made
