"""Where AWS credentials come from, and how their sources fail."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backends.aws_roles import AwsRole
from backends.aws_session import AwsCredentials, AwsSession
from backends.errors import (
    BackendMisconfigured,
    BackendUnavailable,
    SecretDenied,
    SecretNotFound,
)
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts import aws_json
from tests.parts.aws_environment import KEYS, use_environment
from tests.parts.aws_json import StandIn
from tests.parts.cases import Record, fails

pytest_plugins = ["tests.parts.aws_fixtures"]

_ROLE = AwsRole("arn:aws:iam::444455556666:role/ci", external_id="ext", session_name="job-7")


@pytest.fixture
def aws(stand_in_environment: dict[str, str]) -> AwsSession:
    return make_context(stand_in_environment).aws


async def _read(aws: AwsSession, **options: Any) -> str:
    async with aws.client(
        "secretsmanager", what="Secrets Manager", region="eu-west-1", **options
    ) as client:
        return str((await client.get_secret_value(SecretId="x"))["SecretString"])


@pytest.fixture
def surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_stand_in: StandIn
) -> Callable[..., AwsSession]:
    def make(**variables: str) -> AwsSession:
        base = {"AWS_ENDPOINT_URL": aws_stand_in.url, "AWS_REGION": "eu-west-1"}
        return make_context(use_environment(monkeypatch, tmp_path, {**base, **variables})).aws

    return make


async def test_web_identity_of_a_ci_job(
    surroundings: Callable[..., AwsSession], tmp_path: Path, aws_stand_in: StandIn
) -> None:
    (tmp_path / "jwt").write_text("header.payload.signature")
    aws = surroundings(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=_ROLE.arn)
    assert await _read(aws) == CANARY
    assumed = aws_stand_in.calls[0]
    assert assumed.parameters["WebIdentityToken"] == "header.payload.signature"


async def test_sts_that_is_down_is_told_in_time(
    surroundings: Callable[..., AwsSession], tmp_path: Path, record_property: Record
) -> None:
    (tmp_path / "jwt").write_text(CANARY)
    aws = surroundings(
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"),
        AWS_ROLE_ARN=_ROLE.arn,
        AWS_ENDPOINT_URL_STS="http://127.0.0.1:9",
    )
    with fails(BackendUnavailable, "connection-refused", within_s=5, record=record_property):
        await _read(aws)


async def test_a_web_identity_that_sts_refuses(
    surroundings: Callable[..., AwsSession],
    tmp_path: Path,
    aws_stand_in: StandIn,
    record_property: Record,
) -> None:
    (tmp_path / "jwt").write_text(CANARY)
    aws_stand_in.usual = lambda _: aws_json.Answer(
        400,
        "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
        f"<Message>{CANARY}</Message></Error></ErrorResponse>",
    )
    aws = surroundings(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=_ROLE.arn)
    with fails(SecretDenied, "aws-web-identity-refused", within_s=2, record=record_property):
        await _read(aws)


async def test_a_token_file_that_is_missing(
    surroundings: Callable[..., AwsSession], record_property: Record
) -> None:
    aws = surroundings(AWS_WEB_IDENTITY_TOKEN_FILE="/nowhere", AWS_ROLE_ARN=_ROLE.arn)
    with fails(BackendMisconfigured, "aws-file-not-readable", within_s=2, record=record_property):
        await _read(aws)


async def test_instance_metadata_that_does_not_answer_takes_little_time(
    surroundings: Callable[..., AwsSession],
    aws_stand_in: StandIn,
    record_property: Record,
) -> None:
    aws_stand_in.usual = lambda _: aws_json.HANG
    aws = surroundings(
        AWS_EC2_METADATA_DISABLED="false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=aws_stand_in.url,
    )
    with fails(SecretNotFound, "aws-credentials-missing", within_s=4, record=record_property):
        await _read(aws)


async def test_a_credential_process_that_prints_a_secret_in_bad_json(
    surroundings: Callable[..., AwsSession], tmp_path: Path, record_property: Record
) -> None:
    (tmp_path / "config").write_text(f"[default]\ncredential_process = echo '{CANARY}'\n")
    aws = surroundings(AWS_CONFIG_FILE=str(tmp_path / "config"))
    with fails(BackendMisconfigured, "aws-settings-invalid", within_s=2, record=record_property):
        await _read(aws)


async def test_a_credential_process_that_fails(
    surroundings: Callable[..., AwsSession], tmp_path: Path, record_property: Record
) -> None:
    (tmp_path / "config").write_text("[default]\ncredential_process = false\n")
    aws = surroundings(AWS_CONFIG_FILE=str(tmp_path / "config"))
    with fails(
        BackendUnavailable, "aws-credentials-not-retrieved", within_s=2, record=record_property
    ):
        await _read(aws)


async def test_single_sign_on_that_is_over(
    surroundings: Callable[..., AwsSession], tmp_path: Path, record_property: Record
) -> None:
    (tmp_path / "config").write_text(
        "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x\n"
        "[default]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = ci\n"
    )
    aws = surroundings(AWS_CONFIG_FILE=str(tmp_path / "config"))
    with fails(SecretDenied, "aws-sso-not-logged-in", within_s=2, record=record_property):
        await _read(aws)


async def test_what_the_chain_looks_at_is_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_stand_in: StandIn
) -> None:
    inputs = RecordedInputs()
    environment = use_environment(
        monkeypatch,
        tmp_path,
        {
            "AWS_ENDPOINT_URL": aws_stand_in.url,
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_PROFILE": "ci",
        },
    )
    (tmp_path / "config").write_text(
        "[profile ci]\naws_access_key_id = AKIA\naws_secret_access_key = x\n"
    )
    await _read(make_context(environment, inputs=inputs).aws)
    assert {tmp_path / "config", tmp_path / ".aws/credentials"} <= inputs.files
    assert "AWS_" in inputs.prefixes
    assert inputs.opaque_sources == {"aws-credential-chain"}


async def test_given_keys_ask_no_chain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_stand_in: StandIn
) -> None:
    endpoint = {"AWS_ENDPOINT_URL": aws_stand_in.url}
    inputs = RecordedInputs()
    context = make_context(use_environment(monkeypatch, tmp_path, endpoint), inputs=inputs)
    given = AwsCredentials("AKIAGIVEN", Secret("x"))
    assert await _read(context.aws, credentials=given) == CANARY
    assert "AKIAGIVEN" in aws_stand_in.calls[0].headers["Authorization"]
    assert inputs.opaque_sources == set()


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_CA_BUNDLE",
        "AWS_ROLE_ARN",
    ],
)
async def test_an_empty_variable_counts_as_unset(
    name: str, surroundings: Callable[..., AwsSession]
) -> None:
    assert await _read(surroundings(**KEYS, **{name: ""})) == CANARY
