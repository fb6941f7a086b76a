"""The table: medians, and medians of each round's ratio to an empty Python of the same venv."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.case import Case

MARKS = ("<!-- bench: begin -->\n", "<!-- bench: end -->\n")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one case may take of another, told by their names."""

    case: str
    base: str
    most: float


PYTHON = "`python -I -c pass`"
HELPER = "amazon-ecr-credential-helper, cached, 20 one after the other"
PLAIN_SDK = "aioboto3 the plain way, 20 registries, endpoint 200 ms, TLS"
CODESHIP = "CodeShip's way, 1 registry (aws ecr get-login-password, then a login)"
_MISS_ONE = "miss, 1 registry, endpoint 200 ms"
_MISS_20 = "miss, 20 registries, endpoint 200 ms"
_STORM = "50 at once on a cold volume, 20 registries, endpoint 200 ms"
QUOTED = (PYTHON, "fast, 20 registries", "warm, 20 registries", _MISS_20, _STORM, HELPER, CODESHIP)
BUDGETS = [
    Budget("fast, 1 registry", PYTHON, 2.0),
    Budget("fast, 20 registries", PYTHON, 2.0),
    Budget("warm, 20 registries", PYTHON, 20.0),
    Budget("fast, 20 registries", HELPER, 0.25),
    Budget(_MISS_20, _MISS_ONE, 1.5),
    Budget("miss, 200 registries, endpoint 200 ms", _MISS_ONE, 4.0),
    Budget(f"{_MISS_20}, TLS", PLAIN_SDK, 0.7),
    Budget(_STORM, _MISS_20, 3.0),
]


def ratio(case: Case, base: Case) -> float:
    """Return the median of each round's ratio; the first round filled caches of every kind."""
    return statistics.median(t / b for t, b in zip(case.times[1:], base.times[1:], strict=True))


def table(cases: Sequence[Case]) -> str:
    """Return all rows; the first case is what the others are compared to."""
    lines = ["| run | median ms | to empty Python | peak MB |", "|---|---:|---:|---:|"]
    for case in cases:
        median_ms = 1000 * statistics.median(case.times[1:])
        lines.append(
            f"| {case.name} | {median_ms:.1f} | {ratio(case, cases[0]):.2f} | {case.peak_mb:.1f} |"
        )
    return "\n".join(lines) + "\n"


def budget_table(cases: Sequence[Case]) -> str:
    """Return what was asked for, beside what was measured."""
    lines = ["| ratio | measured | budget |", "|---|---:|---:|"]
    for budget in BUDGETS:
        case, base = _named(cases, budget.case), _named(cases, budget.base)
        if case is None or base is None:
            continue
        measured = ratio(case, base)
        over = " **over**" if measured > budget.most else ""
        lines.append(f"| {case.name} to {base.name} | {measured:.2f} | ≤ {budget.most:g}{over} |")
    return "\n".join(lines) + "\n"


def report(cases: Sequence[Case], notes: Mapping[str, str], rounds: int) -> str:
    """Return the whole page."""
    facts = "\n".join(f"- {name}: {value}" for name, value in notes.items())
    return f"""# Benchmarks

`make bench` on {datetime.now(UTC):%Y-%m-%d}: whole processes, from start to reaped, in {rounds}
shuffled rounds; medians, and medians of each round's ratio.

{facts}

{table(cases)}
{budget_table(cases)}"""


def machine() -> dict[str, str]:
    """Describe this machine by its parts, not by its name."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line for line in info.splitlines() if line.startswith("model name")), ":unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    kernel = ".".join(platform.release().split(".")[:2])
    return {
        "machine": f"{os.cpu_count()} cores ({model.partition(':')[2].strip()}), "
        f"{memory:.0f} GiB, {release}, Linux {kernel}",
        "Python": platform.python_version(),
    }


def quote(readme: Path, cases: Sequence[Case]) -> None:
    """Put the rows that matter most between the marks of the README."""
    rows = [case for start in QUOTED if (case := _named(cases, start)) is not None]
    text = readme.read_text()
    before, begin, rest = text.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if begin and end:
        readme.write_text(f"{before}{begin}{table(rows)}{end}{after}")


def _named(cases: Sequence[Case], name: str) -> Case | None:
    return next((case for case in cases if case.name == name), None)
