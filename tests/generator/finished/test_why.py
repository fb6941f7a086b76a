"""Whether the next run would be fast, and why not: reasons and names, never a value."""

import time
from pathlib import Path

import pytest

from generator.finished.why import Outlook, outlook
from tests.generator.cache.samples import names_in
from tests.generator.fast.samples import CANARY, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "secret").write_text(CANARY)
    made = Place(tmp_path, {"TOKEN": CANARY, "AWS_REGION": "eu-west-1"})
    made.environment["DOCKERCFG_CONFIG_YAML"] = (
        "registries:\n"
        "  a: {server: a.example, username: ci, credentials: env:TOKEN}\n"
        f"  b: {{server: b.example, username: ci, credentials: 'file:{tmp_path}/secret'}}\n"
    )
    return made


def looked_at(place: Place, changes: dict[str, str] | None = None, in_s: float = 0) -> Outlook:
    before = names_in(place.folder)
    environment = place.environment | (changes or {})
    seen = outlook([str(place.target)], environment, time.time() + in_s)
    assert CANARY not in repr(seen)
    assert names_in(place.folder) == before
    return seen


def test_after_a_plain_run_the_next_one_is_fast(place: Place) -> None:
    assert not looked_at(place).is_fast
    assert place.ordinary() == 0
    assert looked_at(place) == Outlook(is_fast=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"DOCKERCFG_FAST": "0"}, "DOCKERCFG_FAST turns it off"),
        ({"DOCKERCFG_MERGE": "1"}, "DOCKERCFG_MERGE is set"),
        ({"DOCKERCFG_CONFIG": "/x"}, "there are two configs"),
        ({"DOCKERCFG_CACHE_DIR": ""}, "the config does not say cache: {dir: /cache}, plainly"),
        ({"DOCKERCFG_CACHE_DIR": "/nonexistent/x"}, "the cache folder is not there"),
        ({"DOCKERCFG_FORMAT": "legacy"}, "no run of this config has left a document"),
    ],
)
def test_a_form_that_is_not_plain_is_named(
    place: Place, changes: dict[str, str], reason: str
) -> None:
    assert place.ordinary() == 0
    seen = looked_at(place, changes)
    assert not seen.is_fast
    assert str(seen.reason).startswith(reason)


def test_an_input_that_changed_is_named(place: Place) -> None:
    assert place.ordinary() == 0
    # a hint of eight bits is the same for one value in 256
    named = {looked_at(place, {"TOKEN": f"other-{number}"}).changed for number in range(4)}
    assert ("variable TOKEN",) in named
    secret, named = place.folder / "secret", set()
    for number in range(4):
        secret.write_text(f"other-{number}")
        named.add(looked_at(place).changed)
    assert (f"file {secret}",) in named
    secret.unlink()
    seen = looked_at(place)
    assert seen.reason == "no run of these inputs has left a document"
    assert seen.changed in ((f"file {secret}",), ())


def test_a_folder_where_a_file_was_is_named(place: Place) -> None:
    assert place.ordinary() == 0
    (place.folder / "secret").unlink()
    (place.folder / "secret").mkdir()
    assert f"{place.folder}/secret" in str(looked_at(place).reason)


def test_time_is_named(place: Place) -> None:
    assert place.ordinary() == 0
    seen = looked_at(place, in_s=10 * 86400)
    assert seen.reason == "a token in the document is due to be renewed"
    assert seen.changed == ()
