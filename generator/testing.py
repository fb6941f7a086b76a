"""The contract that every provider keeps, as a suite to inherit.

A provider's test class derives from `ProviderContract` and says how to reach its registry, or a
stand-in on a loopback socket::

    class TestMyProvider(ProviderContract):
        @pytest.fixture
        def case(self, my_stand_in) -> ProviderCase:
            return ProviderCase(provider=MyProvider(), ...)

It needs pytest with anyio's plugin (``anyio_mode = "auto"``, or mark the class with ``anyio``).
"""

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from backends.base import RunContext, Secret
from backends.errors import BackendError
from backends.testing import CANARY, make_context
from generator.errors import EntryError
from generator.model import Grant, GrantRequest, RegistryEntry
from generator.registries.base import TokenProvider

__all__ = ["CANARY", "ProviderCase", "ProviderContract", "make_context"]

# A server's whole seconds, and the time that a test takes.
_EXPIRY_TOLERANCE_S = 3.0


@dataclass(frozen=True, slots=True)
class ProviderCase:
    """One provider, a good entry, and ways to make its upstream fail.

    ``secrets`` are the resolved credentials, with `CANARY` in at least one of them.
    ``lifetime_s`` is what the upstream says a token lives, ``None`` for one without expiry.
    ``failures`` maps a name to what makes the next call fail so, and the error that it must be.
    ``hang`` makes the next call never answer. ``throttle`` makes the next call be told to come back
    after ``retry_after_s``, and the one after that succeed.
    """

    provider: TokenProvider
    entry: RegistryEntry
    secrets: Mapping[str, Secret]
    environment: Mapping[str, str] = field(default_factory=dict)
    lifetime_s: float | None = None
    failures: Mapping[str, tuple[Callable[[], Any], type[EntryError | BackendError]]] = field(
        default_factory=dict
    )
    hang: Callable[[], Any] | None = None
    throttle: Callable[[], Any] | None = None
    retry_after_s: float = 0.0
    bad_entries: Mapping[str, RegistryEntry] = field(default_factory=dict)

    def context(self) -> RunContext:
        """Return the run's context for this case."""
        return make_context(self.environment)

    async def fetch(self) -> Grant:
        """Fetch a grant with the case's own secrets."""
        return await self.provider.fetch(GrantRequest(self.entry, self.secrets), self.context())


class ProviderContract:
    """What `generator` relies on; inherit it and provide the fixture ``case``."""

    def test_a_good_entry_has_no_problems(self, case: ProviderCase) -> None:
        """Validation is pure and finds nothing."""
        assert list(case.provider.validate(case.entry)) == []

    def test_nobody_is_asked_before_a_fetch(
        self, case: ProviderCase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither checking an entry nor telling grants apart uses the network."""

        def refuse(*_arguments: object) -> None:
            raise AssertionError("a connection was made")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        case.provider.validate(case.entry)
        case.provider.grant_key(case.entry, case.context())

    def test_a_bad_entry_has_a_problem_with_a_place(self, case: ProviderCase) -> None:
        """Each says where in the entry, what, and what to do; none echoes a secret."""
        for name, entry in case.bad_entries.items():
            problems = case.provider.validate(entry)
            assert problems, name
            for problem in problems:
                assert problem.path, name
                assert problem.message, name
                assert problem.hint, name
                assert CANARY not in f"{problem.message}{problem.hint}", name

    def test_the_grant_key_is_stable_and_prints_no_secret(self, case: ProviderCase) -> None:
        """Two runs of one environment mean the same grant."""
        first = case.provider.grant_key(case.entry, case.context())
        assert case.provider.grant_key(case.entry, case.context()) == first
        assert CANARY not in repr(first)

    async def test_a_grant_can_be_written(self, case: ProviderCase) -> None:
        """A user name that an auth field can hold, a secret, times in UTC."""
        grant = await case.fetch()
        assert grant.username
        assert ":" not in grant.username
        assert grant.secret.reveal()
        assert grant.requested_at.utcoffset() is not None
        assert CANARY not in repr(grant)

    async def test_the_expiry_is_the_servers(self, case: ProviderCase) -> None:
        """Right to the second, by this machine's clock."""
        before = datetime.now(UTC)
        grant = await case.fetch()
        if case.lifetime_s is None:
            assert grant.expires_at is None
            return
        assert grant.expires_at is not None
        lives_s = (grant.expires_at - before).total_seconds()
        assert abs(lives_s - case.lifetime_s) < _EXPIRY_TOLERANCE_S

    async def test_failures_are_told_apart_and_leak_nothing(self, case: ProviderCase) -> None:
        """Each of the upstream's failures is the right error with words of our own."""
        for name, (arrange, expected) in case.failures.items():
            arrange()
            with pytest.raises((EntryError, BackendError)) as caught:
                await case.fetch()
            error = caught.value
            assert isinstance(error, expected), f"{name}: {error!r}"
            assert error.message, name
            assert error.hint, name
            assert " " not in error.reference, name
            assert CANARY not in f"{error.message}{error.hint}{error.__cause__!r}", name

    async def test_throttling_heals_when_the_upstream_says(self, case: ProviderCase) -> None:
        """A call that is told to wait waits, and is made again."""
        if case.throttle is None:
            return
        case.throttle()
        started = time.monotonic()
        assert (await case.fetch()).secret.reveal()
        assert time.monotonic() - started >= case.retry_after_s

    async def test_a_silent_upstream_does_not_hold_a_cancelled_run(
        self, case: ProviderCase
    ) -> None:
        """Cancelling ends the call at once."""
        if case.hang is None:
            return
        case.hang()
        started = time.monotonic()
        with anyio.move_on_after(0.5):
            await case.fetch()
        assert time.monotonic() - started < 4
