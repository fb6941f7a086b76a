"""Presets are written out while the config is read."""

import json
from typing import Any

import pytest

from backends.base import SecretRef
from backends.inputs import RecordedInputs
from generator.config.load import load_addresses, load_config
from generator.config.model import Config
from generator.errors import ConfigError
from generator.model import DOCKER_HUB
from generator.settings import Settings
from tests.generator.fakes import CANARY

GHCR = {"GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": CANARY}


def load(entries: Any, environment: dict[str, str] | None = None, **settings: Any) -> Config:
    text = json.dumps({"registries": entries})
    return load_config(
        Settings("-", config_yaml=text, **settings), environment or {}, RecordedInputs()
    )


def refused(entries: Any, environment: dict[str, str] | None = None, **settings: Any) -> list[str]:
    """Return each problem as a person reads it."""
    with pytest.raises(ConfigError) as caught:
        load(entries, environment, **settings)
    said = [f"{place}: {one.message}; {one.hint}" for place, one in caught.value.problems]
    assert CANARY not in repr(said)
    return said


def test_a_preset_is_all_that_an_entry_needs() -> None:
    (entry,) = load({"r": {"preset": "ghcr"}}, GHCR).entries
    assert (entry.provider, entry.server) == ("static", "ghcr.io")
    assert entry.credentials.fields == {
        "username": SecretRef("env", "GITHUB_ACTOR"),
        "password": SecretRef("env", "GITHUB_TOKEN"),
    }


def test_the_first_variable_that_is_set_counts() -> None:
    environment = {**GHCR, "CR_PAT": CANARY, "GHCR_TOKEN": " ", "GHCR_USERNAME": "bot"}
    (entry,) = load({"r": {"preset": "ghcr"}}, environment).entries
    assert entry.credentials.fields["password"] == SecretRef("env", "CR_PAT")
    assert entry.credentials.fields["username"] == SecretRef("env", "GHCR_USERNAME")


def test_what_the_entry_writes_itself_wins() -> None:
    written = {
        "preset": "ghcr",
        "server": "containers.ghe.example",
        "username": "bot",
        "credentials": {"password": "env:MINE"},
    }
    (entry,) = load({"r": written}).entries
    assert (entry.server, entry.options.username) == ("containers.ghe.example", "bot")
    assert entry.credentials.fields == {"password": SecretRef("env", "MINE")}


@pytest.mark.parametrize("credentials", ["vault:secret/ci/ghcr", {"from": "vault:secret/ci/ghcr"}])
def test_a_whole_document_brings_its_own_user_name(credentials: Any) -> None:
    (entry,) = load({"r": {"preset": "ghcr", "credentials": credentials}}, GHCR).entries
    assert entry.credentials.fields == {}
    assert entry.options.username is None


def test_half_of_the_credentials_is_completed() -> None:
    half = {"r": {"preset": "ghcr", "credentials": {"username": "env:ME"}}}
    (entry,) = load(half, GHCR).entries
    assert entry.credentials.fields == {
        "username": SecretRef("env", "ME"),
        "password": SecretRef("env", "GITHUB_TOKEN"),
    }


def test_a_user_name_that_everybody_has_is_not_asked_for() -> None:
    (entry,) = load({"r": {"preset": "nvidia"}}, {"NGC_API_KEY": CANARY}).entries
    assert entry.credentials.fields == {"password": SecretRef("env", "NGC_API_KEY")}


@pytest.mark.parametrize(
    ("preset", "environment", "server"),
    [
        ("dockerhub", {"DOCKERHUB_USERNAME": "u", "DOCKERHUB_TOKEN": CANARY}, DOCKER_HUB),
        (
            "gitlab",
            {
                "CI_REGISTRY": "gitlab.example:5050",
                "CI_REGISTRY_USER": "gitlab-ci-token",
                "CI_REGISTRY_PASSWORD": CANARY,
            },
            "gitlab.example:5050",
        ),
        (
            "scaleway",
            {"SCW_DEFAULT_REGION": "fr-par", "SCW_SECRET_KEY": CANARY},
            "rg.fr-par.scw.cloud",
        ),
        (
            "harbor",
            {
                "HARBOR_URL": "https://Harbor.example:8443/harbor/projects",
                "HARBOR_USERNAME": "robot$team+ci",
                "HARBOR_PASSWORD": CANARY,
            },
            "harbor.example:8443",
        ),
        (
            "artifactory",
            {
                "JF_URL": "https://acme.jfrog.io/x",
                "JF_USER": "u",
                "JF_ACCESS_TOKEN": CANARY,
            },
            "acme.jfrog.io",
        ),
    ],
)
def test_a_server_is_fixed_or_made_of_a_variable(
    preset: str, environment: dict[str, str], server: str
) -> None:
    (entry,) = load({"r": {"preset": preset}}, environment).entries
    assert entry.server == server


def test_what_is_missing_is_said_by_its_variable_all_at_once() -> None:
    said = refused(
        {"a": {"preset": "ghcr"}, "b": {"preset": "gitlab"}, "c": {"preset": "nvidia"}},
        {"GHCR_TOKEN": "", "CI_REGISTRY_PASSWORD": CANARY},
    )
    assert [line.partition(":")[0] for line in said] == [
        "GHCR_USERNAME",
        "GHCR_TOKEN",
        "CI_REGISTRY",
        "CI_REGISTRY_USER",
        "NGC_API_KEY",
    ]
    assert "is not set, and the preset ghcr of registries.a takes the user name" in said[0]
    assert "(or GITHUB_ACTOR); set it, or write username: NAME (your GitHub login" in said[0]
    assert "is set, but empty" in said[1]


