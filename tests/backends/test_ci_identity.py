"""The CI's own token: found, checked, and told apart without asking."""

from pathlib import Path

import pytest

from backends.base import IdentityPart
from backends.ci_identity import CiIdentity
from backends.ci_sources import id_token_variable
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BadAnswer,
    SecretNotFound,
)
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts.ci_server import NoHttp, identity_of, make_token

_TOKEN = make_token()
_WAITING = {
    "GitLab": {"GITLAB_CI": "true", "VAULT_ID_TOKEN": _TOKEN},
    "CircleCI": {"CIRCLECI": "true", "CIRCLE_OIDC_TOKEN_V2": _TOKEN},
    "CircleCI, old": {"CIRCLECI": "true", "CIRCLE_OIDC_TOKEN": _TOKEN},
    "Bitbucket": {"BITBUCKET_STEP_OIDC_TOKEN": _TOKEN},
}


class TestTokensThatWaitInVariables:
    @pytest.mark.parametrize("ci", _WAITING)
    async def test_they_are_found(self, ci: str) -> None:
        inputs = RecordedInputs()
        identity = CiIdentity(make_context(_WAITING[ci], inputs=inputs), NoHttp())
        assert await identity.token("vault") == Secret(_TOKEN)
        assert set(_WAITING[ci]) <= inputs.variables
        assert inputs.opaque_sources == set()

    @pytest.mark.parametrize("ci", _WAITING)
    def test_jobs_of_one_project_share_and_others_do_not(self, ci: str) -> None:
        def of(subject: str, number: int) -> list[IdentityPart]:
            token = make_token(subject=subject, number=number)
            return identity_of({k: token if v == _TOKEN else v for k, v in _WAITING[ci].items()})

        assert of("project:a", 1) == of("project:a", 2)
        assert of("project:a", 1) != of("project:b", 1)
        assert CANARY not in repr(of("project:a", 1))

    @pytest.mark.parametrize(
        ("environment", "to_do"),
        [
            ({"GITLAB_CI": "true"}, "id_tokens: {VAULT_ID_TOKEN: {aud: vault}}"),
            ({"CIRCLECI": "true"}, "context"),
            ({"BITBUCKET_STEP_UUID": "{1}"}, "oidc: true"),
            ({"GITHUB_ACTIONS": "true"}, "id-token: write"),
            ({"TF_BUILD": "True"}, "SYSTEM_ACCESSTOKEN: $(System.AccessToken)"),
            ({}, "under credentials:, as env:NAME"),
        ],
    )
    async def test_a_job_without_one_is_told_what_to_set(
        self, environment: dict[str, str], to_do: str
    ) -> None:
        identity = CiIdentity(make_context(environment), NoHttp())
        with pytest.raises(SecretNotFound) as asked:
            await identity.token("vault")
        with pytest.raises(SecretNotFound) as identified:
            identity.identity("vault")
        assert to_do in asked.value.hint
        assert identified.value.reference == asked.value.reference

    async def test_gitlab_needs_the_audience(self) -> None:
        with pytest.raises(SecretNotFound) as caught:
            await CiIdentity(make_context(_WAITING["GitLab"]), NoHttp()).token(None)
        assert "name the audience" in caught.value.hint

    @pytest.mark.parametrize(
        ("audience", "variable"),
        [
            ("vault", "VAULT_ID_TOKEN"),
            ("https://vault.example:8200", "HTTPS___VAULT_EXAMPLE_8200_ID_TOKEN"),
            ("1st", "_ST_ID_TOKEN"),
        ],
    )
    def test_gitlabs_variable_is_named_by_convention(self, audience: str, variable: str) -> None:
        assert id_token_variable(audience) == variable


class TestNamedSources:
    async def test_a_variable(self) -> None:
        context = make_context({"MY_TOKEN": f"{_TOKEN}\n", **_WAITING["CircleCI"]})
        identity = CiIdentity(context, NoHttp(), variable="MY_TOKEN")
        assert await identity.token(None) == Secret(_TOKEN)
        assert ("subject", "project:a") in identity.identity(None)

    async def test_a_file_is_read_each_time(self, tmp_path: Path) -> None:
        inputs = RecordedInputs()
        context = make_context({}, inputs=inputs, base_folder=tmp_path)
        identity = CiIdentity(context, NoHttp(), file="token")
        for number in (1, 2):
            (tmp_path / "token").write_text(make_token(number=number) + "\n")
            assert await identity.token("vault") == Secret(make_token(number=number))
        assert inputs.files == {tmp_path / "token"}

    async def test_missing_ones_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        context = make_context({}, base_folder=tmp_path)
        for options in ({"variable": "NOTHING"}, {"file": "nothing"}, {"file": "empty"}):
            with pytest.raises(SecretNotFound) as caught:
                await CiIdentity(context, NoHttp(), **options).token(None)
            assert next(iter(options.values())) in caught.value.message


class TestChecks:
    async def _fails(self, token: str, audience: str | None = None) -> BackendError:
        context = make_context({"T": token})
        with pytest.raises(BackendError) as caught:
            await CiIdentity(context, NoHttp(), variable="T").token(audience)
        assert CANARY not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"
        return caught.value

    @pytest.mark.parametrize("token", [f"{CANARY} x", f"{CANARY}\nx", f"{CANARY}ü", "x" * 20_001])
    async def test_what_is_no_token_is_not_passed_on(self, token: str) -> None:
        assert isinstance(await self._fails(token), BadAnswer)

    async def test_a_token_for_another_audience_is_refused(self) -> None:
        error = await self._fails(make_token("other"), "vault")
        assert isinstance(error, BackendMisconfigured)
        assert error.reference == "ci-audience-mismatch"

    async def test_an_opaque_token_is_taken_at_its_word(self) -> None:
        identity = CiIdentity(make_context({"T": "opaque"}), NoHttp(), variable="T")
        assert await identity.token("vault") == Secret("opaque")
