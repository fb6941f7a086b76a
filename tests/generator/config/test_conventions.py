"""No config: CodeShip's variables."""

from typing import Any

import pytest

from backends.base import SecretRef
from backends.inputs import RecordedInputs
from generator.config.codeship import SETS
from generator.config.load import load_config
from generator.config.model import Config
from generator.errors import ConfigError
from generator.help import help_text
from generator.model import DOCKER_HUB
from generator.registries.static.presets import PRESETS
from generator.settings import Settings

DOCKER = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "hunter2-CANARY"}
AWS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "hunter2-CANARY",
}
ROLE = {"AWS_STS_ROLE": "ci", "AWS_STS_ACCOUNT": "123456789012"}


GOOGLE = {"GOOGLE_AUTH_JSON": '{"type": "service_account"}'}
AZURE = {
    "AZURE_USERNAME": "team",
    "AZURE_PASSWORD": "hunter2-CANARY",
    "AZURE_REGISTRY_NAME": "team.azurecr.io",
}


def load(environment: dict[str, str], **settings: Any) -> Config:
    return load_config(Settings("-", **settings), environment, RecordedInputs())


def refused(environment: dict[str, str], **settings: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(environment, **settings)
    assert "CANARY" not in repr(caught.value.problems)
    return [place for place, _ in caught.value.problems]


def test_docker_variables_are_a_static_entry_for_docker_hub() -> None:
    entry = load(DOCKER).entries[0]
    assert (entry.name, entry.provider, entry.server) == ("docker", "static", DOCKER_HUB)
    assert entry.options.username == "ci"
    assert entry.credentials.fields == {"password": SecretRef("env", "DOCKER_PASSWORD")}


def test_docker_registry_names_another_server() -> None:
    assert load({**DOCKER, "DOCKER_REGISTRY": "https://r.io/v2/"}).entries[0].server == "r.io"


def test_aws_variables_are_the_accounts_own_registry() -> None:
    entry = load(AWS).entries[0]
    assert (entry.provider, entry.server, entry.options.region) == ("ecr", None, "eu-west-1")
    assert sorted(entry.credentials.fields) == ["access_key_id", "secret_access_key"]


def test_a_session_token_and_a_role_are_taken_over() -> None:
    entry = load({**AWS, **ROLE, "AWS_SESSION_TOKEN": "t"}).entries[0]
    assert entry.options.role_arn == "arn:aws:iam::123456789012:role/ci"
    assert entry.options.role_session_name == "aws_docker_creds"
    assert "session_token" in entry.credentials.fields


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_role_is_in_the_regions_partition(region: str, partition: str) -> None:
    entry = load({**AWS, **ROLE, "AWS_REGION": region}).entries[0]
    assert entry.options.role_arn.startswith(f"arn:{partition}:iam::")


def test_several_sets_are_merged_and_can_be_narrowed() -> None:
    assert [e.name for e in load(DOCKER | AWS).entries] == ["docker", "aws"]
    assert [e.name for e in load(DOCKER | AWS, from_env=("aws",)).entries] == ["aws"]


@pytest.mark.parametrize(
    "lone",
    [
        ["AWS_REGION"],
        ["AWS_DEFAULT_REGION"],
        ["DOCKER_REGISTRY"],
        ["GOOGLE_PROJECT_ID"],
        ["BLUEMIX_API_ENDPOINT"],
        # a login of Azure's own tools
        ["AZURE_USERNAME", "AZURE_PASSWORD", "AZURE_CLIENT_ID"],
    ],
    ids=lambda names: names[0],
)
def test_what_is_merely_lying_around_is_ignored(lone: list[str]) -> None:
    environment = {**DOCKER, **dict.fromkeys(lone, "eu-west-1")}
    assert [e.name for e in load(environment).entries] == ["docker"]


@pytest.mark.parametrize(
    ("environment", "places"),
    [
        ({"DOCKER_USERNAME": "ci"}, ["DOCKER_PASSWORD"]),
        ({"DOCKER_PASSWORD": "p", "DOCKER_USERNAME": " "}, ["DOCKER_USERNAME"]),
        ({**AWS, "AWS_REGION": ""}, ["AWS_REGION"]),
        ({"AWS_ACCESS_KEY_ID": "A"}, ["AWS_REGION", "AWS_SECRET_ACCESS_KEY"]),
        ({**AWS, "AWS_STS_ROLE": "ci"}, ["AWS_STS_ACCOUNT"]),
        ({**AWS, **ROLE, "AWS_STS_ACCOUNT": "12"}, ["AWS_STS_ROLE"]),
        ({**AWS, "AWS_REGION": "Ireland"}, ["AWS_REGION"]),
        ({**DOCKER, "DOCKER_REGISTRY": "r.io/team"}, ["DOCKER_REGISTRY"]),
        ({**DOCKER, "DOCKER_USERNAME": "a:b"}, ["DOCKER_USERNAME"]),
        (
            {"DOCKER_USERNAME": "ci", "AWS_ACCESS_KEY_ID": "A", "AWS_REGION": "eu-west-1"},
            ["DOCKER_PASSWORD", "AWS_SECRET_ACCESS_KEY"],
        ),
        ({"GOOGLE_AUTH_EMAIL": "ci@p.iam.gserviceaccount.com"}, ["GOOGLE_AUTH_JSON"]),
        ({"AZURE_REGISTRY_NAME": "team"}, ["AZURE_USERNAME", "AZURE_PASSWORD"]),
        ({**AZURE, "AZURE_REGISTRY_NAME": ""}, ["AZURE_REGISTRY_NAME"]),
        ({**AZURE, "AZURE_REGISTRY_NAME": "https://team azurecr"}, ["AZURE_REGISTRY_NAME"]),
        ({}, ["config"]),
    ],
)
def test_a_set_that_is_meant_but_wrong_names_the_variable(
    environment: dict[str, str], places: list[str]
) -> None:
    assert refused(environment) == places


def test_narrowing_to_a_set_that_is_not_there_or_does_not_exist_is_a_problem() -> None:
    assert refused(DOCKER, from_env=("aws", "dcoker"))[0] == "DOCKERCFG_FROM_ENV"


@pytest.mark.parametrize(
    ("environment", "place", "message"),
    [
        ({"DOCKER_USERNAME": "ci"}, "DOCKER_PASSWORD", "is not set, and"),
        ({"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": " "}, "DOCKER_PASSWORD", "is set, but empty"),
        (
            {**AWS, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
            "AWS_REGION",
            "is set, but empty, and",
        ),
        (
            {**AWS, "AWS_REGION": ""},
            "AWS_REGION",
            "is set, but empty, and the set of variables called aws needs it (or AWS_DEFAULT",
        ),
        ({**AWS, **ROLE, "AWS_STS_ROLE": ""}, "AWS_STS_ROLE", "is set, but empty: role"),
        ({**AWS, "AWS_STS_ROLE": "ci"}, "AWS_STS_ACCOUNT", "is not set: role"),
    ],
)
def test_an_empty_variable_is_told_from_one_that_is_not_set(
    environment: dict[str, str], place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environment)
    ((where, problem),) = caught.value.problems
    assert (where, problem.message[: len(message)]) == (place, message)


def test_a_set_whose_variables_are_all_empty_is_ignored() -> None:
    assert [e.name for e in load({**DOCKER, "HEROKU_API_KEY": ""}).entries] == ["docker"]


@pytest.mark.parametrize("narrowed", [None, ("docker",)])
def test_the_hint_does_not_advise_what_is_done_already(narrowed: tuple[str, ...] | None) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"DOCKER_USERNAME": "ci"}, from_env=narrowed)
    hint = caught.value.problems[0][1].hint
    assert ("name the sets" in hint) == (narrowed is None)
    assert ("take docker out of DOCKERCFG_FROM_ENV" in hint) == (narrowed is not None)


