import os
from typing import Any

import pytest

from backends.base import Secret
from backends.errors import BackendUnavailable, BadAnswer, SecretDenied
from backends.testing import make_context
from generator.errors import ImplausibleAnswer
from generator.model import GrantRequest, RegistryEntry
from generator.registries.aws.ecr_public import EcrPublicProvider
from generator.registries.aws.entry import AwsProviderOptions
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.ecr import EcrStandIn


def entry(server: str | None = "public.ecr.aws", **options: Any) -> RegistryEntry:
    return RegistryEntry("public", "ecr-public", server, AwsProviderOptions(**options))


class TestEcrPublicKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, ecr: EcrStandIn) -> ProviderCase:
        def fails(*names: str) -> Any:
            return lambda: ecr.fail_next(*names)

        keys = {"access_key_id": Secret("AKIAOWN"), "secret_access_key": Secret(CANARY)}
        return ProviderCase(
            provider=EcrPublicProvider(),
            entry=entry(),
            secrets=keys,
            environment=ecr.environment,
            lifetime_s=12 * 3600,
            failures={
                "denied": (fails("denied"), SecretDenied),
                "throttled for ever": (fails(*["throttled"] * 3), BackendUnavailable),
                "a page": (fails("html-200"), ImplausibleAnswer),
                "a list, as private ECR answers": (fails("empty-list"), BadAnswer),
            },
            hang=fails("hang"),
            throttle=fails("throttled"),
            bad_entries={
                "a look-alike": entry("public.ecr.aws.evil.example"),
                "an id without a role": entry(external_id="abc"),
            },
        )


async def test_us_east_1_is_asked_wherever_the_job_runs(
    ecr: EcrStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    grant = await EcrPublicProvider().fetch(GrantRequest(entry(None), {}), make_context(os.environ))
    assert ecr.calls["GetAuthorizationToken", "us-east-1"] == 1
    assert grant.server_addresses == ("public.ecr.aws",)


async def test_a_denial_names_both_permissions(ecr: EcrStandIn) -> None:
    ecr.fail_next("denied")
    with pytest.raises(SecretDenied) as caught:
        await EcrPublicProvider().fetch(GrantRequest(entry(), {}), make_context(os.environ))
    assert "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken" in caught.value.hint


@pytest.mark.parametrize("host", ["public.ecr.aws", "ecr-public.aws.com"])
def test_its_hosts_are_known(host: str) -> None:
    assert kind_of_host(host) == "ecr-public"
