"""A value that many tasks want and one of them makes."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from backends.errors import BackendError

T = TypeVar("T")


class Once(Generic[T]):
    """Makes a value at the first call and keeps it; a failure is kept as well.

    Fifty tasks that need one login then make one attempt, not fifty one after the other. Whoever
    is cancelled while making leaves the work to the next.
    """

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._lock = anyio.Lock()
        self._made: list[T] = []
        self._failure: BackendError | None = None

    async def get(self) -> T:
        """Return the value.

        Raises:
            BackendError: what making it raised, for every caller alike.
        """
        async with self._lock:
            if not self._made and self._failure is None:
                try:
                    self._made.append(await self._make())
                except BackendError as error:
                    self._failure = error
        if self._failure is not None:
            failure = self._failure
            raise type(failure)(failure.reference, failure.message, failure.hint) from None
        return self._made[0]
