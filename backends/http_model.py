"""What is asked over HTTP, and what comes back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.errors import BadAnswer
from backends.tls import TlsOptions

Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""A request's headers; from a callable each attempt gets its own: a signature is good for a moment,
and with a nonce in it once only."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How one server is reached.

    ``total_s`` bounds one attempt as a whole, however slowly an answer drips; ``unix_socket`` is a
    path to connect to instead of the URL's host; ``proxy`` replaces the variables' one.
    """

    tls: TlsOptions = field(default_factory=TlsOptions)
    total_s: float = 15.0
    unix_socket: str | None = None
    proxy: str | None = None
    allow_http: bool = False
    connections: int = 8


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer, whatever its status; header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    what: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body, parsed.

        Raises:
            BadAnswer: if it is no JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise BadAnswer(
                "answer-not-json",
                f"{self.what}: the answer (status {self.status}) is not JSON",
                "check the address, and whether a proxy answers in its place",
            ) from None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one if it is something else or no JSON."""
        try:
            parsed = self.json()
        except BadAnswer:
            return {}
        return parsed if isinstance(parsed, dict) else {}
