"""What a run costs, as ratios to an empty Python of the same venv: ``make bench``.

Whole processes, from start to reaped, in shuffled rounds; the median of each round's ratio is what
counts, for a shared machine's single times say little.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts.ecr import EcrStandIn

ROUNDS = 15
SLOW_S = 0.2
COMMAND = Path(sys.executable).with_name("dockercfg-generator")


@dataclass(slots=True)
class Case:
    """One command to time; ``delay_s`` is how long the stand-in lets it wait."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    times: list[float] = field(default_factory=list)

    def run(self) -> None:
        started = time.perf_counter()
        process = subprocess.Popen(
            self.command,
            env={"PATH": os.environ["PATH"]} | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        complaint = process.stderr.read()
        process.wait()
        self.times.append(time.perf_counter() - started)
        process.stderr.close()
        if process.returncode:
            sys.exit(f"{self.name} failed: {complaint.decode()}")


def main() -> None:
    """Time all cases and print a Markdown table."""
    with tempfile.TemporaryDirectory() as name, EcrStandIn() as ecr:
        empty = Case("`python -I -c pass`", [sys.executable, "-I", "-c", "pass"])
        cases = [empty]
        cases += [_case(Path(name), ecr, f"warm, {n}", n, cached=True) for n in (1, 20)]
        for number in (1, 20):
            case = _case(Path(name), ecr, f"cold, {number}, 200 ms", number, cached=False)
            case.delay_s = SLOW_S
            cases.append(case)
        for _ in range(ROUNDS + 1):
            for case in random.sample(cases, len(cases)):
                ecr.delay_s = case.delay_s
                case.run()
        _print(cases, empty)


def _case(folder: Path, ecr: EcrStandIn, name: str, number: int, *, cached: bool) -> Case:
    """Return a run of ``number`` ECR registries, each in a region of its own."""
    config = folder / f"{number}.yaml"
    hosts = (f"123456789012.dkr.ecr.xx-bench-{n}.amazonaws.com" for n in range(number))
    entries = "".join(f"  r{n}: {{server: {host}}}\n" for n, host in enumerate(hosts))
    config.write_text(f"registries:\n{entries}")
    environment = {**ecr.environment, "DOCKERCFG_CONFIG": str(config)}
    if cached:
        environment["DOCKERCFG_CACHE_DIR"] = str(folder / "cache")
    return Case(f"{name} entries", [str(COMMAND), str(folder / "dockercfg")], environment)


def _print(cases: Sequence[Case], empty: Case) -> None:
    print(f"{ROUNDS} shuffled rounds on {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print("| run | median ms | to empty Python |")
    print("|---|---|---|")
    for case in cases:
        # the first round filled caches of every kind
        times, base = case.times[1:], empty.times[1:]
        ratio = statistics.median(t / b for t, b in zip(times, base, strict=True))
        median_ms = 1000 * statistics.median(times)
        print(f"| {case.name} | {median_ms:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
