"""Parameter Store, against moto where it can do it and a stand-in where it can not."""

from collections.abc import AsyncIterator

import pytest

from backends.aws_parameter_store import ParameterStoreBackend, ParameterStoreBackendFactory
from backends.aws_secret_store import AwsStoreOptions
from backends.base import SecretRef
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
    SecretNotFound,
)
from backends.reference import parse_reference
from backends.testing import CANARY, BackendCase, BackendContract, make_context
from tests.parts import aws_json
from tests.parts.aws_json import StandIn
from tests.parts.cases import Record, fails
from tests.parts.moto import Moto

pytest_plugins = ["tests.parts.aws_fixtures"]

_FACTORY = ParameterStoreBackendFactory()
_ARN = "arn:aws:ssm:us-east-2:123456789012:parameter/team/password"


@pytest.fixture
async def backend(moto_environment: dict[str, str]) -> AsyncIterator[ParameterStoreBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(moto_environment)) as made:
        yield made


@pytest.fixture
async def stubbed(stand_in_environment: dict[str, str]) -> AsyncIterator[ParameterStoreBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(stand_in_environment)) as made:
        yield made


def _ref(text: str) -> SecretRef:
    return parse_reference(text, ("aws-ssm",))


class TestContract(BackendContract):
    @pytest.fixture
    def case(self, moto: Moto, moto_environment: dict[str, str]) -> BackendCase:
        moto.client("ssm").put_parameter(Name="/team/password", Value=CANARY, Type="SecureString")
        return BackendCase(
            factory=_FACTORY,
            ref=_ref("aws-ssm:/team/password"),
            missing=_ref("aws-ssm:/team/nothing"),
            environment=moto_environment,
            malformed=(_ref("aws-ssm:a b"), _ref("aws-ssm:x?version=0")),
        )


class TestReading:
    @pytest.mark.parametrize("kind", ["String", "SecureString"])
    async def test_a_value_arrives_decrypted(
        self, kind: str, moto: Moto, backend: ParameterStoreBackend
    ) -> None:
        moto.client("ssm").put_parameter(Name="plain", Value=f'{{"p": "{CANARY}"}}', Type=kind)
        document = await backend.read(_ref("aws-ssm:plain"))
        assert (document.content, document.version) == (f'{{"p": "{CANARY}"}}', "1")

    async def test_version_and_label_select_a_value(
        self, moto: Moto, backend: ParameterStoreBackend
    ) -> None:
        client = moto.client("ssm")
        for value in ("first", "second"):
            client.put_parameter(Name="/x", Value=value, Type="SecureString", Overwrite=True)
        client.label_parameter_version(Name="/x", ParameterVersion=1, Labels=["stable"])
        assert (await backend.read(_ref("aws-ssm:/x"))).content == "second"
        assert (await backend.read(_ref("aws-ssm:/x?version=1"))).content == "first"
        assert (await backend.read(_ref("aws-ssm:/x?label=stable"))).content == "first"

    async def test_an_arn_brings_its_region(
        self, moto: Moto, backend: ParameterStoreBackend
    ) -> None:
        elsewhere = moto.client("ssm", "us-east-2")
        elsewhere.put_parameter(Name="/team/password", Value=CANARY, Type="SecureString")
        assert (await backend.read(_ref(_ARN))).content == CANARY
        by_option = _ref("aws-ssm:/team/password?region=us-east-2")
        assert (await backend.read(by_option)).content == CANARY


