"""A refusal whose cause is this machine's clock, told by the time that the server says."""

from collections.abc import Callable

from backends.base import RunContext
from backends.clock_skew import clock_skew_s
from backends.http_model import HttpAnswer
from generator.registries.refusals import CLOCK_WRONG, Refusal


def wrong_clock(
    context: RunContext, *, slow_s: float, fast_s: float
) -> Callable[[HttpAnswer], Refusal | None]:
    """Return what tells whether a signed request failed because of the time that it said.

    Services refuse what is signed too long ago or in the future, and say no more than that it is
    refused; their ``Date`` header tells which it was. For `Issuer.ask`'s ``meaning``.

    Args:
        context: the run's, for its clock.
        slow_s: how far this machine's clock may be behind.
        fast_s: how far it may be ahead.
    """

    def meaning(answer: HttpAnswer) -> Refusal | None:
        behind_s = clock_skew_s(answer.headers.get("date"), context.clock())
        if answer.status not in (400, 401, 403) or -fast_s <= behind_s <= slow_s:
            return None
        return CLOCK_WRONG

    return meaning
