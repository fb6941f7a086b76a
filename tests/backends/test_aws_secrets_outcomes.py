"""Every way in which Secrets Manager says no: its own words, its own kind, in time."""

from collections.abc import AsyncIterator

import pytest

from backends.aws_secret_store import AwsStoreOptions
from backends.aws_secrets_manager import SecretsManagerBackend, SecretsManagerBackendFactory
from backends.base import SecretRef
from backends.errors import (
    BackendError,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
    SecretNotFound,
)
from backends.reference import parse_reference
from backends.testing import CANARY, make_context
from tests.parts import aws_json
from tests.parts.aws_json import StandIn
from tests.parts.cases import Record, fails
from tests.parts.moto import Moto

pytest_plugins = ["tests.parts.aws_fixtures"]

_FACTORY = SecretsManagerBackendFactory()


@pytest.fixture
async def backend(moto_environment: dict[str, str]) -> AsyncIterator[SecretsManagerBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(moto_environment)) as made:
        yield made


@pytest.fixture
async def stubbed(stand_in_environment: dict[str, str]) -> AsyncIterator[SecretsManagerBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(stand_in_environment)) as made:
        yield made


def _ref(text: str) -> SecretRef:
    return parse_reference(text, ("aws-sm",))


_NOT_FOUND = "ResourceNotFoundException"
_OUTCOMES: dict[str, tuple[aws_json.Answer, type[BackendError], str, str]] = {
    "missing": (
        aws_json.error(_NOT_FOUND, "Secrets Manager can't find the specified secret."),
        SecretNotFound,
        "aws-secret-not-found",
        " has no such secret",
    ),
    "no value yet": (
        aws_json.error(
            _NOT_FOUND,
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        ),
        SecretNotFound,
        "aws-stage-not-found",
        ": no version of the secret has the stage AWSCURRENT",
    ),
    "pending deletion": (
        aws_json.error(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        ),
        SecretNotFound,
        "aws-secret-pending-deletion",
        ": the secret is scheduled for deletion",
    ),
    "denied": (
        aws_json.error(
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized to perform: "
            "secretsmanager:GetSecretValue on resource: team/x",
        ),
        SecretDenied,
        "aws-access-denied",
        ": AWS denies secretsmanager:GetSecretValue (AccessDeniedException)",
    ),
    "denied without a reason": (
        aws_json.error("AccessDeniedException"),
        SecretDenied,
        "aws-access-denied",
        ": AWS denies secretsmanager:GetSecretValue (AccessDeniedException)",
    ),
    "KMS denied": (
        aws_json.error("AccessDeniedException", "Access to KMS is not allowed"),
        SecretDenied,
        "aws-kms-denied",
        ": the secret's KMS key is denied (AccessDeniedException)",
    ),
    "decryption failure": (
        aws_json.error("DecryptionFailure"),
        SecretDenied,
        "aws-decryption-failed",
        ": the secret could not be decrypted (DecryptionFailure)",
    ),
    "throttled": (
        aws_json.THROTTLED,
        BackendUnavailable,
        "aws-throttled",
        ": AWS throttles the calls (ThrottlingException)",
    ),
    "failing": (
        aws_json.SERVER_ERROR,
        BackendUnavailable,
        "aws-failing",
        ": AWS failed to answer (InternalServiceError)",
    ),
    "expired credentials": (
        aws_json.error("ExpiredTokenException"),
        SecretDenied,
        "aws-credentials-expired",
        ": the AWS credentials have expired (ExpiredTokenException)",
    ),
    "unknown key": (
        aws_json.error("UnrecognizedClientException"),
        SecretDenied,
        "aws-credentials-invalid",
        ": AWS does not accept the credentials (UnrecognizedClientException)",
    ),
    "wrong signature": (
        aws_json.error("InvalidSignatureException"),
        SecretDenied,
        "aws-credentials-invalid",
        ": AWS does not accept the credentials (InvalidSignatureException)",
    ),
    "HTML with status 200": (
        aws_json.HTML,
        BadAnswer,
        "aws-answer-implausible",
        ": the answer holds no secret",
    ),
    "truncated JSON": (
        aws_json.TRUNCATED,
        BadAnswer,
        "aws-answer-implausible",
        ": the answer holds no secret",
    ),
    "HTML with status 403": (
        aws_json.Answer(403, f"<html>{CANARY}</html>", {"Content-Type": "text/html"}),
        SecretDenied,
        "aws-access-denied",
        ": access is denied (status 403)",
    ),
    "connection dropped": (
        aws_json.DROP,
        BackendUnavailable,
        "aws-unreachable",
        ": AWS could not be reached",
    ),
}


class TestOutcomes:
    @pytest.mark.parametrize("case", _OUTCOMES)
    async def test_each_has_its_own_words(
        self,
        case: str,
        stubbed: SecretsManagerBackend,
        aws_stand_in: StandIn,
        record_property: Record,
    ) -> None:
        answer, kind, reference, message = _OUTCOMES[case]
        aws_stand_in.usual = lambda _: answer
        with fails(kind, reference, within_s=8, record=record_property) as caught:
            await stubbed.read(_ref("aws-sm:team/x"))
        assert caught[0].message == f"aws-sm:team/x: Secrets Manager in eu-west-1{message}"

    async def test_a_missing_version_is_told_from_a_missing_secret(
        self, moto: Moto, backend: SecretsManagerBackend, record_property: Record
    ) -> None:
        moto.client("secretsmanager").create_secret(Name="x", SecretString=CANARY)
        with fails(SecretNotFound, "aws-version-not-found", within_s=2, record=record_property):
            await backend.read(_ref("aws-sm:x?version_id=" + "0" * 32))

    async def test_a_missing_stage_is_named(
        self, stubbed: SecretsManagerBackend, aws_stand_in: StandIn, record_property: Record
    ) -> None:
        aws_stand_in.usual = lambda _: aws_json.error(
            _NOT_FOUND,
            "Secrets Manager can't find the specified secret value for staging label: BLUE",
        )
        with fails(
            SecretNotFound, "aws-stage-not-found", within_s=2, record=record_property
        ) as caught:
            await stubbed.read(_ref("aws-sm:x?stage=BLUE"))
        assert "BLUE" in caught[0].message

    async def test_the_real_pending_deletion_of_moto_is_told(
        self, moto: Moto, backend: SecretsManagerBackend, record_property: Record
    ) -> None:
        client = moto.client("secretsmanager")
        client.create_secret(Name="x", SecretString=CANARY)
        client.delete_secret(SecretId="x", RecoveryWindowInDays=7)
        with fails(
            SecretNotFound, "aws-secret-pending-deletion", within_s=2, record=record_property
        ):
            await backend.read(_ref("aws-sm:x"))

    async def test_the_wrong_region_is_hinted_at(
        self, moto: Moto, backend: SecretsManagerBackend, record_property: Record
    ) -> None:
        moto.client("secretsmanager", "us-east-2").create_secret(Name="x", SecretString=CANARY)
        with fails(
            SecretNotFound, "aws-secret-not-found", within_s=2, record=record_property
        ) as caught:
            await backend.read(_ref("aws-sm:x"))
        assert "eu-west-1" in caught[0].message
        assert "?region=" in caught[0].hint
