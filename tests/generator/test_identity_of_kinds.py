"""Of every kind that asks somebody: each of its options makes another token, or says why not."""

import json
from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from backends.inputs import RecordedInputs
from backends.testing import make_context
from generator.config.load import load_config
from generator.generate import opened_backends
from generator.grant_plans import plan_grants
from generator.registries.loader import BUILT_IN, load_provider, provider_of
from generator.settings import Settings
from tests.parts import keys
from tests.parts.one_entry import entries, environment, token

KEY = bytes(range(32))
ENTRIES = entries()
ENVIRONMENT = environment()


def name_of(entry: Mapping[str, Any], variables: Mapping[str, str] = ENVIRONMENT) -> str:
    async def planned() -> str:
        given = Settings("-", config_yaml=json.dumps({"registries": {"one": entry}}))
        loaded = load_config(given, variables, RecordedInputs())
        context = make_context(variables)
        pairs = [(entry, provider_of(entry)) for entry in loaded.entries]
        async with opened_backends(loaded.backends, context) as backends:
            plans, failed = plan_grants(pairs, backends, context, KEY)
        assert failed == {}
        return plans[0].name

    return anyio.run(planned)


# Of them nothing is exchanged, or what makes their tokens others stands in their own suites.
ELSEWHERE = {
    *("static", "acr", "ecr", "ecr-public", "gar", "heroku", "credential-helper", "dockercfg"),
}


def test_every_kind_is_looked_at() -> None:
    assert {one.kind for one in ENTRIES.values()} | ELSEWHERE == set(BUILT_IN)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_option_is_looked_at(name: str) -> None:
    one = ENTRIES[name]
    provider = load_provider(one.kind)
    assert provider is not None
    looked_at = {"allow_http", *one.others, *one.same}
    assert looked_at - {"server"} == set(provider.options.model_fields)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_an_option_says_makes_another_token(name: str) -> None:
    one = ENTRIES[name]
    variants = [name_of(one.entry)]
    variants += [name_of({**one.entry, option: value}) for option, value in one.others.items()]
    assert len(set(variants)) == len(variants)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_a_person_calls_it_and_how_it_travels_make_no_other_token(name: str) -> None:
    one = ENTRIES[name]
    same = {**one.entry, "allow_http": True, "optional": True}
    if one.kind != "dockerhub":  # it has no other hosts
        same["aliases"] = ["mirror.example"]
    assert name_of(same) == name_of(one.entry)


@pytest.mark.parametrize("name", [n for n, one in ENTRIES.items() if "credentials" in one.entry])
def test_each_secret_makes_another_token_by_what_it_is(name: str) -> None:
    entry = ENTRIES[name].entry
    given = entry["credentials"]
    references = given.values() if isinstance(given, dict) else [given]
    variables = {reference.removeprefix("env:") for reference in references}
    variants = [name_of(entry)]
    for variable in sorted(variables):
        other = token(sub="another") if variable == "JWT" else ENVIRONMENT[variable] + "x"
        variants.append(name_of(entry, {**ENVIRONMENT, variable: other}))
    assert len(set(variants)) == len(variables) + 1


JOBS = [name for name, one in ENTRIES.items() if "oidc_token" in one.entry.get("credentials", {})]


@pytest.mark.parametrize("name", JOBS)
def test_a_jobs_token_counts_by_whose_it_is_be_it_named_or_the_cis_own(name: str) -> None:
    one = ENTRIES[name]
    assert name_of(one.entry, {**ENVIRONMENT, "JWT": token(jti="later")}) == name_of(one.entry)
    for claim in ("iss", "sub", "aud"):
        variables = {**ENVIRONMENT, "JWT": token(**{claim: "another"})}
        assert name_of(one.entry, variables) != name_of(one.entry), claim
    credentials = {k: v for k, v in one.entry["credentials"].items() if k != "oidc_token"}
    own = {**one.entry, "credentials": credentials or None}
    option = "token_audience" if one.kind == "oauth2" else "audience"
    variants = [name_of(one.entry)]
    for subject in ("a", "b"):
        job = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://ci.example/?a=b",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token(oidc_sub=subject),
        }
        later = {**job, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token(oidc_sub=subject, jti="later")}
        variants += [name_of(own, {**ENVIRONMENT, **job})]
        variants += [name_of({**own, option: "another"}, {**ENVIRONMENT, **job})]
        assert name_of(own, {**ENVIRONMENT, **later}) == name_of(own, {**ENVIRONMENT, **job})
    assert len(set(variants)) == len(variants)


AMBIENT: list[tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, str]]] = [
    (
        {"server": "registry.cn-hangzhou.aliyuncs.com"},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"},
        {"ALIBABA_CLOUD_SECURITY_TOKEN": "c"},
    ),
    (
        {"server": "team.tencentcloudcr.com", "registry_id": "tcr-a"},
        {
            "TENCENTCLOUD_SECRET_ID": "a",
            "TENCENTCLOUD_SECRET_KEY": "b",
            "TENCENTCLOUD_REGION": "ap-a",
        },
        {"TENCENTCLOUD_SESSION_TOKEN": "c"},
    ),
    (
        {"server": "swr.cn-north-4.myhuaweicloud.com"},
        {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "b"},
        {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "c"},
    ),
    (
        {"server": "fra.ocir.io"},
        {
            "OCI_CLI_TENANCY": "ocid1.tenancy.oc1..a",
            "OCI_CLI_USER": "ocid1.user.oc1..a",
            "OCI_CLI_KEY_CONTENT": keys.pkcs8(),
        },
        {"OCI_CLI_FINGERPRINT": ":".join(["ab"] * 16), "OCI_CLI_PASSPHRASE": "c"},
    ),
    ({"server": "cr.yandex", "method": "metadata"}, {}, {"YC_METADATA_ADDR": "10.0.0.1"}),
]


@pytest.mark.parametrize(("entry", "needed", "more"), AMBIENT)
def test_a_variable_that_says_who_asks_makes_another_token(
    entry: Mapping[str, Any], needed: Mapping[str, str], more: Mapping[str, str]
) -> None:
    variants = [name_of(entry, needed)]
    variants += [name_of(entry, {**needed, name: f"{value}x"}) for name, value in needed.items()]
    variants += [name_of(entry, {**needed, name: value}) for name, value in more.items()]
    assert len(set(variants)) == len(variants)
