"""What is handed through leaves nothing behind: neither a grant nor a finished document."""

import base64
import json
from pathlib import Path

import pytest

from backends.testing import make_context
from generator.cache import layout
from generator.grant_plans import plan_grants
from generator.model import RegistryEntry
from tests.generator.fakes import Clock, FakeProvider, entry
from tests.generator.fast.samples import CANARY, Place
from tests.parts.helper import helper, telling

AUTH = base64.b64encode(f"ci:{CANARY}".encode()).decode()
DOCUMENT = json.dumps({"auths": {"r.example": {"auth": AUTH}, "s.example": {"auth": AUTH}}})
HELPER = "{provider: credential-helper, server: r.example, helper: own, environment: [TOKEN]}"
ENDING = """{server: r.example, username: ci, credentials:
    {password: env:TOKEN, expires_at: file:ends}}"""
HABITS = {
    "HARBOR_URL": "r.example",
    "HARBOR_USERNAME": "ci",
    "HARBOR_PASSWORD": CANARY,
    "NEXUS_REGISTRY": "r.example",
    "NEXUS_USERNAME": "ci",
}
TAKEN = "{provider: dockercfg, server: r.example, credentials: env:DOCUMENT}"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    programs = tmp_path / "bin"
    programs.mkdir()
    helper(programs, telling("ci", CANARY))
    (tmp_path / "document").write_text(DOCUMENT)
    (tmp_path / "ends").write_text("2100-01-01T00:00:00Z\n")
    environment = {
        **HABITS,
        "PATH": f"{programs}:/usr/bin:/bin",
        "TOKEN": CANARY,
        "DOCUMENT": DOCUMENT,
    }
    return Place(tmp_path, {**environment, "DOCKERCFG_CACHE_KEY": "0b" * 32})


def configured(place: Place, *entries: str) -> Place:
    lines = "".join(f"  e{number}: {entry}\n" for number, entry in enumerate(entries))
    place.environment["DOCKERCFG_CONFIG_YAML"] = f"cache: {{static: 1h}}\nregistries:\n{lines}"
    return place


def grants_in(place: Place) -> list[str]:
    return [file.name for file in place.cache.iterdir() if layout.is_grant_name(file.name)]


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize(
    "entries",
    [
        [HELPER],
        [HELPER.replace("}", ", lifetime: 6h}")],
        [TAKEN],
        [TAKEN.replace("env:DOCUMENT", "file:document")],
        [TAKEN, TAKEN.replace("r.example", "s.example")],
        ["{server: r.example, username: ci, credentials: env:TOKEN}"],
        [ENDING],
        ["{preset: harbor}"],
        ["{preset: nexus, credentials: {password: env:TOKEN, expires_at: file:ends}}"],
    ],
)
def test_nothing_of_it_lies_in_the_cache_after_a_run(
    place: Place, entries: list[str], *, encrypted: bool
) -> None:
    configured(place, *entries)
    if not encrypted:
        del place.environment["DOCKERCFG_CACHE_KEY"]
        config = place.environment["DOCKERCFG_CONFIG_YAML"]
        place.environment["DOCKERCFG_CONFIG_YAML"] = config.replace("cache: {static: 1h}\n", "")
    (place.folder / "config.yaml").write_text(place.environment.pop("DOCKERCFG_CONFIG_YAML"))
    place.environment["DOCKERCFG_CONFIG"] = str(place.folder / "config.yaml")
    for _ in range(2):
        assert place.ordinary() == 0
        auths = json.loads(place.target.read_text())["auths"]
        assert [login["auth"] for login in auths.values()] == [AUTH] * len(entries)
    assert grants_in(place) == []
    secret = CANARY.encode()
    forms = (secret, base64.b64encode(secret), base64.b64encode(secret)[:-4], AUTH.encode())
    held = b"".join(file.read_bytes() for file in place.cache.iterdir())
    assert not any(form in held for form in forms)


@pytest.mark.parametrize("entry", [HELPER, HELPER.replace("}", ", lifetime: 6h}"), TAKEN])
def test_no_run_of_it_is_fast_and_it_is_asked_each_time(place: Place, entry: str) -> None:
    configured(place, entry)
    assert place.ordinary() == 0
    assert place.documents == []
    assert not place.fast()
    other = "other-" + CANARY
    helper(place.folder / "bin", telling("ci", other))
    place.environment["DOCUMENT"] = DOCUMENT.replace(
        AUTH, base64.b64encode(f"ci:{other}".encode()).decode()
    )
    assert place.ordinary() == 0
    (login,) = json.loads(place.target.read_text())["auths"].values()
    assert base64.b64decode(login["auth"]) == f"ci:{other}".encode()


def test_a_promise_is_held_against_a_lifetime_that_is_stated(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    configured(place, HELPER.replace("}", ", lifetime: 1h}"))
    assert place.ordinary(DOCKERCFG_MIN_VALIDITY="30m") == 0
    assert "static, valid until" in capfd.readouterr().err
    assert place.ordinary(DOCKERCFG_MIN_VALIDITY="2h") == 76
    assert "the token lives 1 h 0 min, 2 h 0 min are asked for" in capfd.readouterr().err


def test_one_jobs_helper_does_not_fail_for_another_ones(place: Place) -> None:
    """Both see the same variables, and differ in what only the helper knows."""
    configured(place, HELPER)
    script = telling("ci", CANARY)
    helper(place.folder / "bin", "echo 'credentials not found in native keychain'; exit 1")
    assert place.ordinary() == 66
    assert not list(place.cache.glob(f"*{layout.FAILURE_SUFFIX}"))
    helper(place.folder / "bin", script)
    assert place.ordinary() == 0


def test_nobody_waits_for_another_ones_helper(place: Place) -> None:
    configured(place, HELPER)
    assert place.ordinary() == 0
    locks = [file.name for file in place.cache.iterdir() if file.name.startswith("grant-")]
    assert locks == []


class HandsOneThrough(FakeProvider):
    def hands_through(self, entry: RegistryEntry) -> bool:
        return entry.name == "static"


def test_a_kind_may_hand_through_for_some_entries_only() -> None:
    entries = [(entry(name), HandsOneThrough(Clock())) for name in ("static", "r")]
    plans, failed = plan_grants(entries, {}, make_context({}), b"k" * 32)
    assert not failed
    assert [plan.inputs.hands_through for plan in plans] == [True, False]
