"""Secrets Manager against moto: names, ARNs, versions, forms of a secret, references."""

import json
from collections.abc import AsyncIterator

import pytest

from backends.aws_secret_store import AwsStoreOptions
from backends.aws_secrets_manager import SecretsManagerBackend, SecretsManagerBackendFactory
from backends.base import Secret, SecretRef
from backends.document import pick
from backends.errors import BackendMisconfigured
from backends.reference import parse_reference
from backends.testing import CANARY, BackendCase, BackendContract, make_context
from tests.parts.cases import Record, fails
from tests.parts.moto import Moto

pytest_plugins = ["tests.parts.aws_fixtures"]

_FACTORY = SecretsManagerBackendFactory()
_ARN = "arn:aws:secretsmanager:us-east-2:123456789012:secret:team/registry-AbCdEf"


@pytest.fixture
async def backend(moto_environment: dict[str, str]) -> AsyncIterator[SecretsManagerBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(moto_environment)) as made:
        yield made


def _ref(text: str) -> SecretRef:
    return parse_reference(text, ("aws-sm",))


class TestContract(BackendContract):
    @pytest.fixture
    def case(self, moto: Moto, moto_environment: dict[str, str]) -> BackendCase:
        document = json.dumps({"username": "ci", "password": CANARY})
        moto.client("secretsmanager").create_secret(Name="team/registry", SecretString=document)
        return BackendCase(
            factory=_FACTORY,
            ref=_ref("aws-sm:team/registry#password"),
            missing=_ref("aws-sm:team/nothing#password"),
            environment=moto_environment,
            malformed=(
                _ref("aws-sm:a secret with spaces"),
                _ref("aws-sm:x?stage=A&version_id=" + "v" * 32),
            ),
        )


class TestReading:
    async def test_text_json_and_binary_arrive_as_they_were_stored(
        self, moto: Moto, backend: SecretsManagerBackend
    ) -> None:
        client = moto.client("secretsmanager")
        client.create_secret(Name="text", SecretString=f"{CANARY}\n")
        client.create_secret(Name="json", SecretString=json.dumps({"a.b": CANARY}))
        client.create_secret(Name="binary", SecretBinary=CANARY.encode())
        assert (await backend.read(_ref("aws-sm:text"))).content == f"{CANARY}\n"
        assert (await backend.read(_ref("aws-sm:binary"))).content == CANARY
        ref = _ref("aws-sm:json#a.b")
        document = await backend.read(ref.document)
        assert pick(document, ref, ref.selector, multiline=False) == Secret(CANARY)

    async def test_binary_that_is_no_text_is_refused(
        self, moto: Moto, backend: SecretsManagerBackend, record_property: Record
    ) -> None:
        moto.client("secretsmanager").create_secret(Name="x", SecretBinary=b"\xff\xfe")
        with fails(BackendMisconfigured, "aws-secret-not-text", within_s=2, record=record_property):
            await backend.read(_ref("aws-sm:x"))

    async def test_an_arn_brings_its_region(
        self, moto: Moto, backend: SecretsManagerBackend
    ) -> None:
        elsewhere = moto.client("secretsmanager", "us-east-2")
        arn = elsewhere.create_secret(Name="far/away", SecretString=CANARY)["ARN"]
        full, partial = _ref(arn), _ref(f"aws-sm:{arn[:-7]}")
        assert (await backend.read(full)).content == CANARY
        assert (await backend.read(partial)).content == CANARY

    async def test_the_region_comes_from_the_reference_then_the_settings_then_the_environment(
        self, moto: Moto, moto_environment: dict[str, str]
    ) -> None:
        for region in ("us-east-2", "us-west-2", "eu-west-1"):
            moto.client("secretsmanager", region).create_secret(Name="x", SecretString=region)
        async with _FACTORY(
            AwsStoreOptions(region="us-west-2"), make_context(moto_environment)
        ) as backend:
            assert (await backend.read(_ref("aws-sm:x?region=us-east-2"))).content == "us-east-2"
            assert (await backend.read(_ref("aws-sm:x"))).content == "us-west-2"
        async with _FACTORY(AwsStoreOptions(), make_context(moto_environment)) as backend:
            assert (await backend.read(_ref("aws-sm:x"))).content == "eu-west-1"

    async def test_stage_and_version_select_a_value(
        self, moto: Moto, backend: SecretsManagerBackend
    ) -> None:
        client = moto.client("secretsmanager")
        first = client.create_secret(Name="x", SecretString="first")["VersionId"]
        second = client.put_secret_value(SecretId="x", SecretString="second")["VersionId"]
        current = await backend.read(_ref("aws-sm:x"))
        assert (current.content, current.version) == ("second", second)
        assert (await backend.read(_ref("aws-sm:x?stage=AWSPREVIOUS"))).content == "first"
        assert (await backend.read(_ref(f"aws-sm:x?version_id={first}"))).content == "first"

    async def test_a_pasted_ecs_arn_is_understood(
        self, moto: Moto, backend: SecretsManagerBackend
    ) -> None:
        client = moto.client("secretsmanager")
        arn = client.create_secret(Name="x", SecretString='{"p": "old"}')["ARN"]
        client.put_secret_value(SecretId="x", SecretString='{"p": "current"}')
        ref = _ref(f"{arn}:p:AWSPREVIOUS:")
        document = await backend.read(ref.document)
        assert pick(document, ref, ref.selector, multiline=False) == Secret("old")


class TestCheck:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("aws-sm:a b", "a secret name has only letters"),
            ("aws-sm:arn:aws:secretsmanager:eu-west-1:12:secret:x", "malformed secret ARN"),
            ("aws-sm:arn:aws:s3:::x", "malformed secret ARN"),
            (f"aws-sm:{_ARN}?region=eu-west-1", "region= contradicts the ARN"),
            ("aws-sm:x?stage=A&version_id=" + "v" * 32, "not both"),
            ("aws-sm:x?version_id=3", "version_id= is 32 to 64"),
            ("aws-sm:x?region=Europe", "is not a region's name"),
            ("aws-sm:x?stage=" + "s" * 257, "at most 256"),
            ("aws-sm:x?versoin=3", "did you mean"),
        ],
    )
    def test_a_bad_reference_is_told_and_not_echoed(self, text: str, problem: str) -> None:
        problems = _FACTORY.check(_ref(text))
        assert len(problems) == 1
        assert problem in problems[0]
        assert _ref(text).path not in problems[0]

    @pytest.mark.parametrize(
        "text",
        [
            "aws-sm:team/reg+istry=.@!-x",
            f"aws-sm:{_ARN}",
            f"aws-sm:{_ARN}?region=us-east-2",
            f"{_ARN}:password::",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:x-AbCdEf",
        ],
    )
    def test_good_ones_pass(self, text: str) -> None:
        assert list(_FACTORY.check(_ref(text))) == []
