"""The kinds there are, told from their own code."""

import pytest

from backends import loader
from generator.commands import providers
from generator.commands.providers import _backend, _registry, _rows, _text
from generator.registries.loader import BUILT_IN


def registries() -> list[providers.Row]:
    return _rows(BUILT_IN, "no.such.group", _registry, "host_pattern")


def backends() -> list[providers.Row]:
    return _rows(loader.BUILT_IN, "no.such.group", _backend, "reference")


def test_every_kind_and_every_option_says_what_it_is_for() -> None:
    for row in (*registries(), *backends()):
        assert row["summary"], row["name"]
        for setting in (*row.get("options", ()), *row.get("settings", ())):
            assert setting["description"], (row["name"], setting["name"])


def test_reference_forms_are_those_of_the_readme() -> None:
    forms = {row["name"]: row["reference"] for row in backends()}
    assert forms == {
        "env": "env:NAME",
        "file": "file:PATH",
        "vault": "vault:MOUNT/PATH",
        "openbao": "openbao:MOUNT/PATH",
        "aws-sm": "aws-sm:NAME",
        "aws-ssm": "aws-ssm:/PATH/NAME",
    }


def test_the_text_has_a_heading_for_each() -> None:
    text = _text(registries(), backends())
    assert {*BUILT_IN, "vault:MOUNT/PATH"} <= set(text)
    assert "  credentials: [username], password" in text


def test_a_package_that_can_not_be_loaded_hides_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = {"broken": "acme-plugin 1.0", "static": "acme-plugin 1.0"}
    monkeypatch.setattr(providers, "distributions", lambda _group: packages)

    def describe(name: str) -> providers.Row:
        if name == "broken":
            raise ImportError("hunter2-CANARY")
        return _registry(name)

    rows = _rows(BUILT_IN, "group", describe, "host_pattern")
    assert [row["name"] for row in rows] == [*BUILT_IN, "broken"]
    assert rows[-1]["problem"] == "can not be loaded: ImportError"
    assert "broken (from acme-plugin 1.0)" in _text(rows, [])
    assert "CANARY" not in repr(rows)
