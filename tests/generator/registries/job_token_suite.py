"""What all kinds do that exchange the CI's own token, as a suite to inherit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backends.base import RunContext
from backends.errors import BackendMisconfigured, SecretNotFound
from backends.inputs import RecordedInputs
from backends.testing import CANARY, make_context
from generator.config.load import load_config
from generator.errors import AccessDenied, ConfigError, SecretMissing
from generator.generate import opened_backends
from generator.grant_plans import plan_grants
from generator.model import Grant, GrantRequest, RegistryEntry
from generator.registries.loader import provider_of
from generator.resolve import Resolver
from generator.settings import Settings
from tests.parts.job_tokens import SUBJECT, ci, environment, job_token
from tests.parts.service import Service, service

KEY = bytes(range(32))
OTHER_SUBJECT = "repo:acme/app:pull_request"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One kind whose ``entry`` (a block as in a config) asks ``vendor``, a stand-in.

    ``audience`` is what a token has to be for, by the entry's own words or by default. A kind that
    ``takes_text`` knows a secret that is text as such a token, without its field being named.
    """

    entry: Mapping[str, Any]
    vendor: Service
    audience: str
    takes_text: bool = True

    def loaded(self, variables: Mapping[str, str], **more: Any) -> tuple[RegistryEntry, Any]:
        """Return the entry as the config's loader makes it, and the config's backends."""
        block = _yaml({**self.entry, **more})
        settings = Settings("-", config_yaml=f"registries: {{r: {block}}}")
        config = load_config(settings, variables, RecordedInputs())
        return config.entries[0], config.backends

    async def fetched(self, variables: Mapping[str, str], **more: Any) -> Grant:
        """Return the grant, by a run's own steps."""
        entry, setups = self.loaded(variables, **more)
        context = make_context(variables)
        provider = provider_of(entry)
        async with opened_backends(setups, context) as backends:
            named = {name: backend for name, (_, backend) in backends.items()}
            resolved = await Resolver(named, context.clock).credentials(
                entry.credentials, provider.credential_fields
            )
            return await provider.fetch(GrantRequest(entry, resolved.secrets), context)

    async def name(self, variables: Mapping[str, str], **more: Any) -> str:
        """Return what a run calls the grant."""
        entry, setups = self.loaded(variables, **more)
        context: RunContext = make_context(variables)
        async with opened_backends(setups, context) as backends:
            plans, failed = plan_grants([(entry, provider_of(entry))], backends, context, KEY)
        assert failed == {}
        return plans[0].name


def _yaml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    return f'"{value}"'


class TakesTheJobsToken:
    """Inherit it and provide the fixture ``exchange``."""

    @pytest.fixture
    def github(self) -> Iterator[Service]:
        with service(ci) as made:
            yield made

    async def test_the_ci_is_asked_for_the_vendors_audience(
        self, exchange: Exchange, github: Service
    ) -> None:
        grant = await exchange.fetched(environment(github.url))
        assert grant.expires_at is not None
        assert [asked.query["audience"] for asked in github.asked] == [exchange.audience]
        assert len(exchange.vendor.asked) == 1

    @pytest.mark.parametrize("place", ["env", "file"])
    async def test_a_token_may_be_named_instead(
        self, exchange: Exchange, place: str, tmp_path: Path
    ) -> None:
        token = job_token(exchange.audience)
        (tmp_path / "token").write_text(f"{token}\n")
        ref = "env:JOB_TOKEN" if place == "env" else f"file:{tmp_path}/token"
        grant = await exchange.fetched({"JOB_TOKEN": token}, credentials={"oidc_token": ref})
        assert grant.secret.reveal() != token

    async def test_a_job_of_no_ci_is_told_what_to_do(self, exchange: Exchange) -> None:
        with pytest.raises(SecretNotFound) as caught:
            await exchange.fetched({})
        assert caught.value.reference == "ci-not-recognised"
        assert "hand the CI's variables to the container" in caught.value.hint
        assert exchange.vendor.asked == []

    async def test_a_job_that_may_not_ask_is_told_so(self, exchange: Exchange) -> None:
        with pytest.raises(SecretNotFound, match="may not ask") as caught:
            await exchange.fetched({"GITHUB_ACTIONS": "true"})
        assert "id-token: write" in caught.value.hint

    @pytest.mark.parametrize(
        "wrong",
        [{"aud": "https://sts.amazonaws.com"}, {"exp": 1_000_000_000}, {"sub": OTHER_SUBJECT}],
        ids=["another audience", "expired", "another subject"],
    )
    async def test_a_token_that_the_vendor_does_not_take_is_a_denial(
        self, exchange: Exchange, wrong: Mapping[str, Any]
    ) -> None:
        token = job_token(exchange.audience, **wrong)
        with pytest.raises(AccessDenied) as caught:
            await exchange.fetched({"T": token}, credentials={"oidc_token": "env:T"})
        shown = f"{caught.value.message}{caught.value.hint}"
        assert token not in shown
        assert CANARY not in shown

    async def test_a_ci_that_gives_another_audience_is_found_out_before_anybody_is_asked(
        self, exchange: Exchange
    ) -> None:
        step = {"BITBUCKET_STEP_OIDC_TOKEN": job_token("ari:cloud:bitbucket::workspace/1")}
        with pytest.raises(BackendMisconfigured) as caught:
            await exchange.fetched(step)
        assert caught.value.reference == "ci-audience-mismatch"
        assert exchange.vendor.asked == []

    @pytest.mark.parametrize("way", ["asked for", "named", "a text"])
    async def test_jobs_of_one_subject_share_a_grant_and_no_others(
        self, exchange: Exchange, way: str, github: Service
    ) -> None:
        async def name(subject: str) -> str:
            if way == "asked for":
                return await exchange.name(environment(github.url, subject))
            variables = {"T": job_token(exchange.audience, subject)}
            text = way == "a text" and exchange.takes_text
            credentials: Any = "env:T" if text else {"oidc_token": "env:T"}
            return await exchange.name(variables, credentials=credentials)

        assert await name(SUBJECT) == await name(SUBJECT)
        assert await name(SUBJECT) != await name(OTHER_SUBJECT)
        assert github.asked == []

    async def test_a_document_without_a_token_is_no_reason_to_be_somebody_else(
        self, exchange: Exchange, github: Service
    ) -> None:
        variables = {**environment(github.url), "T": '{"y": "z"}'}
        with pytest.raises(SecretMissing if exchange.takes_text else ConfigError):
            await exchange.fetched(variables, credentials="env:T")
        assert exchange.vendor.asked == github.asked == []
