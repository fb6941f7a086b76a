"""Every kind of registry through the command: granted, denied, throttled, garbled, slow."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.registries.loader import BUILT_IN
from tests.e2e.command import CANARY, run
from tests.e2e.outcomes import asia, clouds, forges, generic, hubs, signed, static
from tests.e2e.outcomes.clouds import AWS
from tests.parts.azure import CLIENT_SECRET
from tests.parts.azure import HOST as ACR
from tests.parts.google import service_account_key
from tests.parts.ibm import API_KEY
from tests.parts.world import World, world

KINDS = {
    **asia.KINDS,
    **clouds.KINDS,
    **forges.KINDS,
    **generic.KINDS,
    **hubs.KINDS,
    **signed.KINDS,
    **static.KINDS,
}
CODES = {"granted": 0, "denied": 77, "throttled": 69, "garbage": 76, "slow": 69}
CASES = [
    (kind, outcome)
    for kind, known in KINDS.items()
    for outcome in CODES
    if outcome == "granted" or known.fail
]


def test_every_kind_has_a_row() -> None:
    assert {name.partition(", ")[0] for name in KINDS} == set(BUILT_IN)


@pytest.fixture(name="world")
def every_cloud(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("kind", "outcome"), CASES)
def test_each_outcome_has_its_exit_code(
    kind: str,
    outcome: str,
    world: World,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    known, target = KINDS[kind], tmp_path / "dockercfg"
    if outcome in known.fail:
        known.fail[outcome](world)
    if outcome == "slow":
        world.slow_down(20)
    environment = {
        **known.environment,
        **world.net.environment,
        "DOCKERCFG_CONFIG_YAML": f"registries: {{r: {known.entry}}}",
        "DOCKERCFG_LOG_LEVEL": "debug",
        "DOCKERCFG_TIMEOUT": "3s" if outcome == "slow" else "30s",
    }
    started = time.monotonic()
    ran = run(target, environment=environment)
    seconds = time.monotonic() - started
    record_property("row", f"{kind} | {outcome} | {ran.code} | {world.requests} | {seconds:.2f}")
    assert ran.code == CODES[outcome], ran.stderr
    assert target.exists() == (outcome == "granted")
    assert CANARY not in ran.output
    if outcome == "slow":
        assert seconds < 8


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].fail])
def test_a_second_run_asks_nobody(kind: str, world: World, tmp_path: Path) -> None:
    known, target = KINDS[kind], tmp_path / "dockercfg"
    environment = {
        **known.environment,
        **world.net.environment,
        "DOCKERCFG_CONFIG_YAML": f"registries: {{r: {known.entry}}}",
        "DOCKERCFG_CACHE_DIR": str(tmp_path / "cache"),
    }
    first = run(target, environment=environment)
    content, requests = target.read_bytes(), world.requests
    second = run(target, environment=environment)
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert ("fetched" in first.stderr, "cached" in second.stderr) == (True, True)
    assert world.requests == requests
    assert target.read_bytes() == content
    assert list(json.loads(content)["auths"])


def test_twenty_entries_of_six_kinds_take_about_as_long_as_the_slowest(
    world: World, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Each answer takes 200 ms; Azure's registries need two of them, one after the other."""
    world.slow_down(0.2)
    world.azure.registries = [f"team{number}.azurecr.io" for number in range(4)]
    regions = [f"{area}-{n}" for area in ("eu-west", "us-east", "ap-south") for n in range(1, 4)]
    entries = [f"{{server: 123456789012.dkr.ecr.{region}.amazonaws.com}}" for region in regions]
    entries += [KINDS["ecr-public"].entry]
    entries += [KINDS["acr"].entry.replace(ACR, f"team{number}.azurecr.io") for number in range(4)]
    entries += [f"{{server: {r}-docker.pkg.dev, credentials: env:GAR}}" for r in ("a", "b", "c")]
    entries += [f"{{server: {h}.icr.io, credentials: env:IBM}}" for h in ("us", "de")]
    entries += ["{server: r.example, username: ci, credentials: env:IBM}"]
    variables = {"GAR": service_account_key(), "IBM": API_KEY, "KEY": CLIENT_SECRET}
    variables |= AWS | world.net.environment

    def seconds(chosen: list[str]) -> float:
        config = "".join(f"  e{n}: {entry}\n" for n, entry in enumerate(chosen))
        started = time.monotonic()
        ran = run(
            tmp_path / "dockercfg",
            environment={**variables, "DOCKERCFG_CONFIG_YAML": f"registries:\n{config}"},
        )
        assert ran.code == 0, ran.stderr
        assert len(ran.stderr.splitlines()) == len(chosen) + 1
        return time.monotonic() - started

    alone = max(seconds([entry]) for entry in (entries[0], entries[10], entries[14], entries[17]))
    together = seconds(entries)
    assert len(entries) == 20
    record_property("ratio", f"{together:.2f} s / {alone:.2f} s = {together / alone:.2f}")
    assert together < 6 * alone
