"""What a kind's row needs to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.parts.service import PAGE, Told
from tests.parts.world import World

Failing = Callable[[World], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its entry, its variables, and ways to make its upstream fail.

    A kind that asks nobody has no ``fail``; the others ``denied``, ``throttled`` and ``garbage``.
    """

    entry: str
    environment: Mapping[str, str]
    fail: Mapping[str, Failing] = field(default_factory=dict)


def failures_of(vendor: str, denied: Told, throttled: Told | None = None) -> dict[str, Failing]:
    """Return the usual ways in which one of `tests.parts.world.VENDORS` fails."""
    again = throttled or Told(429)
    return {
        "denied": lambda world: world.services[vendor].plan.append(denied),
        "throttled": lambda world: world.services[vendor].plan.extend([again] * 3),
        "garbage": lambda world: world.services[vendor].plan.append(Told(200, PAGE)),
    }
