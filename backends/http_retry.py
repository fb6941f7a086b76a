"""Which answers say to ask again, and asking again."""

from collections.abc import Awaitable, Callable

from backends.http_errors import can_heal, failed
from backends.http_model import HttpAnswer

ATTEMPTS = 3
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
    answer: HttpAnswer,
    *,
    idempotent: bool,
    heals: Callable[[HttpAnswer], bool] | None = None,
) -> None:
    """Raise `Healing` for an answer after which asking again may help, and can not do harm.

    ``heals`` knows answers that say so by other means than their status.
    """
    by_status = answer.status in (_HEALING_STATUS if idempotent else _UNTOUCHED_STATUS)
    if not by_status and not (heals and heals(answer)):
        return
    wish = answer.headers.get("retry-after", "")
    retry_after_s = float(wish) if wish.isascii() and wish.isdigit() else None
    if retry_after_s is None or retry_after_s <= LONGEST_RETRY_AFTER_S:
        raise Healing(answer, retry_after_s)


async def with_retries(
    send: Callable[[], Awaitable[HttpAnswer]], place: str, *, idempotent: bool
) -> HttpAnswer:
    """Return what ``send`` returns; after `Healing`, or an error that can heal, it is called again.

    Raises:
        BackendUnavailable: not reached, or not in time.
        BackendMisconfigured: a request that can not be sent.
    """
    import httpx2
    import stamina

    # It would log each retry by itself, with the exception's text.
    stamina.instrumentation.set_on_retry_hooks([])

    def pause(error: Exception) -> bool | float:
        if isinstance(error, Healing):
            return error.retry_after_s or True
        return isinstance(error, httpx2.HTTPError) and can_heal(error, idempotent=idempotent)

    attempts = stamina.retry_context(
        on=pause,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=0.2,
        wait_max=2.0,
        wait_jitter=0.2,
    )
    try:
        async for attempt in attempts:
            with attempt:
                return await send()
    except Healing as last:
        return last.answer
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise failed(error, place) from None
    raise AssertionError("a retry context ends with an answer or an error")
