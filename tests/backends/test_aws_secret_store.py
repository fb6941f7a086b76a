"""What both AWS secret stores share: clients, roles, profiles, identity, missing settings."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import ValidationError

from backends.aws_secret_store import AwsStoreOptions
from backends.aws_secrets_manager import SecretsManagerBackend, SecretsManagerBackendFactory
from backends.base import Secret, SecretRef
from backends.errors import (
    BackendError,
    SecretDenied,
)
from backends.inputs import RecordedInputs
from backends.reference import parse_reference
from backends.testing import CANARY, make_context
from tests.parts import aws_json
from tests.parts.aws_environment import KEYS, use_environment
from tests.parts.aws_json import StandIn
from tests.parts.moto import Moto

pytest_plugins = ["tests.parts.aws_fixtures"]

_FACTORY = SecretsManagerBackendFactory()
_ARN = "arn:aws:secretsmanager:us-east-2:123456789012:secret:team/registry-AbCdEf"


@pytest.fixture
async def stubbed(stand_in_environment: dict[str, str]) -> AsyncIterator[SecretsManagerBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(stand_in_environment)) as made:
        yield made


def _ref(text: str) -> SecretRef:
    return parse_reference(text, ("aws-sm",))


class TestClients:
    async def test_one_client_a_region_and_at_most_eight_reads_at_once(
        self, stubbed: SecretsManagerBackend, aws_stand_in: StandIn
    ) -> None:
        def answer(call: aws_json.Call) -> aws_json.Answer:
            aws_stand_in.ended.wait(0.05)
            return aws_json.usual_answer(call)

        aws_stand_in.usual = answer
        async with anyio.create_task_group() as group:
            for number in range(30):
                group.start_soon(stubbed.read, _ref(f"aws-sm:x{number}"))
        assert len(aws_stand_in.calls) == 30
        assert 1 < aws_stand_in.most_at_once <= 8

    async def test_a_role_is_assumed_once_for_all_reads(
        self, stand_in_environment: dict[str, str], aws_stand_in: StandIn
    ) -> None:
        context = make_context(stand_in_environment)
        role = "arn:aws:iam::123456789012:role/reader"
        options = AwsStoreOptions(role_arn=role, external_id="ext", role_session_name="ci-7")
        async with _FACTORY(options, context) as backend, anyio.create_task_group() as group:
            for region in ("eu-west-1", "us-east-1", "us-east-2"):
                group.start_soon(backend.read, _ref(f"aws-sm:x?region={region}"))
        operations = sorted(call.operation for call in aws_stand_in.calls)
        assert operations == ["AssumeRole", *["GetSecretValue"] * 3]
        assumed = next(call for call in aws_stand_in.calls if call.operation == "AssumeRole")
        assert assumed.parameters["RoleArn"] == role
        assert assumed.parameters["ExternalId"] == "ext"
        assert assumed.parameters["RoleSessionName"] == "ci-7"
        reads = [call for call in aws_stand_in.calls if call.operation == "GetSecretValue"]
        assert all("ASIAROLE" in call.headers["Authorization"] for call in reads)

    async def test_a_denied_role_is_asked_for_once(
        self, stand_in_environment: dict[str, str], aws_stand_in: StandIn
    ) -> None:
        context = make_context(stand_in_environment)
        aws_stand_in.usual = lambda _: aws_json.Answer(
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: x is not authorized "
            f"to perform: sts:AssumeRole {CANARY}</Message></Error></ErrorResponse>",
            {"Content-Type": "text/xml"},
        )
        options = AwsStoreOptions(role_arn="arn:aws:iam::123456789012:role/reader")
        failures: list[BackendError] = []

        async def read(backend: SecretsManagerBackend, name: str) -> None:
            with pytest.raises(SecretDenied) as caught:
                await backend.read(_ref(f"aws-sm:{name}"))
            failures.append(caught.value)

        async with _FACTORY(options, context) as backend, anyio.create_task_group() as group:
            for name in "abc":
                group.start_soon(read, backend, name)
        assert len(aws_stand_in.calls) == 1
        assert all("sts:AssumeRole" in failure.message for failure in failures)
        assert not any(CANARY in failure.message for failure in failures)

    async def test_a_profile_wins_over_keys_in_variables(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_stand_in: StandIn
    ) -> None:
        (tmp_path / "config").write_text(
            "[profile ci]\nregion = us-west-2\naws_access_key_id = AKIAPROFILE\n"
            "aws_secret_access_key = secret\n"
        )
        environment = {**KEYS, "AWS_ENDPOINT_URL": aws_stand_in.url}
        environment["AWS_CONFIG_FILE"] = str(tmp_path / "config")
        del environment["AWS_REGION"]
        context = make_context(use_environment(monkeypatch, tmp_path, environment))
        async with _FACTORY(AwsStoreOptions(profile="ci"), context) as backend:
            await backend.read(_ref("aws-sm:x"))
        (call,) = aws_stand_in.calls
        assert "AKIAPROFILE" in call.headers["Authorization"]
        assert "/us-west-2/secretsmanager/" in call.headers["Authorization"]

    async def test_cancelling_a_read_leaves_nothing_open(
        self, stubbed: SecretsManagerBackend, aws_stand_in: StandIn
    ) -> None:
        aws_stand_in.usual = lambda _: aws_json.HANG
        with anyio.move_on_after(0.3) as scope:
            await stubbed.read(_ref("aws-sm:x"))
        assert scope.cancelled_caught


class TestSettings:
    @pytest.mark.parametrize(
        "options",
        [
            {"region": "Europe"},
            {"role_arn": "reader"},
            {"external_id": "ext"},
            {"endpoint": f"https://user:{CANARY}@x"},
            {"no_such": "1"},
            {"profile": "a\nb"},
        ],
    )
    def test_bad_ones_are_refused_without_showing_them(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            AwsStoreOptions(**options)
        assert CANARY not in str(caught.value)


class TestIdentity:
    def _identity(self, environment: dict[str, str], text: str, **options: Any) -> object:
        async def ask() -> object:
            context = make_context(environment)
            async with _FACTORY(AwsStoreOptions(**options), context) as backend:
                return sorted(backend.identity(_ref(text)), key=lambda part: part[0])

        return anyio.run(ask)

    def test_whatever_leads_to_another_secret_counts(self) -> None:
        base: dict[str, str] = {"HOME": "/nowhere", **KEYS}
        role = "arn:aws:iam::123456789012:role/a"
        identities = [
            self._identity(base, "aws-sm:x"),
            self._identity(base, "aws-sm:x?region=us-east-1"),
            self._identity(base, "aws-sm:x", endpoint="https://other"),
            self._identity(base, "aws-sm:x", role_arn=role),
            self._identity(base, "aws-sm:x", role_arn=role, external_id="one"),
            self._identity(base, "aws-sm:x", profile="ci"),
            self._identity(base, _ARN),
            self._identity(base, _ARN.replace("123456789012", "210987654321")),
            self._identity(base | {"AWS_SECRET_ACCESS_KEY": "other"}, "aws-sm:x"),
            self._identity(base | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://o"}, "aws-sm:x"),
        ]
        assert len({repr(self._revealed(one)) for one in identities}) == len(identities)

    def test_where_the_region_comes_from_does_not_count(self) -> None:
        base: dict[str, str] = {"HOME": "/nowhere", **KEYS}
        one = self._identity(base, "aws-sm:x", region="us-east-1")
        assert one == self._identity(base, "aws-sm:x?region=us-east-1")

    @staticmethod
    def _revealed(identity: Any) -> list[Any]:
        return [(n, v.reveal() if isinstance(v, Secret) else v) for n, v in identity]


async def test_reading_records_the_variables_of_aws(
    moto_environment: dict[str, str], moto: Moto
) -> None:
    moto.client("secretsmanager").create_secret(Name="x", SecretString=CANARY)
    inputs = RecordedInputs()
    async with _FACTORY(
        AwsStoreOptions(), make_context(moto_environment, inputs=inputs)
    ) as backend:
        await backend.read(_ref("aws-sm:x"))
    assert "AWS_" in inputs.prefixes
    assert {"SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY"} <= inputs.variables
    assert inputs.opaque_sources == set()
