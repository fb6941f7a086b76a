"""The ECR provider against a stand-in on a loopback socket."""

import os
from typing import Any

import anyio
import pytest

from backends.base import Secret
from backends.errors import (
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)
from backends.testing import make_context
from generator.errors import ImplausibleAnswer
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.aws.ecr import EcrOptions, EcrProvider
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.ecr import EcrStandIn

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def entry(server: str | None = HOST, **options: Any) -> RegistryEntry:
    return RegistryEntry("prod", "ecr", server, EcrOptions(**options), credentials=Credentials())


async def fetch(of: RegistryEntry, secrets: dict[str, Secret] | None = None) -> Grant:
    return await EcrProvider().fetch(GrantRequest(of, secrets or {}), make_context(os.environ))


class TestEcrKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, ecr: EcrStandIn) -> ProviderCase:
        def fails(*names: str) -> Any:
            return lambda: ecr.fail_next(*names)

        return ProviderCase(
            provider=EcrProvider(),
            entry=entry(),
            secrets={
                "access_key_id": Secret("AKIAOWN"),
                "secret_access_key": Secret(CANARY),
            },
            environment=ecr.environment,
            lifetime_s=12 * 3600,
            failures={
                "denied": (fails("denied"), SecretDenied),
                "expired": (fails("expired"), SecretDenied),
                "unknown key": (fails("bad-key"), SecretDenied),
                "throttled for ever": (fails(*["throttled"] * 3), BackendUnavailable),
                "500 for ever": (fails(*["500"] * 3), BackendUnavailable),
                "a page": (fails("html-200"), ImplausibleAnswer),
                "cut off": (fails("truncated"), ImplausibleAnswer),
                "an empty list": (fails("empty-list"), ImplausibleAnswer),
                "another shape": (fails("other-shape"), BadAnswer),
                "missing keys": (fails("no-keys"), ImplausibleAnswer),
                "an expiry in the past": (fails("past-expiry"), ImplausibleAnswer),
                "no expiry": (fails("no-expiry"), ImplausibleAnswer),
                "a token without colon": (fails("no-colon"), ImplausibleAnswer),
                "a token that is not base64": (fails("not-base64"), ImplausibleAnswer),
                "somebody else's host": (fails("foreign-host"), ImplausibleAnswer),
            },
            hang=fails("hang"),
            throttle=fails("throttled"),
            bad_entries={"a look-alike": entry(f"{HOST}.evil.example")},
        )


async def test_throttling_heals(ecr: EcrStandIn) -> None:
    ecr.fail_next("throttled", "throttled")
    assert (await fetch(entry())).username == "AWS"
    assert ecr.token_calls == 3


async def test_a_denial_is_asked_once_and_names_the_action(ecr: EcrStandIn) -> None:
    ecr.fail_next("denied")
    with pytest.raises(SecretDenied, match="ecr:GetAuthorizationToken"):
        await fetch(entry())
    assert ecr.token_calls == 1


@pytest.mark.parametrize(
    ("failure", "says"), [("clock-behind", "600 s behind"), ("clock-ahead", "600 s ahead of")]
)
async def test_a_clock_that_spoils_the_signature_is_named(
    ecr: EcrStandIn, failure: str, says: str
) -> None:
    ecr.fail_next(failure)
    with pytest.raises(SecretDenied, match=says) as caught:
        await fetch(entry())
    assert caught.value.reference == "aws-clock-wrong"


async def test_keys_of_the_entry_are_used(ecr: EcrStandIn) -> None:
    ecr.accounts["AKIAOWN"] = "111122223333"
    keys = {"access_key_id": Secret("AKIAOWN"), "secret_access_key": Secret("s")}
    grant = await fetch(entry(None, region="eu-west-1"), keys)
    assert grant.server_addresses == ("111122223333.dkr.ecr.eu-west-1.amazonaws.com",)


async def test_a_role_is_assumed_with_external_id_and_session_name(ecr: EcrStandIn) -> None:
    role = "arn:aws:iam::444455556666:role/ci-push"
    grant = await fetch(
        entry(None, region="eu-west-1", role_arn=role, external_id="abc", role_session_name="ci-1")
    )
    assert grant.server_addresses == ("444455556666.dkr.ecr.eu-west-1.amazonaws.com",)
    assert {
        name: ecr.assumed[0][name] for name in ("RoleArn", "ExternalId", "RoleSessionName")
    } == {
        "RoleArn": role,
        "ExternalId": "abc",
        "RoleSessionName": "ci-1",
    }


async def test_the_call_is_signed_for_the_hosts_region(ecr: EcrStandIn) -> None:
    await fetch(entry(HOST.replace("eu-west-1", "ap-southeast-2")))
    assert ecr.calls["GetAuthorizationToken", "ap-southeast-2"] == 1


async def test_the_endpoint_is_named_when_it_is_not_amazons(ecr: EcrStandIn) -> None:
    assert (await fetch(entry())).endpoint == ecr.url


@pytest.mark.parametrize("offset_s", [600, -600])
async def test_a_clock_that_is_off_is_told_from_the_answer_and_corrected(
    ecr: EcrStandIn, offset_s: float
) -> None:
    ecr.date_offset_s = offset_s
    grant = await fetch(entry())
    assert grant.expires_at is not None
    assert abs(grant.clock_skew_s - offset_s) < 3
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert abs(lives_s - ecr.lifetime_s) < 3


@pytest.mark.usefixtures("ecr")
async def test_an_endpoint_that_speaks_plain_http_to_another_host_is_refused() -> None:
    with pytest.raises(BackendMisconfigured, match="plain http"):
        await fetch(entry(endpoint="http://192.0.2.1:1"))


async def test_two_regions_are_asked_at_the_same_time(ecr: EcrStandIn) -> None:
    ecr.delay_s = 0.5
    with anyio.fail_after(5):
        context = make_context(os.environ)
        async with anyio.create_task_group() as group:
            for region in ("eu-west-1", "us-east-1"):
                request = GrantRequest(entry(HOST.replace("eu-west-1", region)), {})
                group.start_soon(EcrProvider().fetch, request, context)
    assert ecr.token_calls == 2
