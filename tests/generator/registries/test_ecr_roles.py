"""Roles of AWS's registries: chained, for a while, with a web identity token."""

from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.errors import BackendError
from backends.testing import CANARY, make_context
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.aws.ecr import EcrOptions, EcrProvider
from tests.parts.ecr import EcrStandIn

FIRST = "arn:aws:iam::111122223333:role/jump"
LAST = "arn:aws:iam::444455556666:role/push"
OWN_REGISTRY = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"


NO_CREDENTIALS = Credentials()


def entry(credentials: Credentials = NO_CREDENTIALS, **options: Any) -> RegistryEntry:
    return RegistryEntry(
        "e", "ecr", None, EcrOptions(region="eu-west-1", **options), credentials=credentials
    )


async def fetch(
    ecr: EcrStandIn, secrets: dict[str, str], environment: dict[str, str], **options: Any
) -> Grant:
    request = GrantRequest(entry(**options), {n: Secret(value) for n, value in secrets.items()})
    return await EcrProvider().fetch(request, make_context({**ecr.environment, **environment}))


async def test_roles_are_assumed_one_with_the_other(ecr: EcrStandIn) -> None:
    grant = await fetch(
        ecr, {}, {}, role_chain=(FIRST,), role_arn=LAST, external_id="ext", role_duration="30m"
    )
    assert grant.server_addresses == (OWN_REGISTRY,)
    first, last = ecr.assumed
    assert (first["RoleArn"], last["RoleArn"]) == (FIRST, LAST)
    assert last["signed_by"].startswith("ASIA")
    assert (last["ExternalId"], last["DurationSeconds"]) == ("ext", "1800")
    assert "ExternalId" not in first


async def test_a_web_identity_token_needs_no_key(ecr: EcrStandIn) -> None:
    grant = await fetch(ecr, {"web_identity_token": f"a.{CANARY}.b"}, {}, role_arn=LAST)
    assert grant.server_addresses == (OWN_REGISTRY,)
    assert ecr.assumed[0]["WebIdentityToken"] == f"a.{CANARY}.b"
    assert "signed_by" not in ecr.assumed[0]


async def test_the_cis_own_token_is_taken_for_an_audience(ecr: EcrStandIn) -> None:
    environment = {"BITBUCKET_STEP_OIDC_TOKEN": f"opaque-{CANARY}", "BITBUCKET_BUILD_NUMBER": "1"}
    await fetch(ecr, {}, environment, role_arn=LAST, audience="sts.amazonaws.com")
    assert ecr.assumed[0]["WebIdentityToken"] == f"opaque-{CANARY}"


async def test_a_token_that_is_refused_is_told(ecr: EcrStandIn) -> None:
    with pytest.raises(BackendError) as caught:
        await fetch(ecr, {"web_identity_token": f"wrong-{CANARY}"}, {}, role_arn=LAST)
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.reference.startswith("aws-")


@pytest.mark.parametrize(
    ("options", "fields", "path"),
    [
        ({"role_chain": (FIRST,)}, (), ("role_chain",)),
        ({"audience": "x"}, (), ("audience",)),
        ({"role_duration": "1h"}, (), ("role_duration",)),
        ({}, ("web_identity_token",), ("credentials", "web_identity_token")),
        (
            {"role_arn": LAST},
            ("web_identity_token", "access_key_id"),
            ("credentials", "access_key_id"),
        ),
        (
            {"role_arn": LAST, "role_chain": (FIRST,), "role_duration": "2h"},
            (),
            ("role_duration",),
        ),
    ],
)
def test_what_contradicts_itself_is_a_problem(
    options: dict[str, Any], fields: tuple[str, ...], path: tuple[str, ...]
) -> None:
    credentials = Credentials(fields={name: SecretRef("env", "X") for name in fields})
    problems = EcrProvider().validate(entry(credentials, **options))
    assert [problem.path for problem in problems] == [path]


def test_each_setting_of_a_role_makes_another_grant() -> None:
    context = make_context({})
    ways: list[dict[str, Any]] = [
        {},
        {"role_arn": LAST},
        {"role_arn": LAST, "role_chain": (FIRST,)},
        {"role_arn": LAST, "role_duration": "1h"},
        {"role_arn": FIRST},
        {"profile": "push"},
    ]
    keys = {EcrProvider().grant_key(entry(**way), context) for way in ways}
    assert len(keys) == len(ways)


async def test_a_profile_of_an_entry_signs_for_it(
    ecr: EcrStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "credentials"
    shared.write_text(f"[push]\naws_access_key_id = AKIAPUSH\naws_secret_access_key = {CANARY}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    ecr.accounts["AKIAPUSH"] = "999988887777"
    grant = await fetch(ecr, {}, {"AWS_SHARED_CREDENTIALS_FILE": str(shared)}, profile="push")
    assert grant.server_addresses == ("999988887777.dkr.ecr.eu-west-1.amazonaws.com",)


def test_a_profile_beside_keys_or_a_jobs_token_is_a_problem() -> None:
    keys = {name: SecretRef("env", "X") for name in ("access_key_id", "secret_access_key")}
    for made in (
        entry(Credentials(fields=keys), profile="push"),
        entry(role_arn=LAST, audience="a", profile="push"),
    ):
        assert [problem.path for problem in EcrProvider().validate(made)] == [("profile",)]
