"""Whose token it is: configs as people write them, through the loader, to the names of grants."""

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.inputs import RecordedInputs
from backends.testing import make_context
from generator.config.load import load_config
from generator.errors import ConfigError, EntryError
from generator.generate import opened_backends
from generator.grant_plans import GrantPlan, plan_grants
from generator.registries.loader import provider_of
from generator.settings import Settings

KEY = bytes(range(32))


def jwt(subject: str, *, issuer: str = "https://ci.example", serial: int = 0) -> str:
    claims = {"iss": issuer, "sub": subject, "aud": "vault", "jti": str(serial)}
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.c2ln"


ENVIRONMENT = {
    "TOKEN": "secret-1",
    "USER": "somebody",
    "OTHER_TOKEN": "secret-2",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "JWT": jwt("project:main"),
    "PATH": "/bin",
}
CONFIG: dict[str, Any] = {
    "backends": {
        "bao": {
            "type": "vault",
            "address": "https://vault.example:8200",
            "namespace": "team",
            "auth": {"method": "jwt", "role": "ci", "credentials": {"jwt": "env:JWT"}},
        },
        "sm": {
            "type": "aws-sm",
            "region": "eu-west-1",
            "role_arn": "arn:aws:iam::123456789012:role/store",
        },
    },
    "registries": {
        "prod": {
            "server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "role_arn": "arn:aws:iam::123456789012:role/push",
            "credentials": "bao:secret/ci/aws",
        },
        "ambient": {"server": "123456789012.dkr.ecr.us-east-1.amazonaws.com"},
        "ghcr": {"server": "ghcr.io", "username": "ci", "credentials": {"password": "env:TOKEN"}},
        "harbor": {
            "server": "harbor.example.com",
            "credentials": {"from": "sm:ci/harbor", "fields": {"username": "u", "password": "p"}},
        },
        "ibm": {"server": "de.icr.io", "credentials": {"api_key": "bao:secret/ibm#key"}},
    },
}