@pytest.mark.parametrize("value", ["", "1"])
def test_ecr_public_counts_when_it_is_set_even_to_nothing(value: str) -> None:
    entry = load({**AWS, "ECR_PUBLIC": value}).entries[0]
    assert (entry.provider, entry.server) == ("ecr-public", "public.ecr.aws")


def test_herokus_key_is_an_entry() -> None:
    entry = load({"HEROKU_API_KEY": "hunter2-CANARY"}).entries[0]
    assert (entry.name, entry.provider) == ("heroku", "heroku")
    assert entry.credentials.fields == {"api_key": SecretRef("env", "HEROKU_API_KEY")}


@pytest.mark.parametrize(
    ("endpoint", "server", "alias"),
    [
        ("", "us.icr.io", "registry.ng.bluemix.net"),
        ("https://api.eu-de.bluemix.net", "de.icr.io", "registry.eu-de.bluemix.net"),
        ("api.eu-gb.bluemix.net", "uk.icr.io", "registry.eu-gb.bluemix.net"),
    ],
)
def test_ibms_key_is_an_entry_for_the_region_under_both_names(
    endpoint: str, server: str, alias: str
) -> None:
    environment = {"BLUEMIX_API_KEY": "hunter2-CANARY", "BLUEMIX_API_ENDPOINT": endpoint}
    entry = load(environment).entries[0]
    assert (entry.provider, entry.server, entry.aliases) == ("ibm", server, (alias,))


