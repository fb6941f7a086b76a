"""Warm or cold for each grant: load, lock, look again, resolve, fetch, store."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import anyio

from backends.base import RunContext
from backends.errors import BackendError
from generator.cache.codec import GrantUse
from generator.cache.freshness import (
    SHORTEST_USE_S,
    FreshnessRule,
    can_promise,
    is_fresh,
    is_fresh_static,
    is_usable,
    keeps_promise,
)
from generator.cache.store import GrantCache
from generator.errors import EntryError, ImplausibleAnswer, Unavailable, bug_of, from_backend
from generator.fast.document import duration
from generator.grant_plans import GrantPlan
from generator.model import Grant, GrantRequest
from generator.resolve import ResolvedCredentials, Resolver
from generator.shared_failures import SharedFailures

GRANT_DEADLINE_S = 30.0

State = Literal["fetched", "cached", "kept"]
"""``kept``: a stored grant that still keeps the promise, after its refresh failed."""
ToldState = Literal[State, "static"]


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant and how it was come by; ``kept_because`` says why the refresh failed.

    ``stored_as`` is the name that a later run may load it by, ``None`` if it is not kept.
    ``handed_through`` is the base credential itself, even if it is known when that ends.
    """

    grant: Grant
    state: State
    kept_because: EntryError | None = None
    stored_as: str | None = None
    handed_through: bool = False

    @property
    def is_static(self) -> bool:
        """Whether it is what the user has given, and no token that was made of it."""
        return self.handed_through or self.grant.expires_at is None

    @property
    def told_state(self) -> ToldState:
        """How people are told of it."""
        return "static" if self.is_static else self.state


