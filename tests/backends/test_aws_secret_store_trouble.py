"""Settings and networks that can not work: what both AWS secret stores say to them."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from backends.aws_secret_store import AwsStoreOptions
from backends.aws_secrets_manager import SecretsManagerBackend, SecretsManagerBackendFactory
from backends.base import RunContext, SecretRef
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    SecretNotFound,
)
from backends.reference import parse_reference
from backends.testing import make_context
from tests.parts import aws_json
from tests.parts.aws_environment import KEYS, use_environment
from tests.parts.aws_json import StandIn
from tests.parts.cases import Record, fails

pytest_plugins = ["tests.parts.aws_fixtures"]

_FACTORY = SecretsManagerBackendFactory()
_ARN = "arn:aws:secretsmanager:us-east-2:123456789012:secret:team/registry-AbCdEf"


@pytest.fixture
async def stubbed(stand_in_environment: dict[str, str]) -> AsyncIterator[SecretsManagerBackend]:
    async with _FACTORY(AwsStoreOptions(), make_context(stand_in_environment)) as made:
        yield made


def _ref(text: str) -> SecretRef:
    return parse_reference(text, ("aws-sm",))


class TestSurroundings:
    async def _fails(
        self,
        context: RunContext,
        expected: tuple[type[BackendError], str],
        record: Record,
        options: AwsStoreOptions | None = None,
        within_s: float = 4,
    ) -> BackendError:
        async with _FACTORY(options or AwsStoreOptions(), context) as backend:
            with fails(*expected, within_s=within_s, record=record) as caught:
                await backend.read(_ref("aws-sm:x"))
        return caught[0]

    @pytest.mark.parametrize(
        ("case", "changes", "kind", "reference"),
        [
            (
                "no credentials",
                {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
                SecretNotFound,
                "aws-credentials-missing",
            ),
            (
                "half a key",
                {"AWS_SECRET_ACCESS_KEY": ""},
                BackendMisconfigured,
                "aws-credentials-incomplete",
            ),
            ("no region", {"AWS_REGION": ""}, BackendMisconfigured, "aws-region-missing"),
            (
                "unknown profile",
                {"AWS_PROFILE": "nobody"},
                BackendMisconfigured,
                "aws-profile-not-found",
            ),
            (
                "refused",
                {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
                BackendUnavailable,
                "connection-refused",
            ),
            (
                "unresolvable",
                {"AWS_ENDPOINT_URL": "https://nowhere.invalid"},
                BackendUnavailable,
                "host-not-resolved",
            ),
            (
                "plain http elsewhere",
                {"AWS_ENDPOINT_URL": "http://nowhere.invalid"},
                BackendMisconfigured,
                "plain-http-refused",
            ),
            (
                "not a URL",
                {"AWS_ENDPOINT_URL": "not a url"},
                BackendMisconfigured,
                "aws-settings-invalid",
            ),
            (
                "CA file missing",
                {"SSL_CERT_FILE": "/nowhere.pem", "AWS_ENDPOINT_URL": "https://127.0.0.1:9"},
                BackendMisconfigured,
                "ca-file-unusable",
            ),
        ],
    )
    async def test_what_is_missing_is_named(
        self,
        case: str,
        changes: dict[str, str],
        kind: type[BackendError],
        reference: str,
        moto_environment: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        record_property: Record,
    ) -> None:
        changed = {k: v for k, v in (moto_environment | changes).items() if v}
        context = make_context(use_environment(monkeypatch, tmp_path, changed))
        await self._fails(context, (kind, reference), record_property)

    async def test_https_to_a_plain_port_is_told(
        self,
        aws_stand_in: StandIn,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        record_property: Record,
    ) -> None:
        url = aws_stand_in.url.replace("http:", "https:")
        changed = use_environment(monkeypatch, tmp_path, {**KEYS, "AWS_ENDPOINT_URL": url})
        await self._fails(
            make_context(changed), (BackendUnavailable, "tls-failed"), record_property
        )

    async def test_silence_ends_with_the_callers_deadline(
        self, stubbed: SecretsManagerBackend, aws_stand_in: StandIn
    ) -> None:
        aws_stand_in.usual = lambda _: aws_json.HANG
        with pytest.raises(TimeoutError), anyio.fail_after(0.3):
            await stubbed.read(_ref("aws-sm:x"))

    async def test_an_answer_that_never_comes_is_a_timeout(
        self,
        stubbed: SecretsManagerBackend,
        aws_stand_in: StandIn,
        monkeypatch: pytest.MonkeyPatch,
        record_property: Record,
    ) -> None:
        monkeypatch.setattr("backends.aws_sdk._READ_TIMEOUT_S", 0.1)
        aws_stand_in.usual = lambda _: aws_json.HANG
        with fails(BackendUnavailable, "aws-timeout", within_s=5, record=record_property):
            await stubbed.read(_ref("aws-sm:x"))
        assert len(aws_stand_in.calls) == 3
