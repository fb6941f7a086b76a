"""CIs that are asked for a token: over HTTP, and through Buildkite's agent."""

import base64
import json
import os
import sys
from pathlib import Path

import pytest

from backends.base import IdentityPart
from backends.ci_identity import CiIdentity
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts.ci_server import (
    CiServer,
    NoHttp,
    PlainHttp,
    identity_of,
    make_token,
    running_ci_server,
)
from tests.parts.process import free_port

_TOKEN = make_token()


class TestGitHub:
    def _environment(self, server: CiServer) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": f"{CANARY}-request",
        }

    async def test_it_is_asked_for_the_audience(self) -> None:
        inputs = RecordedInputs()
        audience = "https://vault.example/a b&c"
        with running_ci_server({"value": make_token(audience)}) as server:
            context = make_context(self._environment(server), inputs=inputs)
            token = await CiIdentity(context, PlainHttp()).token(audience)
        assert token == Secret(make_token(audience))
        (call,) = server.calls
        assert (call.method, call.query) == (
            "GET",
            {"api-version": ["2.0"], "audience": [audience]},
        )
        assert call.headers["Authorization"] == f"Bearer {CANARY}-request"
        assert inputs.opaque_sources == {"ci-oidc"}
        assert {"ACTIONS_ID_TOKEN_REQUEST_URL", "GITHUB_ACTIONS"} <= inputs.variables

    async def test_one_that_is_not_reached_is_called_by_its_name(self) -> None:
        nobody = f"http://127.0.0.1:{free_port()}"
        environment = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{nobody}/token?{CANARY}",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY,
        }
        context = make_context(environment)
        with pytest.raises(BackendUnavailable, match="GitHub Actions at 127") as caught:
            await CiIdentity(context, context.transport).token("vault")
        assert CANARY not in f"{caught.value.message}{caught.value.hint}"

    @pytest.mark.parametrize(
        ("status", "answer", "kind"),
        [
            (403, {}, SecretDenied),
            (401, {"message": CANARY}, SecretDenied),
            (404, {"message": CANARY}, BadAnswer),
            (200, {"message": CANARY}, BadAnswer),
            (200, {"value": 7}, BadAnswer),
            (200, [CANARY], BadAnswer),
        ],
    )
    async def test_answers_without_a_token(
        self, status: int, answer: object, kind: type[BackendError]
    ) -> None:
        with running_ci_server(answer, status=status) as server:
            context = make_context(self._environment(server))
            with pytest.raises(kind) as caught:
                await CiIdentity(context, PlainHttp()).token("vault")
        assert CANARY not in f"{caught.value.message}{caught.value.hint}"

    def test_without_a_subject_every_job_is_its_own(self) -> None:
        base = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x/y"}
        one, two = (
            identity_of({**base, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": f"{CANARY}{number}"})
            for number in (1, 2)
        )
        assert one != two
        assert CANARY not in repr(one)

    def test_the_subject_in_the_request_token_is_what_jobs_share(self) -> None:
        def of(subject: str, number: int) -> list[IdentityPart]:
            claims = json.dumps({"oidc_sub": subject, "jti": number}).encode()
            token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{number}"
            return identity_of(
                {
                    "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://pipelines.example/{number}",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
                }
            )

        assert of("repo:a/b:ref:refs/heads/main", 1) == of("repo:a/b:ref:refs/heads/main", 2)
        assert of("repo:a/b:ref:refs/heads/main", 1) != of("repo:a/b:environment:prod", 1)
        assert of("repo:a/b:ref:refs/heads/main", 1) != of("repo:a/c:ref:refs/heads/main", 1)

    def test_another_audience_is_anotheridentity_of(self) -> None:
        environment = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        }
        assert identity_of(environment, "a") != identity_of(environment, "b")


class TestAzureDevOps:
    async def test_it_is_asked_by_post(self) -> None:
        audience = "api://AzureADTokenExchange"
        with running_ci_server({"oidcToken": make_token(audience)}) as server:
            environment = {
                "SYSTEM_OIDCREQUESTURI": f"{server.url}/oidctoken",
                "SYSTEM_ACCESSTOKEN": CANARY,
            }
            identity = CiIdentity(make_context(environment), PlainHttp())
            assert await identity.token(None) == Secret(make_token(audience))
            with pytest.raises(BackendMisconfigured) as caught:
                await identity.token("vault")
        assert audience in caught.value.hint
        assert server.calls[0].method == "POST"
        assert server.calls[0].query == {"api-version": ["7.1"]}
        assert server.calls[0].headers["X-TFS-FedAuthRedirect"] == "Suppress"

    def test_pipelines_of_one_name_in_two_projects_are_two(self) -> None:
        base = {
            "SYSTEM_OIDCREQUESTURI": "https://x",
            "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
            "SYSTEM_DEFINITIONID": "7",
            "BUILD_SOURCEBRANCH": "refs/heads/main",
        }
        one = {**base, "SYSTEM_TEAMPROJECTID": "one", "SYSTEM_ACCESSTOKEN": "1"}
        assert identity_of(one) == identity_of({**one, "SYSTEM_ACCESSTOKEN": "2"})
        assert identity_of(one) != identity_of({**one, "SYSTEM_TEAMPROJECTID": "two"})

    def test_where_a_part_is_missing_every_job_is_its_own(self) -> None:
        base = {"SYSTEM_OIDCREQUESTURI": "https://x", "SYSTEM_DEFINITIONID": "7"}
        one, two = (identity_of({**base, "SYSTEM_ACCESSTOKEN": token}) for token in "ab")
        assert one != two


class TestBuildkite:
    def _environment(self, folder: Path, script: str) -> dict[str, str]:
        agent = folder / "buildkite-agent"
        agent.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{script}\n")
        agent.chmod(0o755)
        return {
            "BUILDKITE": "true",
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "BUILDKITE_AGENT_ACCESS_TOKEN": CANARY,
            "REGISTRY_PASSWORD": CANARY,
        }

    async def test_the_agent_is_run_with_little_of_the_environment(self, tmp_path: Path) -> None:
        script = (
            f"json.dump([sys.argv[1:], sorted(os.environ)], open({str(tmp_path / 'seen')!r}, 'w'))"
            f"\nprint({_TOKEN!r})"
        )
        inputs = RecordedInputs()
        context = make_context(self._environment(tmp_path, script), inputs=inputs)
        assert await CiIdentity(context, NoHttp()).token("vault") == Secret(_TOKEN)
        arguments, variables = json.loads((tmp_path / "seen").read_text())
        assert arguments == ["oidc", "request-token", "--audience", "vault"]
        assert set(variables) <= {"PATH", "BUILDKITE_AGENT_ACCESS_TOKEN", "LC_CTYPE"}
        assert inputs.opaque_sources == {"ci-oidc"}

    async def test_a_failing_agent_is_told_without_its_words(self, tmp_path: Path) -> None:
        script = f"print({CANARY!r}, file=sys.stderr); sys.exit(3)"
        context = make_context(self._environment(tmp_path, script))
        with pytest.raises(SecretDenied) as caught:
            await CiIdentity(context, NoHttp()).token("vault")
        assert "exit status 3" in caught.value.message
        assert CANARY not in f"{caught.value.message}{caught.value.hint}"

    async def test_an_agent_that_writes_without_end_is_told(self, tmp_path: Path) -> None:
        context = make_context(self._environment(tmp_path, "print('x' * 100_000)"))
        with pytest.raises(BadAnswer, match="more than a token"):
            await CiIdentity(context, NoHttp()).token("vault")

    async def test_a_missing_agent_is_told(self, tmp_path: Path) -> None:
        environment = {"BUILDKITE": "true", "PATH": str(tmp_path)}
        with pytest.raises(BackendMisconfigured) as caught:
            await CiIdentity(make_context(environment), NoHttp()).token("vault")
        assert caught.value.reference == "ci-agent-missing"

    async def test_an_agent_that_hangs_is_ended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backends.ci_buildkite._AGENT_TIMEOUT_S", 0.2)
        context = make_context(self._environment(tmp_path, "time.sleep(30)"))
        with pytest.raises(BackendError) as caught:
            await CiIdentity(context, NoHttp()).token("vault")
        assert caught.value.reference == "ci-agent-timeout"

    def test_pipelines_are_told_apart_and_incomplete_jobs_are_their_own(self) -> None:
        whole = {
            "BUILDKITE": "true",
            "BUILDKITE_ORGANIZATION_SLUG": "org",
            "BUILDKITE_PIPELINE_SLUG": "one",
            "BUILDKITE_BRANCH": "main",
            "BUILDKITE_COMMIT": "abc",
            "BUILDKITE_STEP_ID": "s",
            "BUILDKITE_JOB_ID": "1",
        }
        assert identity_of(whole) == identity_of({**whole, "BUILDKITE_JOB_ID": "2"})
        assert identity_of(whole) != identity_of({**whole, "BUILDKITE_PIPELINE_SLUG": "two"})
        del whole["BUILDKITE_PIPELINE_SLUG"]
        assert identity_of(whole) != identity_of({**whole, "BUILDKITE_JOB_ID": "2"})
