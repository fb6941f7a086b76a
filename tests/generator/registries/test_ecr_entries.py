"""What an ECR entry may say, and whose token it means; no network."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backends.base import SecretRef
from backends.testing import make_context
from generator.errors import Misconfigured
from generator.model import Credentials, RegistryEntry
from generator.registries.aws.ecr import EcrOptions, EcrProvider

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEYS = {
    "access_key_id": SecretRef("env", "KEY"),
    "secret_access_key": SecretRef("env", "SECRET"),
}


def entry(server: str | None = HOST, fields: Any = None, **options: Any) -> RegistryEntry:
    return RegistryEntry(
        "prod", "ecr", server, EcrOptions(**options), credentials=Credentials(fields=fields or {})
    )


def places(server: str | None = HOST, **changes: Any) -> list[tuple[str, ...]]:
    return [problem.path for problem in EcrProvider().validate(entry(server, **changes))]


def test_a_region_that_contradicts_the_host_is_a_problem() -> None:
    assert places(region="us-east-1") == [("region",)]


def test_half_a_key_pair_is_a_problem() -> None:
    fields = {"access_key_id": SecretRef("env", "KEY")}
    assert places(fields=fields) == [("credentials", "secret_access_key")]


def test_settings_of_a_role_without_a_role_are_problems() -> None:
    assert places(external_id="abc", role_session_name="ci") == [
        ("external_id",),
        ("role_session_name",),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"region": "Ireland"},
        {"role_arn": "ci-push"},
        {"external_id": "a b"},
        {"role_session_name": "x"},
        {"endpoint": "ftp://h"},
        {"endpoint": "https://user:pw@h"},
        {"no_such": "abcdef"},
    ],
)
def test_options_of_another_form_are_refused_without_being_shown(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        EcrOptions(**options)
    assert next(iter(options.values())) not in str(caught.value)


def test_accounts_of_one_identity_and_region_are_one_grant() -> None:
    context = make_context({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"})
    other = HOST.replace("123456789012", "210987654321")
    provider = EcrProvider()
    assert provider.grant_key(entry(), context) == provider.grant_key(entry(other), context)


@pytest.mark.parametrize(
    ("changed", "environment"),
    [
        (entry(HOST.replace("eu-west-1", "us-east-1")), {}),
        (entry(role_arn="arn:aws:iam::123456789012:role/ci"), {}),
        (entry(endpoint="https://ecr.example"), {}),
        (entry(), {"AWS_ACCESS_KEY_ID": "AKIB"}),
        (entry(), {"AWS_SECRET_ACCESS_KEY": "t"}),
        (entry(), {"AWS_SESSION_TOKEN": "t"}),
        (entry(), {"AWS_ENDPOINT_URL_ECR": "https://ecr.example"}),
        (entry(), {"AWS_ENDPOINT_URL": "https://ecr.example"}),
    ],
)
def test_whatever_makes_it_another_token_makes_it_another_grant(
    changed: RegistryEntry, environment: dict[str, str]
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
    provider = EcrProvider()
    usual = provider.grant_key(entry(), make_context(keys))
    assert provider.grant_key(changed, make_context(keys | environment)) != usual


def test_with_credentials_of_its_own_the_ambient_identity_does_not_count() -> None:
    provider = EcrProvider()
    one, two = ({"AWS_ACCESS_KEY_ID": k, "AWS_SECRET_ACCESS_KEY": "s"} for k in ("A", "B"))
    own = entry(fields=KEYS)
    assert provider.grant_key(own, make_context(one)) == provider.grant_key(own, make_context(two))


def test_an_endpoint_of_the_config_file_counts_beside_credentials_of_its_own(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config"
    context = make_context({"AWS_CONFIG_FILE": str(config)})
    own, keys = entry(fields=KEYS), []
    for content in ("", "[default]\nregion = x\n", "[default]\nendpoint_url = https://a\n"):
        config.write_text(content)
        keys.append(EcrProvider().grant_key(own, context))
    assert keys[0] == keys[1] != keys[2]


def test_without_server_and_region_the_environment_names_the_region() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
    context = make_context({**keys, "AWS_REGION": "eu-west-1"})
    provider = EcrProvider()
    assert provider.grant_key(entry(server=None), context).parts[0] == ("region", "eu-west-1")
    with pytest.raises(Misconfigured, match="no AWS region"):
        provider.grant_key(entry(server=None), make_context(keys))