@dataclass(frozen=True, slots=True)
class GrantSource:
    """Where grants come from in one run; ``static_s`` is for how long a static one is kept."""

    cache: GrantCache
    resolver: Resolver
    context: RunContext
    rule: FreshnessRule
    failures: SharedFailures
    refresh: bool = False
    static_s: float | None = None

    def load(self, plan: GrantPlan) -> Granted | None:
        """Return the stored grant if it is fresh; no lock, no network."""
        stored = None if self.refresh else self.cache.load(plan.name)
        if stored is None or not self._fresh(stored, plan):
            return None
        return Granted(stored, "cached", stored_as=plan.name)

    def is_late(self, granted: Granted) -> bool:
        """Return whether a grant that was not made just now lost its promise meanwhile.

        That is a stored one, and a static one, while others were waited for.
        """
        expires_at = granted.grant.expires_at
        if expires_at is None:
            return False
        if granted.is_static:
            return not self._may_be_written(self.context.clock(), expires_at)
        return granted.state != "fetched" and not self._keeps_promise(granted.grant)

    async def obtain(self, plan: GrantPlan) -> Granted:
        """Return a grant that is fresh: a neighbour's, or one fetched now.

        Whoever waits for the lock longer than its patience goes on without it: the lock saves
        calls, nothing depends on it. What a neighbour met in the meantime, token or failure, is
        ours as well.

        Raises:
            EntryError: why there is none.
        """
        shared = plan.inputs.are_shared
        async with (
            self.cache.lock(plan.name) if shared else nullcontext(enter_result=False) as held
        ):
            if granted := self.load(plan):
                return granted
            if (stored := self.cache.load(plan.name)) and self.failures.is_since(stored):
                # A neighbour was given it just now: if it is too short, the next one is as well.
                self._check(Granted(stored, "cached"))
            try:
                granted = await self._fetch(plan, alone=held)
            except Unavailable as error:
                stored = self.cache.load(plan.name)
                if stored and self._keeps_promise(stored):
                    return Granted(stored, "kept", error)
                raise
            self._check(granted)
            return granted

    async def _fetch(self, plan: GrantPlan, *, alone: bool) -> Granted:
        """Fetch and store a grant, or take and leave the note of a failure."""
        if alone:
            self.failures.raise_noted(plan.name, plan.entry)
        try:
            grant, resolved = await self._ask_in_time(plan)
        except EntryError as error:
            if alone:
                self.failures.leave(plan.name, plan.entry, error, per_job=plan.inputs.are_per_job)
            raise
        # What has no expiry of its own, or is handed through, is the base credential itself; so is,
        # whatever a kind says of it, what was there before it was asked for.
        handed_through = (
            grant.expires_at is None
            or plan.inputs.hands_through
            or grant.secret in resolved.secrets.values()
        )
        grant = _capped(grant, resolved.lease_ends_at)
        if not handed_through or (grant.expires_at is None and plan.inputs.are_remote):
            self.cache.store(plan.name, grant, _use(plan, self.cache.key), static_s=self.static_s)
        stored_as = None if handed_through else plan.name
        return Granted(grant, "fetched", None, stored_as, handed_through)

    async def _ask_in_time(self, plan: GrantPlan) -> tuple[Grant, ResolvedCredentials]:
        with anyio.move_on_after(GRANT_DEADLINE_S):
            return await self._ask(plan)
        raise Unavailable(
            "registry-timeout",
            f"no token within {GRANT_DEADLINE_S:g} s",
            "check that its endpoint and the secret backend can be reached from here",
        )

    async def _ask(self, plan: GrantPlan) -> tuple[Grant, ResolvedCredentials]:
        provider = plan.provider
        try:
            resolved = await self.resolver.credentials(
                plan.entry.credentials, provider.credential_fields
            )
            request = GrantRequest(plan.entry, resolved.secrets)
            return await provider.fetch(request, self.context), resolved
        except EntryError:
            raise
        except BackendError as error:
            raise from_backend(error) from None
        except Exception as error:  # noqa: BLE001 - one provider's bug must not take the others along
            raise bug_of(error, plan.entry.provider) from None

    def _check(self, granted: Granted) -> None:
        """Refuse what the rest of the run could not stand by."""
        since, expires_at = granted.grant.requested_at, granted.grant.expires_at
        if granted.is_static:
            since = self.context.clock()
        if expires_at is None or self._may_be_written(since, expires_at):
            return
        asked_s = self.rule.min_validity_s if self.rule.promised else SHORTEST_USE_S
        lives = duration((expires_at - since).total_seconds())
        raise ImplausibleAnswer(
            "validity-too-short",
            f"the token lives {lives}, {duration(asked_s)} are asked for",
            "have the registry, or the lease of the secret behind it, give longer ones"
            + (", or lower --min-validity" if self.rule.promised else ""),
        )

    def _may_be_written(self, now: datetime, expires_at: datetime) -> bool:
        moments = now.timestamp(), expires_at.timestamp()
        return is_usable(*moments) and can_promise(*moments, self.rule)

    def _fresh(self, grant: Grant, plan: GrantPlan) -> bool:
        now = self.context.clock().timestamp()
        if grant.expires_at is not None:
            return is_fresh(now, *_life(grant), self.rule)
        if self.static_s is None or not plan.inputs.are_remote:
            return False
        return is_fresh_static(now, grant.requested_at.timestamp(), self.static_s, self.rule)

    def _keeps_promise(self, grant: Grant) -> bool:
        return keeps_promise(self.context.clock().timestamp(), *_life(grant), self.rule)


def _life(grant: Grant) -> tuple[float, float]:
    requested_at = grant.requested_at.timestamp()
    return requested_at, grant.expires_at.timestamp() if grant.expires_at else requested_at


def _use(plan: GrantPlan, key: bytes) -> GrantUse:
    named = [(entry.server, *entry.aliases) for entry in plan.entries]
    addresses = {address for some in named for address in some if address is not None}
    return GrantUse(plan.entry.provider, tuple(sorted(addresses)), plan.inputs.fingerprints(key))


def _capped(grant: Grant, lease_ends_at: datetime | None) -> Grant:
    """Let a grant end with the lease of the secret that it was made from."""
    if lease_ends_at is None:
        return grant
    return replace(grant, expires_at=min(lease_ends_at, grant.expires_at or lease_ends_at))