def planned(
    config: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[list[GrantPlan], dict[str, EntryError]]:
    """Return the plans of a config, and what is wrong with its entries."""

    async def plans() -> tuple[list[GrantPlan], dict[str, EntryError]]:
        given = Settings("-", config_yaml=json.dumps(config))
        loaded = load_config(given, environment, RecordedInputs())
        context = make_context(environment)
        entries = [(entry, provider_of(entry)) for entry in loaded.entries]
        async with opened_backends(loaded.backends, context) as backends:
            return plan_grants(entries, backends, context, KEY)

    return anyio.run(plans)


def names(config: Mapping[str, Any], environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    """Return the names of the grants, those of one config in its own order."""
    plans, failed = planned(config, environment)
    assert failed == {}
    return [plan.name for plan in plans]


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the config with one setting changed; ``None`` removes it."""
    config = deepcopy(CONFIG)
    *parents, last = path.split("/")
    at = config
    for parent in parents:
        at = at.setdefault(parent, {})
    if value is None:
        del at[last]
    else:
        at[last] = value
    return config


def test_all_that_is_missing_of_an_entry_is_told_at_once() -> None:
    fields = {"access_key_id": "env:GONE", "secret_access_key": "env:EMPTY"}
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    config = {"registries": {"prod": {"server": server, "credentials": fields}}}
    _, failed = planned(config, {"EMPTY": ""})
    assert failed["prod"].message == "variable GONE is not set, variable EMPTY is set, but empty"
    assert failed["prod"].hint.endswith("name another variable in the reference; give it a value")


NAMES = names(CONFIG)

# What is changed, to what, and whose grants become others by it.
DIFFERENT = [
    ("registries/prod/server", "123456789012.dkr.ecr.eu-west-2.amazonaws.com", {"prod"}),
    ("registries/prod/server", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", {"prod"}),
    ("registries/prod/role_arn", "arn:aws:iam::123456789012:role/pull", {"prod"}),
    ("registries/prod/role_arn", "arn:aws:iam::210987654321:role/push", {"prod"}),
    ("registries/prod/role_arn", None, {"prod"}),
    ("registries/prod/external_id", "customer-7", {"prod"}),
    ("registries/prod/role_session_name", "ci-7", {"prod"}),
    ("registries/prod/endpoint", "https://vpce.example", {"prod"}),
    ("registries/prod/credentials", "bao:secret/ci/other", {"prod"}),
    ("registries/prod/credentials", "bao:secret/ci/aws?version=2", {"prod"}),
    ("registries/prod/credentials", "bao:secret/ci/aws?ns=team/sub", {"prod"}),
    ("registries/prod/credentials", "sm:secret/ci/aws", {"prod"}),
    ("registries/ambient/role_arn", "arn:aws:iam::123456789012:role/push", {"ambient"}),
    ("registries/ghcr/username", "other", {"ghcr"}),
    ("registries/ghcr/credentials/password", "env:OTHER_TOKEN", {"ghcr"}),
    ("registries/ghcr/server", "ghcr.example.com", {"ghcr"}),
    ("registries/harbor/credentials/fields/password", "q", {"harbor"}),
    ("registries/harbor/credentials/from", "sm:ci/harbor?stage=AWSPREVIOUS", {"harbor"}),
    ("registries/ibm/credentials/api_key", "bao:secret/ibm#other", {"ibm"}),
    ("registries/ibm/endpoint", "https://iam.test.cloud.ibm.com", {"ibm"}),
    ("backends/bao/address", "https://vault.example:8201", {"prod", "ibm"}),
    ("backends/bao/namespace", "other", {"prod", "ibm"}),
    ("backends/bao/namespace", None, {"prod", "ibm"}),
    ("backends/bao/auth/role", "release", {"prod", "ibm"}),
    ("backends/bao/auth/mount", "gitlab", {"prod", "ibm"}),
    ("backends/sm/region", "eu-west-2", {"harbor"}),
    ("backends/sm/role_arn", "arn:aws:iam::123456789012:role/read", {"harbor"}),
    ("backends/sm/endpoint", "https://sm.example", {"harbor"}),
    ("backends/sm/external_id", "customer-7", {"harbor"}),
    ("backends/sm/profile", "ci", {"harbor"}),
]
ENTRIES = list(CONFIG["registries"])


def others_than(before: list[str], after: list[str]) -> set[str]:
    assert len(before) == len(after)
    return {entry for entry, a, b in zip(ENTRIES, before, after, strict=True) if a != b}


@pytest.mark.parametrize(("path", "value", "whose"), DIFFERENT)
def test_what_makes_it_another_token_gives_another_name_and_no_other_a_new_one(
    path: str, value: str | None, whose: set[str]
) -> None:
    assert others_than(NAMES, names(changed(path, value))) == whose


@pytest.mark.parametrize(
    ("variable", "value", "whose"),
    [
        ("TOKEN", "secret-3", {"ghcr"}),
        ("TOKEN", "secret-1 ", {"ghcr"}),
        ("OTHER_TOKEN", "unused", set()),
        ("AWS_ACCESS_KEY_ID", "AKIAOTHER", {"ambient", "harbor"}),
        ("AWS_SECRET_ACCESS_KEY", "other", {"ambient", "harbor"}),
        ("AWS_SESSION_TOKEN", "session", {"ambient", "harbor"}),
        ("AWS_ENDPOINT_URL_ECR", "https://ecr.example", {"ambient", "prod"}),
        ("AWS_ENDPOINT_URL_STS", "https://sts.example", {"prod", "harbor"}),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://sm.example", {"harbor"}),
        ("JWT", jwt("project:other"), {"prod", "ibm"}),
        ("JWT", jwt("project:main", issuer="https://evil.example"), {"prod", "ibm"}),
        ("JWT", jwt("project:main", serial=7), set()),
        ("CI_JOB_ID", "7", set()),
        ("HTTPS_PROXY", "http://127.0.0.1:3128", set()),
    ],
)
def test_a_secret_counts_by_its_value_and_a_jobs_token_by_whose_it_is(
    variable: str, value: str, whose: set[str]
) -> None:
    assert others_than(NAMES, names(CONFIG, ENVIRONMENT | {variable: value})) == whose


def test_all_of_these_are_different_grants() -> None:
    assert len(set(NAMES)) == len(ENTRIES)
    for entry in ENTRIES:
        variants = [names(changed(p, v)) for p, v, whose in DIFFERENT if entry in whose]
        at = ENTRIES.index(entry)
        assert len({NAMES[at], *(variant[at] for variant in variants)}) == len(variants) + 1


def test_a_file_counts_by_its_content_wherever_the_config_lies(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    config = changed("registries/ghcr/credentials/password", f"file:{secret}")
    secret.write_text("one")
    first = names(config)
    secret.write_text("one\n")  # the line break is dropped when it is read
    assert names(config) == first
    secret.write_text("two")
    assert others_than(first, names(config)) == {"ghcr"}


words = st.text("abcdefghij", min_size=1, max_size=6)


@given(st.permutations(ENTRIES), words, words, st.lists(st.sampled_from(ENTRIES)), st.data())
@settings(max_examples=25, deadline=None)
def test_what_means_the_same_grant_has_the_same_name(
    order: list[str], prefix: str, backend: str, optional: list[str], data: st.DataObject
) -> None:
    """Entries renamed, in another order, with aliases; backends renamed; flags that say nothing."""
    text = json.dumps(CONFIG).replace('"bao', f'"bao{backend}').replace('"sm', f'"sm{backend}')
    config = json.loads(text)
    config["backends"] = dict(reversed(config["backends"].items()))
    registries = {}
    for entry in order:
        block = config["registries"][entry]
        if entry in optional:
            block["optional"] = "yes"
        if data.draw(st.booleans()):
            block["aliases"] = [f"{entry}.{prefix}.example"]
        pairs = data.draw(st.permutations(list(block.items())))
        registries[f"{prefix}-{entry}"] = dict(pairs)
    config["registries"] = registries
    config["cache"] = {"min_validity": "5m"}
    config["output"] = {"format": "legacy"}
    by_entry = dict(zip(order, names(config), strict=True))
    assert [by_entry[entry] for entry in ENTRIES] == NAMES


@given(st.lists(st.sampled_from(range(len(DIFFERENT))), min_size=1, max_size=3, unique=True))
@settings(max_examples=40, deadline=None)
def test_several_changes_at_once_never_cancel_each_other(which: list[int]) -> None:
    paths = {DIFFERENT[number][0] for number in which}
    if len(paths) < len(which):
        return
    config = deepcopy(CONFIG)
    for number in which:
        path, value, _ = DIFFERENT[number]
        *parents, last = path.split("/")
        at = config
        for parent in parents:
            at = at.setdefault(parent, {})
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
    whose = set().union(*(DIFFERENT[number][2] for number in which))
    try:
        found = names(config)
    except ConfigError:  # an external id without a role
        return
    assert others_than(NAMES, found) == whose
