"""What an issuer's failures mean: by their status, or by a code of the issuer's own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backends.http_model import HttpAnswer
from generator.errors import AccessDenied, EntryError, Unavailable
from generator.shown import looks_random

# What a code looks like. Anything else in its place is not shown: it may be anything.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{1,40}(?:[._][A-Za-z0-9]{1,40}){0,3}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a failure means: an error of the tree, its message completed by our own words.

    ``reference`` follows the issuer's kind (``key-refused`` becomes ``ibm-key-refused``).
    """

    error: type[EntryError]
    reference: str
    message: str
    hint: str


THROTTLED = Refusal(Unavailable, "throttled", "too many requests", "try again later")
CLOCK_WRONG = Refusal(
    AccessDenied, "clock-wrong", "the request is of another time", "set this machine's clock"
)
LATER = Refusal(Unavailable, "unavailable", "no token now", "try again later")
_UNKNOWN = Refusal(
    AccessDenied,
    "refused",
    "no token, for a reason that is not known here",
    "look the code up in the vendor's API reference",
)


@dataclass(frozen=True, slots=True)
class NamedErrors:
    """Failures that an issuer tells by a code in its answer, whatever the status.

    ``code_of`` reads the code from an answer's body: ``""`` if it tells of no failure. ``meanings``
    are by what a code begins with, the longest counts. After a code that begins like one of
    ``heals`` asking again helps.
    """

    code_of: Callable[[Mapping[str, Any]], str]
    meanings: Mapping[str, Refusal]
    heals: tuple[str, ...]

    def code(self, answer: HttpAnswer) -> str:
        """Return the code of a failure, ``""`` if the answer tells none."""
        return self.code_of(answer.json_object())

    def can_heal(self, answer: HttpAnswer) -> bool:
        """Return whether an answer says to ask again."""
        return self.code(answer).startswith(self.heals)

    def meaning(self, answer: HttpAnswer) -> Refusal | None:
        """Return what a failure means, ``None`` if its status says as much."""
        code = self.code(answer)
        known = [beginning for beginning in self.meanings if code.startswith(beginning)]
        if known:
            return self.meanings[max(known, key=len)]
        return _UNKNOWN if answer.ok and code else None


def shown_code(code: str) -> str:
    """Return a code as a message may show it: only what looks like one, and like no key."""
    is_one = _CODE.fullmatch(code) and not any(map(looks_random, re.split(r"[._]", code)))
    return code if is_one else ""
