"""The wire of every AWS client: certificates, proxies, redirects, retries."""

import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.aws_roles import AwsRole, assume_role
from backends.aws_session import AwsCredentials, AwsSession
from backends.errors import BackendError, BackendUnavailable, BadAnswer
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts import aws_json
from tests.parts.aws_environment import KEYS, use_environment
from tests.parts.aws_json import StandIn, running_stand_in
from tests.parts.proxy import running_proxy

_REGION = "eu-west-1"
_GIVEN = AwsCredentials("AKIA", Secret("given"))
_ROLE = AwsRole("arn:aws:iam::123456789012:role/ci")


async def _secret(aws: AwsSession) -> str:
    async with aws.client("secretsmanager", what="Secrets Manager", region=_REGION) as client:
        return str((await client.get_secret_value(SecretId="x"))["SecretString"])


async def _registry_token(aws: AwsSession) -> Any:
    async with aws.client("ecr", what="ECR", region=_REGION) as client:
        return (await client.get_authorization_token())["authorizationData"]


async def _role(aws: AwsSession) -> str:
    return (await assume_role(aws, _ROLE, region=_REGION)).access_key_id


_CALLS: dict[str, tuple[Callable[[AwsSession], Awaitable[Any]], str, Any]] = {
    "Secrets Manager": (_secret, "GetSecretValue", CANARY),
    "ECR": (_registry_token, "GetAuthorizationToken", []),
    "AssumeRole": (_role, "AssumeRole", "ASIAROLE"),
}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with running_stand_in() as server:
        yield server


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stand_in: StandIn) -> AwsSession:
    environment = {**KEYS, "AWS_ENDPOINT_URL": stand_in.url}
    return make_context(use_environment(monkeypatch, tmp_path, environment)).aws


class TestProxyThatEndsTls:
    @pytest.mark.parametrize("case", _CALLS)
    async def test_an_untrusted_certificate_is_refused(
        self, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        call, _, _ = _CALLS[case]
        with running_proxy(tmp_path, trusted=False) as proxy:
            environment = use_environment(monkeypatch, tmp_path, KEYS | proxy.environment)
            with pytest.raises(BackendUnavailable) as caught:
                await call(make_context(environment).aws)
        assert caught.value.reference == "tls-not-trusted"
        assert "SSL_CERT_FILE" in caught.value.hint
        assert proxy.server.calls == []

    @pytest.mark.parametrize("case", _CALLS)
    async def test_a_trusted_certificate_is_answered(
        self, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        call, operation, expected = _CALLS[case]
        with running_proxy(tmp_path, trusted=True) as proxy:
            environment = use_environment(monkeypatch, tmp_path, KEYS | proxy.environment)
            assert await call(make_context(environment).aws) == expected
        assert [seen.operation for seen in proxy.server.calls] == [operation]

    @pytest.mark.parametrize("trusted", [True, False])
    async def test_a_web_identity_token_goes_only_to_a_trusted_one(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, trusted: bool
    ) -> None:
        (tmp_path / "token").write_text(f"header.{CANARY}.signature")
        web_identity = {
            "AWS_REGION": _REGION,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": _ROLE.arn,
        }
        with running_proxy(tmp_path, trusted=trusted) as proxy:
            environment = use_environment(monkeypatch, tmp_path, web_identity | proxy.environment)
            aws = make_context(environment).aws
            if trusted:
                assert await _secret(aws) == CANARY
                operations = [call.operation for call in proxy.server.calls]
                assert operations == ["AssumeRoleWithWebIdentity", "GetSecretValue"]
            else:
                with pytest.raises(BackendUnavailable) as caught:
                    await _secret(aws)
                assert caught.value.reference == "tls-not-trusted"
                assert CANARY not in f"{caught.value.message}{caught.value.hint}"
                assert proxy.server.calls == []

    async def test_a_host_named_by_no_proxy_is_asked_directly(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stand_in: StandIn
    ) -> None:
        proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
        environment = {**KEYS, **proxies, "AWS_ENDPOINT_URL": stand_in.url}
        environment = use_environment(monkeypatch, tmp_path, environment)
        assert await _secret(make_context(environment).aws) == CANARY

    async def test_a_proxy_that_is_not_there_is_named_without_its_password(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        proxy = {"HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:9"}
        environment = use_environment(monkeypatch, tmp_path, KEYS | proxy)
        with pytest.raises(BackendUnavailable) as caught:
            await _secret(make_context(environment).aws)
        assert caught.value.reference == "proxy-unavailable"
        assert CANARY not in f"{caught.value.message}{caught.value.hint}"


async def test_the_ca_bundle_is_parsed_once_a_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loads: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def counted(context: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
        loads.append(context)
        load(context, *args, **kwargs)

    with running_proxy(tmp_path, trusted=True) as proxy:
        environment = use_environment(monkeypatch, tmp_path, KEYS | proxy.environment)
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
        aws = make_context(environment).aws
        for call, _, _ in _CALLS.values():
            await call(aws)
    assert len(loads) == 1


async def test_a_redirect_is_not_followed(aws: AwsSession, stand_in: StandIn) -> None:
    with running_stand_in() as elsewhere:
        stand_in.script = [aws_json.Answer(307, "", {"Location": elsewhere.url})]
        with pytest.raises(BadAnswer) as caught:
            await _secret(aws)
        assert elsewhere.calls == []
    assert caught.value.reference == "aws-answer-garbled"


@pytest.mark.parametrize(
    "trouble",
    [[aws_json.DROP], [aws_json.SERVER_ERROR], [aws_json.THROTTLED, aws_json.THROTTLED]],
    ids=["dropped connection", "server error", "throttled twice"],
)
async def test_what_can_heal_is_tried_again(
    aws: AwsSession, stand_in: StandIn, trouble: list[aws_json.Answer]
) -> None:
    stand_in.script = list(trouble)
    assert await _secret(aws) == CANARY
    assert len(stand_in.calls) == len(trouble) + 1


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        (aws_json.THROTTLED, "aws-throttled"),
        (aws_json.SERVER_ERROR, "aws-failing"),
        (aws_json.DROP, "aws-unreachable"),
    ],
)
async def test_trouble_that_stays_ends_after_three_tries(
    aws: AwsSession, stand_in: StandIn, answer: aws_json.Answer, reference: str
) -> None:
    stand_in.usual = lambda _: answer
    with pytest.raises(BackendUnavailable) as caught:
        await _secret(aws)
    assert caught.value.reference == reference
    assert len(stand_in.calls) == 3


async def test_a_denial_is_not_tried_again(aws: AwsSession, stand_in: StandIn) -> None:
    stand_in.usual = lambda _: aws_json.error("AccessDeniedException")
    with pytest.raises(BackendError):
        await _secret(aws)
    assert len(stand_in.calls) == 1
