"""Our own runs: fast, warm and cold, with 1, 20 and 200 registries.

A row of the table is one line in `ROWS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.benchmarks.case import Case
from tests.parts.ecr import EcrStandIn

SLOW_S = 0.2


@dataclass(frozen=True, slots=True)
class Row:
    """One way to run the command.

    ``tls`` and ``delay_s`` are the endpoint's; ``at_once`` is how many start together; ``note``
    says what else is special, as ``environment`` sets it.
    """

    way: Literal["fast", "warm", "miss"]
    entries: int
    delay_s: float = 0.0
    tls: bool = False
    at_once: int = 1
    note: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the table calls it."""
        parts = [self.way if self.at_once == 1 else f"{self.at_once} at once on a cold volume"]
        parts.append("1 registry" if self.entries == 1 else f"{self.entries} registries")
        if self.way == "miss":
            parts.append(f"endpoint {1000 * self.delay_s:.0f} ms")
        return ", ".join([*parts, *(["TLS"] if self.tls else []), *filter(None, [self.note])])


SIZES = (1, 20, 200)
ROWS = [
    *(Row("fast", n) for n in SIZES),
    *(Row("warm", n) for n in SIZES),
    Row("warm", 20, note="encrypted", environment={"DOCKERCFG_CACHE_KEY": "0b" * 32}),
    *(
        Row("miss", n, delay_s, tls)
        for tls in (False, True)
        for delay_s in (0, SLOW_S)
        for n in SIZES
    ),
    Row("miss", 20, SLOW_S, at_once=50),
]


def hosts(number: int) -> list[str]:
    """Return server addresses, each in a region of its own: so each needs a call."""
    return [f"123456789012.dkr.ecr.xx-bench-{n}.amazonaws.com" for n in range(number)]


def make_case(row: Row, command: str, folder: Path, ecr: EcrStandIn, ca_file: Path) -> Case:
    """Return the case of a row; ``ecr`` is who answers it."""
    config = folder / f"{row.entries}.yaml"
    entries = "".join(f"  r{n}: {{server: {host}}}\n" for n, host in enumerate(hosts(row.entries)))
    config.write_text(f"registries:\n{entries}")
    cache = folder / f"cache-{row.name}"
    return Case(
        row.name,
        [command, f"{folder}/dockercfg-{{}}"],
        {
            **ecr.environment,
            "HOME": str(folder),
            "DOCKERCFG_CONFIG": str(config),
            "DOCKERCFG_CACHE_DIR": str(cache),
            **({"DOCKERCFG_FAST": "0"} if row.way == "warm" else {}),
            **({"SSL_CERT_FILE": str(ca_file)} if row.tls else {}),
            **row.environment,
        },
        before=lambda: setattr(ecr, "delay_s", row.delay_s),
        fresh=cache if row.way == "miss" else None,
        at_once=row.at_once,
        calls=lambda: ecr.token_calls,
        expected_calls=row.entries if row.way == "miss" else None,
    )
