"""What a run costs in a container, as a ratio to ``docker run … true``.

``python -m tests.image.startup`` prints the table; `measure` gives the figures.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.parts.container import HARDENED, IMAGE, docker, flags_of
from tests.parts.ecr import EcrStandIn

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of run: the median of its times, and of its ratios to ``true`` beside it."""

    name: str
    median_s: float
    ratio: float


def measure(rounds: int = ROUNDS) -> list[Cost]:
    """Time whole ``docker run`` commands: static, and warm and fast with 1 and 20 ECR entries.

    Each is timed right after a ``true`` in the same image with the same flags, so that what else
    the machine does falls on both.
    """
    with tempfile.TemporaryDirectory() as name, EcrStandIn() as ecr:
        volume = Path(name)
        static = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "secret"}
        kinds = {"static": static}
        for number in (1, 20):
            hosts = (f"123456789012.dkr.ecr.xx-{n}.amazonaws.com" for n in range(number))
            entries = "".join(f"  r{n}: {{server: {host}}}\n" for n, host in enumerate(hosts))
            cached = {
                **ecr.environment,
                "DOCKERCFG_CACHE_DIR": "/opt/data/cache",
                "DOCKERCFG_CONFIG_YAML": f"registries:\n{entries}",
            }
            kinds[f"warm, {number}"] = {**cached, "DOCKERCFG_FAST": "0"}
            kinds[f"fast, {number}"] = cached
        return [_cost(kind, variables, volume, rounds) for kind, variables in kinds.items()]


def _cost(name: str, environment: Mapping[str, str], volume: Path, rounds: int) -> Cost:
    flags = ["--rm", "--network=host", *HARDENED, *flags_of(environment, {volume: "/opt/data"})]
    empty = ["run", *flags, "--entrypoint=true", IMAGE]
    ours = ["run", *flags, IMAGE, "/opt/data/dockercfg"]
    # the first run fills the cache and the engine's own, the second leaves its document
    for _ in range(2):
        _timed(ours)
    pairs = [(_timed(empty), _timed(ours)) for _ in range(rounds)]
    return Cost(
        name,
        statistics.median(run for _, run in pairs),
        statistics.median(run / nothing for nothing, run in pairs),
    )


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    ran = docker(*command)
    seconds = time.perf_counter() - started
    if ran.code:
        sys.exit(f"docker {' '.join(command[-2:])} failed: {ran.stderr}")
    return seconds


def main() -> None:
    """Print a Markdown table."""
    print("| run in a container | median ms | to `docker run … true` |")
    print("|---|---|---|")
    for cost in measure():
        print(f"| {cost.name} | {1000 * cost.median_s:.0f} | {cost.ratio:.2f} |")


if __name__ == "__main__":
    main()
