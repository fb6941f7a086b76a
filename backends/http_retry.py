"""Which answers say to ask again."""

from backends.http_model import HttpAnswer, HttpOptions

# A server that wants more patience than this gets none: other entries wait for their deadline.
LONGEST_RETRY_AFTER_S = 10.0
_HEALING_STATUS = {408, 429, 500, 502, 503, 504}
# Refused before anything was done, so that asking again repeats nothing.
_UNTOUCHED_STATUS = {429}


class Healing(Exception):
    """An answer that says to ask again."""

    def __init__(self, answer: HttpAnswer, retry_after_s: float | None) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.retry_after_s = retry_after_s


def raise_if_healing(
    answer: HttpAnswer, attempt: int, options: HttpOptions, *, idempotent: bool
) -> None:
    """Raise `Healing` for an answer after which asking again may help, and can not do harm.

    ``attempt`` is the number of times that was asked so far.
    """
    if answer.status not in (_HEALING_STATUS if idempotent else _UNTOUCHED_STATUS):
        return
    wish = answer.headers.get("retry-after", "")
    retry_after_s = float(wish) if wish.isascii() and wish.isdigit() else None
    told = answer.status == 429 and retry_after_s is not None
    if attempt >= (options.told_attempts if told else options.attempts):
        return
    if retry_after_s is None or retry_after_s <= LONGEST_RETRY_AFTER_S:
        raise Healing(answer, retry_after_s)