def test_half_of_a_pair_names_the_other_half() -> None:
    (said,) = refused({"r": {"preset": "dockerhub"}}, {"DOCKERHUB_TOKEN": CANARY})
    assert said.startswith("DOCKERHUB_USERNAME: is not set")
    assert "the organization's name" in said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"preset": "gitlba"}, "there is no preset called gitlba; did you mean gitlab?"),
        ({"preset": "hunter2-CANARY-x9Y8z7"}, "there is no such preset; known: dockerhub"),
        ({"preset": "ecr"}, "ecr is a kind of registry, not a preset; write provider: ecr"),
        (
            {"provider": "harbor"},
            "harbor is a preset, not a kind of registry; write preset: harbor",
        ),
        ({"preset": ["ghcr"]}, "a single value is needed here"),
        ({"preset": "ghcr", "provider": "ecr"}, "of the kind static, and provider: says another"),
        ({"preset": "ghcr", "usernam": "u"}, "did you mean username?"),
        ({"preset": "ghcr", "credentials": {"passwrod": "env:T"}}, "did you mean password?"),
        ({"preset": "ghcr", "server": "a/b"}, "clients look up hosts, not paths"),
        ({"preset": "ghcr", "username": "a:b"}, "the user name holds a ':'"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_where_it_stands(entry: Any, said: str) -> None:
    (problem,) = refused({"r": entry}, GHCR)
    assert problem.startswith("DOCKERCFG_CONFIG_YAML:1 registries.r")
    assert said in problem


def test_provider_static_beside_a_preset_is_no_contradiction() -> None:
    (entry,) = load({"r": {"preset": "ghcr", "provider": "static"}}, GHCR).entries
    assert entry.provider == "static"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HARBOR_URL", "https://", "not a host name"),
        ("HARBOR_URL", "https://user:pw@harbor.example", "no user name belongs into an address"),
        ("HARBOR_URL", "ftp://harbor.example", "only http:// and https://"),
        ("HARBOR_USERNAME", "robot:ci", "the user name holds a ':'"),
        ("SCW_DEFAULT_REGION", "evil.example/x", "clients look up hosts, not paths"),
        ("SCW_DEFAULT_REGION", "x.y", "there is no such host"),
    ],
)
def test_a_variable_that_holds_nonsense_is_named(variable: str, value: str, said: str) -> None:
    environment = {
        "HARBOR_URL": "harbor.example",
        "HARBOR_USERNAME": "robot$ci",
        "HARBOR_PASSWORD": CANARY,
        "SCW_DEFAULT_REGION": "fr-par",
        "SCW_SECRET_KEY": CANARY,
        variable: value,
    }
    (problem,) = refused({"a": {"preset": "harbor"}, "b": {"preset": "scaleway"}}, environment)
    assert problem.startswith(f"{variable}: ")
    assert said in problem
    assert value not in problem


def test_an_optional_entry_may_lack_its_credentials_until_they_are_read() -> None:
    (entry,) = load({"r": {"preset": "dockerhub", "optional": "true"}}).entries
    assert entry.optional
    assert entry.credentials.fields["password"] == SecretRef("env", "DOCKERHUB_TOKEN")
    assert refused({"r": {"preset": "gitlab", "optional": "true"}}) != []


def test_an_entry_that_is_not_selected_lacks_nothing() -> None:
    entries = {"a": {"preset": "ghcr"}, "b": {"preset": "gitlab"}, "c": {"preset": "quay"}}
    config = load(entries, GHCR, registries=("a",))
    assert [entry.name for entry in config.entries] == ["a"]
    assert len(refused(entries, registries=("a",))) == 2


def test_every_variable_that_was_looked_at_is_recorded_absent_ones_too() -> None:
    inputs = RecordedInputs()
    text = json.dumps({"registries": {"r": {"preset": "ghcr"}}})
    load_config(Settings("-", config_yaml=text), GHCR, inputs)
    looked_at = {"GHCR_USERNAME", "GITHUB_ACTOR", "GHCR_TOKEN", "CR_PAT", "GITHUB_TOKEN"}
    assert looked_at <= inputs.variables


def test_each_setting_that_a_preset_brings_has_its_origin() -> None:
    environment = {**GHCR, "SCW_DEFAULT_REGION": "fr-par", "SCW_SECRET_KEY": CANARY}
    config = load({"a": {"preset": "ghcr"}, "b": {"preset": "scaleway"}}, environment)
    path = ("registries", "a")
    assert config.origin((*path, "preset")) == "DOCKERCFG_CONFIG_YAML:1"
    assert config.origin((*path, "server")) == "preset ghcr"
    assert config.origin((*path, "credentials", "password")) == "preset ghcr"
    assert config.origin(("registries", "b", "server")) == "SCW_DEFAULT_REGION, preset scaleway"


def test_the_addresses_of_an_entry_are_found_by_its_preset() -> None:
    text = json.dumps({"registries": {"a": {"preset": "ghcr"}, "b": {"preset": "gitlab"}}})
    found = load_addresses(Settings("-", config_yaml=text), {}, RecordedInputs())
    assert found == {"a": ["ghcr.io"], "b": []}


def test_what_an_operator_allows_bounds_presets_as_well() -> None:
    said = refused({"r": {"preset": "ghcr"}}, GHCR, allow_secrets=("env:CI_*",))
    assert any("DOCKERCFG_ALLOW_SECRETS does not allow this secret" in line for line in said)
    assert refused({"r": {"preset": "ghcr"}}, GHCR, allow_servers=("quay.io",))
    assert load({"r": {"preset": "ghcr"}}, GHCR, allow_secrets=("env:GITHUB_*",)).entries