def test_an_unknown_region_of_ibm_is_a_problem() -> None:
    environment = {"BLUEMIX_API_KEY": "k", "BLUEMIX_API_ENDPOINT": "api.mars.bluemix.net"}
    assert refused(environment) == ["BLUEMIX_API_ENDPOINT"]


def test_googles_key_is_an_entry_for_the_hosts_that_gcloud_logged_in_to() -> None:
    entry = load({**GOOGLE, "GOOGLE_AUTH_EMAIL": "e@x", "GOOGLE_PROJECT_ID": "p"}).entries[0]
    assert (entry.name, entry.provider, entry.server) == ("google", "gar", "gcr.io")
    assert {"us.gcr.io", "eu.gcr.io", "asia.gcr.io"} < set(entry.aliases)
    assert entry.credentials.fields == {"key": SecretRef("env", "GOOGLE_AUTH_JSON")}


@pytest.mark.parametrize(
    "registry",
    [
        {"AZURE_REGISTRY_NAME": "team"},
        {"AZURE_REGISTRY_NAME": "team.azurecr.io"},
        {"AZURE_REGISTRY": "https://team.azurecr.io"},
        {"AZURE_REGISTRY_NAME": " ", "AZURE_REGISTRY": "team.azurecr.io"},
    ],
)
def test_azures_registry_is_named_either_way(registry: dict[str, str]) -> None:
    login = {name: AZURE[name] for name in ("AZURE_USERNAME", "AZURE_PASSWORD")}
    entry = load({**login, **registry}).entries[0]
    assert (entry.name, entry.provider, entry.server) == ("azure", "static", "team.azurecr.io")
    assert entry.options.username == "team"


def test_all_sets_together_are_one_dockercfg() -> None:
    keys = {"HEROKU_API_KEY": "k", "BLUEMIX_API_KEY": "k"}
    entries = load({**DOCKER, **AWS, **GOOGLE, **AZURE, **keys}).entries
    assert [e.name for e in entries] == ["docker", "aws", "google", "azure", "heroku", "ibm"]


def test_what_was_looked_at_is_recorded() -> None:
    inputs = RecordedInputs()
    load_config(Settings("-"), DOCKER, inputs)
    assert {"DOCKER_USERNAME", "DOCKER_REGISTRY", "AWS_ACCESS_KEY_ID"} <= inputs.variables


GHCR = {"GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": "hunter2-CANARY"}
GITLAB = {
    "CI_REGISTRY": "registry.gitlab.com",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": "hunter2-CANARY",
}


def test_what_lies_around_in_every_job_is_not_recognised_unless_it_is_named() -> None:
    assert [e.name for e in load({**DOCKER, **GHCR, **GITLAB}).entries] == ["docker"]
    assert refused({**GHCR, **GITLAB}) == ["config"]


def test_presets_that_are_named_are_entries_beside_codeships_sets() -> None:
    config = load({**DOCKER, **AWS, **GHCR, **GITLAB}, from_env=("gitlab", "docker", "ghcr"))
    assert [(e.name, e.provider, e.server) for e in config.entries] == [
        ("docker", "static", DOCKER_HUB),
        ("ghcr", "static", "ghcr.io"),
        ("gitlab", "static", "registry.gitlab.com"),
    ]
    assert config.entries[1].credentials.fields["password"] == SecretRef("env", "GITHUB_TOKEN")


@pytest.mark.parametrize(
    ("environment", "named", "places"),
    [
        ({}, ("ghcr",), ["GHCR_USERNAME", "GHCR_TOKEN"]),
        ({"GITHUB_TOKEN": "t"}, ("ghcr",), ["GHCR_USERNAME"]),
        ({**GITLAB, "CI_REGISTRY": " "}, ("gitlab",), ["CI_REGISTRY"]),
        ({**GITLAB, "CI_REGISTRY": "a b"}, ("gitlab",), ["CI_REGISTRY"]),
        ({**GITLAB, "CI_REGISTRY_USER": "a:b"}, ("gitlab",), ["CI_REGISTRY_USER"]),
        ({**GHCR, **DOCKER}, ("ghcr", "dcoker"), ["DOCKERCFG_FROM_ENV"]),
    ],
)
def test_a_preset_that_is_named_but_wrong_names_the_variable(
    environment: dict[str, str], named: tuple[str, ...], places: list[str]
) -> None:
    assert refused(environment, from_env=named) == places


def test_two_sets_for_one_registry_are_told_by_a_variable() -> None:
    hub = {"DOCKERHUB_USERNAME": "u", "DOCKERHUB_TOKEN": "t"}
    assert refused({**DOCKER, **hub}, from_env=("docker", "dockerhub")) == ["DOCKERHUB_TOKEN"]


def test_the_help_names_every_set_that_can_be_asked_for() -> None:
    words = help_text().replace(",", " ").split()
    assert {*SETS, *PRESETS} <= set(words)
