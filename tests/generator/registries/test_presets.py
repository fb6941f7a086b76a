"""What the table of presets promises."""

import re

import pytest

from generator.addresses import canonical_address
from generator.registries.loader import kind_of_host
from generator.registries.login import problem_of_username
from generator.registries.static.presets import PRESETS, preset_of

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")


@pytest.mark.parametrize("name", PRESETS)
def test_each_says_where_everything_is_from(name: str) -> None:
    preset = PRESETS[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)?", name)
    assert preset.title
    assert preset.passwords
    assert bool(preset.username) != bool(preset.usernames)
    assert bool(preset.user) == bool(preset.usernames)
    assert preset.server or preset.servers
    assert preset.username is None or problem_of_username(preset.username) is None
    for variable in (*preset.servers, *preset.usernames, *preset.passwords):
        assert VARIABLE.fullmatch(variable)


@pytest.mark.parametrize("name", [name for name, one in PRESETS.items() if one.server])
def test_its_own_server_is_one_that_it_knows_and_that_no_other_kind_claims(name: str) -> None:
    preset = PRESETS[name]
    address = canonical_address((preset.server or "").format("fr-par"))
    assert preset.knows(address)
    assert preset_of(None, address) == preset
    assert kind_of_host((preset.server or "").format("fr-par")) == "static"


def test_a_host_that_only_looks_alike_is_nobodys() -> None:
    for address in ("nvcr.io.evil.example", "evil-nvcr.io", "rg.evil.example", None, ""):
        assert preset_of(None, address) is None
    assert preset_of("nothing", "nvcr.io") is None
