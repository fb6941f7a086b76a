"""The kinds there are, told from their own code."""

import textwrap

import pytest

from backends import loader
from backends.inputs import RecordedInputs
from generator.commands import providers
from generator.commands.providers import _backend, _registry, _rows, _text
from generator.config.load import load_config
from generator.registries.base import KindDocs
from generator.registries.loader import BUILT_IN, kind_of_host, provider_named
from generator.registries.static.presets import PRESETS
from generator.settings import Settings


def registries() -> list[providers.Row]:
    return _rows(BUILT_IN, "no.such.group", _registry, "host_pattern")


def presets() -> list[providers.Row]:
    return [providers._preset(name, one) for name, one in PRESETS.items()]


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


@pytest.mark.parametrize("kind", BUILT_IN)
def test_the_example_of_a_kind_is_an_entry_of_it(kind: str) -> None:
    docs: KindDocs = getattr(provider_named(kind), "docs")  # noqa: B009 - not of the protocol
    assert docs.lives
    text = f"registries:\n  example:\n{textwrap.indent(docs.example, '    ')}"
    settings = Settings(config_yaml=text)
    (entry,) = load_config(settings, {}, RecordedInputs()).entries
    assert entry.provider == kind


@pytest.mark.parametrize("kind", [kind for kind, known in BUILT_IN.items() if known.hosts])
def test_a_kind_claims_the_hosts_that_it_tells_of(kind: str) -> None:
    for row in registries():
        if row["name"] == kind:
            hosts = [host for host in row["hosts"] if " " not in host]
            assert hosts
            for host in hosts:
                assert kind_of_host(host.replace("*", "any").lower()) == kind


def test_the_text_has_a_heading_for_each() -> None:
    text = _text(registries(), backends(), presets())
    assert {*BUILT_IN, "vault:MOUNT/PATH"} <= set(text)
    assert "  credentials: [username], password, [expires_at]" in text
    assert "  recognised by: *.azurecr.io, *.azurecr.cn, *.azurecr.us, *.azurecr.de" in text
    assert "  a token lives: 12 h" in text
    assert "    server: public.ecr.aws" in text


def test_a_kind_that_claims_no_host_is_named() -> None:
    bare = {"host_pattern": None, "package": "acme 1.0", "problem": None, "summary": ""}
    text = _text(
        [{**bare, "name": "desk"}, {**bare, "name": "hub", "hosts": ["hub.example"]}], [], []
    )
    assert "  named by: provider: desk" in text
    assert text[text.index("  named by: provider: hub") + 1] == "  hosts: hub.example"


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
    assert "broken (from acme-plugin 1.0)" in _text(rows, [], [])
    assert "CANARY" not in repr(rows)


def test_presets_are_told_with_their_variables() -> None:
    lines = _text([], [], presets())
    begin = lines.index("scaleway")
    assert lines[begin + 1 : begin + 5] == [
        "  Scaleway, by a secret key",
        "    server    rg.[SCW_DEFAULT_REGION].scw.cloud",
        "    username  nologin",
        "    password  SCW_SECRET_KEY",
    ]
    assert set(PRESETS) <= set(lines)
    assert lines[0].startswith("presets of static, by preset: NAME")
    (row,) = [row for row in presets() if row["name"] == "scaleway"]
    assert (row["server"], row["username"]) == ("rg.{}.scw.cloud", "nologin")
    assert row["variables"] == {
        "server": ["SCW_DEFAULT_REGION"],
        "username": [],
        "password": ["SCW_SECRET_KEY"],
    }
