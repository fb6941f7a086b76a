"""Every documented form of ECR's host names, the API endpoint of each, and look-alikes."""

import os

import pytest

from backends.base import RunContext
from backends.testing import make_context
from generator.model import RegistryEntry
from generator.registries.aws.ecr import EcrHost, EcrOptions, EcrProvider, parse_host
from generator.registries.loader import kind_of_host
from tests.parts.ecr import EcrStandIn

ACCOUNT = "123456789012"
USUAL = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"

# what follows the account: region, FIPS, dual-stack, API host
HOSTS = [
    (".dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1", 0, 0, "api.ecr.eu-west-1.amazonaws.com"),
    (
        ".dkr.ecr-fips.us-east-1.amazonaws.com",
        "us-east-1",
        1,
        0,
        "ecr-fips.us-east-1.amazonaws.com",
    ),
    (".dkr-ecr.eu-west-1.on.aws", "eu-west-1", 0, 1, "ecr.eu-west-1.api.aws"),
    (".dkr-ecr-fips.us-east-2.on.aws", "us-east-2", 1, 1, "ecr-fips.us-east-2.api.aws"),
    (
        ".dkr.ecr.cn-north-1.amazonaws.com.cn",
        "cn-north-1",
        0,
        0,
        "api.ecr.cn-north-1.amazonaws.com.cn",
    ),
    (
        ".dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn",
        "cn-northwest-1",
        0,
        1,
        "ecr.cn-northwest-1.api.amazonwebservices.com.cn",
    ),
    (
        ".dkr.ecr.us-gov-west-1.amazonaws.com",
        "us-gov-west-1",
        0,
        0,
        "api.ecr.us-gov-west-1.amazonaws.com",
    ),
    (
        ".dkr.ecr-fips.us-gov-east-1.amazonaws.com",
        "us-gov-east-1",
        1,
        0,
        "ecr-fips.us-gov-east-1.amazonaws.com",
    ),
    (".dkr-ecr-fips.us-gov-west-1.on.aws", "us-gov-west-1", 1, 1, "ecr-fips.us-gov-west-1.api.aws"),
    (
        ".dkr.ecr.eusc-de-east-1.amazonaws.eu",
        "eusc-de-east-1",
        0,
        0,
        "api.ecr.eusc-de-east-1.amazonaws.eu",
    ),
    (
        ".dkr.ecr.us-iso-east-1.c2s.ic.gov",
        "us-iso-east-1",
        0,
        0,
        "api.ecr.us-iso-east-1.c2s.ic.gov",
    ),
    (
        ".dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
        "us-isob-east-1",
        0,
        0,
        "api.ecr.us-isob-east-1.sc2s.sgov.gov",
    ),
    (
        ".dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
        "eu-isoe-west-1",
        0,
        0,
        "api.ecr.eu-isoe-west-1.cloud.adc-e.uk",
    ),
    (
        ".dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
        "us-isof-south-1",
        0,
        0,
        "api.ecr.us-isof-south-1.csp.hci.ic.gov",
    ),
]


@pytest.fixture
def context(ecr: EcrStandIn, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    """Keys, and no endpoint but the SDK's own."""
    for name in ecr.environment:
        if name.startswith("AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name)
    return make_context(os.environ)


@pytest.mark.parametrize(
    ("rest", "region", "fips", "dual_stack", "api"), HOSTS, ids=[host[0] for host in HOSTS]
)
async def test_a_host_says_account_region_and_api_endpoint(
    context: RunContext, rest: str, region: str, fips: int, dual_stack: int, api: str
) -> None:
    host = ACCOUNT + rest
    parsed = parse_host(host)
    assert parsed == EcrHost(ACCOUNT, region, bool(fips), bool(dual_stack))
    assert list(EcrProvider().validate(RegistryEntry("e", "ecr", host, EcrOptions()))) == []
    async with context.aws.client(
        "ecr", what="ECR", region=parsed.region, fips=parsed.fips, dual_stack=parsed.dual_stack
    ) as client:
        assert client.meta.endpoint_url == f"https://{api}"


@pytest.mark.parametrize(
    "host",
    [
        f"{USUAL}.evil.example",
        f"evil.{USUAL}",
        "12345.dkr.ecr.eu-west-1.amazonaws.com",
        "١٢٣٤٥٦٧٨٩٠١٢.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.amazonaws.com",
        "123456789012.dkr.ecr..amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.org",
        "123456789012.dkr-ecr.eu-west-1.on.aws.evil.example",
        "123456789012.dkr.ecr.eu-west-1.evil.example/amazonaws.com",
        f"{USUAL}:443",
        f"{USUAL}\n",
    ],
)
def test_a_host_that_only_looks_like_ecrs_is_refused(host: str) -> None:
    assert parse_host(host) is None
    (problem,) = EcrProvider().validate(RegistryEntry("e", "ecr", host, EcrOptions()))
    assert problem.path == ("server",)
    assert kind_of_host(host) == "ecr"