_OUTCOMES: dict[str, tuple[aws_json.Answer, type[BackendError], str, str]] = {
    "denied": (
        aws_json.error("AccessDeniedException"),
        SecretDenied,
        "aws-access-denied",
        ": AWS denies ssm:GetParameter (AccessDeniedException)",
    ),
    "KMS denied": (
        aws_json.error("AccessDeniedException", "is not authorized to perform: kms:Decrypt on x"),
        SecretDenied,
        "aws-kms-denied",
        ": the parameter's KMS key is denied (AccessDeniedException)",
    ),
    "KMS key gone": (
        aws_json.error("InvalidKeyId"),
        SecretDenied,
        "aws-decryption-failed",
        ": the parameter could not be decrypted (InvalidKeyId)",
    ),
    "throttled": (
        aws_json.THROTTLED,
        BackendUnavailable,
        "aws-throttled",
        ": AWS throttles the calls (ThrottlingException)",
    ),
    "refused": (
        aws_json.error("ValidationException"),
        BackendMisconfigured,
        "aws-request-refused",
        ": AWS refused the request (ValidationException)",
    ),
    "HTML with status 200": (
        aws_json.HTML,
        BadAnswer,
        "aws-answer-implausible",
        ": the answer holds no secret",
    ),
    "a number for a value": (
        aws_json.json_answer({"Parameter": {"Value": 7}}),
        BadAnswer,
        "aws-answer-implausible",
        ": the answer holds no secret",
    ),
}


class TestOutcomes:
    @pytest.mark.parametrize("case", _OUTCOMES)
    async def test_each_has_its_own_words(
        self,
        case: str,
        stubbed: ParameterStoreBackend,
        aws_stand_in: StandIn,
        record_property: Record,
    ) -> None:
        answer, kind, reference, message = _OUTCOMES[case]
        aws_stand_in.usual = lambda _: answer
        with fails(kind, reference, within_s=8, record=record_property) as caught:
            await stubbed.read(_ref("aws-ssm:/team/x"))
        assert caught[0].message == f"aws-ssm:/team/x: Parameter Store in eu-west-1{message}"

    @pytest.mark.parametrize(
        ("text", "reference"),
        [
            ("aws-ssm:/nothing", "aws-parameter-not-found"),
            ("aws-ssm:/x?version=9", "aws-version-not-found"),
            ("aws-ssm:/x?label=nobody", "aws-parameter-not-found"),
        ],
    )
    async def test_what_is_missing_is_told_apart(
        self,
        text: str,
        reference: str,
        moto: Moto,
        backend: ParameterStoreBackend,
        record_property: Record,
    ) -> None:
        moto.client("ssm").put_parameter(Name="/x", Value=CANARY, Type="SecureString")
        with fails(SecretNotFound, reference, within_s=2, record=record_property):
            await backend.read(_ref(text))

    async def test_a_missing_label_is_told(
        self, stubbed: ParameterStoreBackend, aws_stand_in: StandIn, record_property: Record
    ) -> None:
        aws_stand_in.usual = lambda _: aws_json.error("ParameterVersionNotFound")
        with fails(SecretNotFound, "aws-label-not-found", within_s=2, record=record_property):
            await stubbed.read(_ref("aws-ssm:/x?label=nobody"))


class TestCheck:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("aws-ssm:a b", "a parameter name has only letters"),
            ("aws-ssm:team/x", "must start with '/'"),
            ("aws-ssm:/x:3", "a version is written ?version=3"),
            ("aws-ssm:arn:aws:ssm:eu-west-1:12:parameter/x", "malformed parameter ARN"),
            (f"aws-ssm:{_ARN}?region=eu-west-1", "region= contradicts the ARN"),
            ("aws-ssm:/x?version=1&label=stable", "not both"),
            ("aws-ssm:/x?version=0", "must be a positive integer"),
            ("aws-ssm:/x?version=x", "must be a positive integer"),
            ("aws-ssm:/x?label=1st", "a label has up to 100"),
            ("aws-ssm:/x?label=AWSCURRENT", "a label has up to 100"),
            ("aws-ssm:/x?region=Europe", "is not a region's name"),
            ("aws-ssm:/x?stage=A", "unknown option 'stage'"),
        ],
    )
    def test_a_bad_reference_is_told(self, text: str, problem: str) -> None:
        problems = _FACTORY.check(_ref(text))
        assert len(problems) == 1
        assert problem in problems[0]

    @pytest.mark.parametrize(
        "text",
        [
            "aws-ssm:plain",
            "aws-ssm:/team/pass-word_1.2?version=3",
            "aws-ssm:/aws/reference/secretsmanager/team/x",
            f"{_ARN}#password",
            f"aws-ssm:{_ARN}?region=us-east-2&label=stable",
        ],
    )
    def test_good_ones_pass(self, text: str) -> None:
        assert list(_FACTORY.check(_ref(text))) == []
