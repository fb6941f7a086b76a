"""The one AWS session: where credentials come from, and how their sources fail."""

import subprocess
import sys
from typing import Any

import pytest

from backends.aws_roles import AwsRole, assume_role
from backends.aws_session import AwsCredentials, AwsSession, vendor_endpoint
from backends.errors import (
    BackendMisconfigured,
    BadAnswer,
)
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts import aws_json
from tests.parts.aws_json import StandIn, running_stand_in
from tests.parts.cases import Record, fails
from tests.parts.moto import Moto

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


class TestRoles:
    async def test_moto_gives_the_roles_account(
        self, moto: Moto, moto_environment: dict[str, str]
    ) -> None:
        aws = make_context(moto_environment).aws
        keys = await assume_role(aws, _ROLE, region="eu-west-1")
        async with aws.client("sts", what="STS", region="eu-west-1", credentials=keys) as client:
            assert (await client.get_caller_identity())["Account"] == "444455556666"

    async def test_everything_about_the_role_is_sent(
        self, aws: AwsSession, aws_stand_in: StandIn
    ) -> None:
        given = AwsCredentials("AKIAGIVEN", Secret("given"), Secret("token"))
        keys = await assume_role(aws, _ROLE, region="eu-west-1", credentials=given)
        (call,) = aws_stand_in.calls
        sent = {name: call.parameters[name] for name in ("RoleArn", "ExternalId")}
        assert sent == {"RoleArn": _ROLE.arn, "ExternalId": "ext"}
        assert call.parameters["RoleSessionName"] == "job-7"
        assert "AKIAGIVEN" in call.headers["Authorization"]
        assert keys == AwsCredentials("ASIAROLE", Secret("role-secret"), Secret("role-token"))
        assert "role-secret" not in repr(keys)

    async def test_an_answer_without_keys_is_no_answer(
        self, aws: AwsSession, aws_stand_in: StandIn, record_property: Record
    ) -> None:
        empty = "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"
        aws_stand_in.usual = lambda _: aws_json.Answer(200, empty)
        with fails(BadAnswer, "aws-answer-implausible", within_s=2, record=record_property):
            await assume_role(aws, _ROLE, region="eu-west-1")

    async def test_a_page_instead_of_xml_is_no_answer(
        self, aws: AwsSession, aws_stand_in: StandIn, record_property: Record
    ) -> None:
        aws_stand_in.usual = lambda _: aws_json.Answer(200, f"<p>{CANARY}<br>")
        with fails(BadAnswer, "aws-answer-garbled", within_s=2, record=record_property):
            await assume_role(aws, _ROLE, region="eu-west-1")


class TestEndpoints:
    async def test_plain_http_to_another_host_must_be_allowed(
        self, aws: AwsSession, record_property: Record
    ) -> None:
        with fails(BackendMisconfigured, "plain-http-refused", within_s=2, record=record_property):
            await _read(aws, endpoint="http://store.invalid")

    async def test_an_endpoint_of_the_settings_wins(
        self, aws: AwsSession, aws_stand_in: StandIn
    ) -> None:
        with running_stand_in() as other:
            assert await _read(aws, endpoint=other.url) == CANARY
            assert len(other.calls) == 1
        assert aws_stand_in.calls == []

    @pytest.mark.parametrize(
        ("url", "vendor"),
        [
            ("https://api.ecr.eu-west-1.amazonaws.com", True),
            ("https://api.ecr.cn-north-1.amazonaws.com.cn", True),
            ("https://amazonaws.com.evil.example", False),
            ("https://notamazonaws.com", False),
            ("http://127.0.0.1:4566", False),
        ],
    )
    def test_the_vendors_own_are_told_from_others(self, url: str, *, vendor: bool) -> None:
        assert vendor_endpoint(url) is vendor


class TestRegion:
    @pytest.mark.parametrize(
        ("environment", "region"),
        [
            ({}, None),
            ({"AWS_REGION": " "}, None),
            ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
            ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ],
    )
    def test_the_environment_names_it(
        self, environment: dict[str, str], region: str | None
    ) -> None:
        inputs = RecordedInputs()
        assert make_context(environment, inputs=inputs).aws.region() == region
        assert "AWS_REGION" in inputs.variables


def test_nothing_of_the_sdk_is_imported_before_somebody_asks() -> None:
    program = """
import sys, anyio
from backends.aws_secret_store import AwsStoreOptions
from backends.aws_parameter_store import ParameterStoreBackendFactory
from backends.aws_secrets_manager import SecretsManagerBackendFactory
from backends.testing import make_context
async def main():
    context = make_context({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"})
    for factory in (SecretsManagerBackendFactory(), ParameterStoreBackendFactory()):
        async with factory(AwsStoreOptions(), context) as backend:
            from backends.base import SecretRef
            backend.identity(SecretRef("x", "y"))
anyio.run(main)
print({"botocore", "aiobotocore", "aioboto3", "boto3", "aiohttp"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
