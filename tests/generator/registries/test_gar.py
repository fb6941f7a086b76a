"""Google's registries against a stand-in for its token services."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)
from backends.testing import make_context
from generator.errors import EntryError
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.gar.entry import GarOptions
from generator.registries.gar.provider import GarProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.backends.google.test_sources import external
from tests.parts.google import (
    OTHER_ACCOUNT,
    PROVIDER,
    SUBJECT_TOKEN,
    Answer,
    Google,
    google,
    refused,
    service_account_key,
)

HOST = "europe-west1-docker.pkg.dev"


@pytest.fixture
def cloud() -> Iterator[Google]:
    with google() as made:
        yield made


def entry(cloud: Google, server: str | None = HOST, **options: Any) -> RegistryEntry:
    return RegistryEntry("gar", "gar", server, GarOptions(endpoint=cloud.url, **options))


async def fetched(
    cloud: Google, secrets: dict[str, str], *, environment: dict[str, str] | None = None, **o: Any
) -> Grant:
    request = GrantRequest(entry(cloud, **o), {n: Secret(value) for n, value in secrets.items()})
    return await GarProvider().fetch(request, make_context(environment or {}))


class TestGarKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, cloud: Google) -> ProviderCase:
        def plan(*answers: Answer | bytes) -> Callable[[], None]:
            return lambda: cloud.plan.extend(answers)

        def change(**changes: Any) -> Callable[[], None]:
            return lambda: cloud.changes.update(changes)

        def throttle() -> None:
            cloud.retry_after_s = 1
            cloud.plan.append((429, {}))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "signature": (plan(refused("invalid_grant", "Invalid JWT Signature.")), SecretDenied),
            "disabled": (plan(refused("invalid_grant", "account disabled")), SecretDenied),
            "throttled for ever": (plan(*[(429, {})] * 3), BackendUnavailable),
            "500 for ever": (plan(*[(500, {})] * 3), BackendUnavailable),
            "a page": (plan(b"<html>"), BadAnswer),
            "truncated": (plan(b'{"access_token": "ya29'), BadAnswer),
            "404": (plan((404, {})), BadAnswer),
            "no token": (change(access_token=None), BadAnswer),
            "no expiry": (change(access_token="x", expires_in=None), BadAnswer),
            "expired": (change(expires_in=-1), BadAnswer),
            "milliseconds": (change(expires_in=3_599_000), BadAnswer),
            "an expiry in words": (change(expires_in="soon"), BadAnswer),
        }
        return ProviderCase(
            provider=GarProvider(),
            entry=entry(cloud),
            secrets={"key": Secret(service_account_key(project_id=CANARY))},
            lifetime_s=3600,
            failures=failures,
            hang=lambda: setattr(cloud, "delay_s", 5.0),
            throttle=throttle,
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(cloud, None),
                "look-alike": entry(cloud, "gcr.io.evil.example"),
                "delegates of nobody": entry(cloud, delegates=(OTHER_ACCOUNT,)),
                "audience of nothing": entry(cloud, audience="x"),
                "json_key without a key": entry(cloud, method="json_key"),
            },
        )


@pytest.mark.parametrize(
    "wrap", [str, lambda text: base64.b64encode(text.encode()).decode()], ids=["json", "base64"]
)
async def test_a_key_file_becomes_a_token_that_its_signature_earned(
    cloud: Google, wrap: Callable[[str], str]
) -> None:
    grant = await fetched(cloud, {"key": wrap(service_account_key())})
    assert (grant.username, grant.secret.reveal()) == ("oauth2accesstoken", f"ya29.{CANARY}")
    assert grant.endpoint == cloud.url
    assert cloud.paths == ["/token"]


async def test_another_account_is_impersonated_with_the_keys_token(cloud: Google) -> None:
    cloud.lifetime_s = 7200
    key = service_account_key()
    grant = await fetched(cloud, {"key": key}, impersonate=OTHER_ACCOUNT, lifetime="2h")
    assert grant.secret.reveal() == f"ya29.as-{CANARY}"
    assert grant.expires_at is not None
    assert 7190 < (grant.expires_at - grant.requested_at).total_seconds() < 7202


async def test_impersonation_may_be_denied(cloud: Google) -> None:
    account = "nobody@project.iam.gserviceaccount.com"
    with pytest.raises(SecretDenied, match="impersonated") as caught:
        await fetched(cloud, {"key": service_account_key()}, impersonate=account)
    assert "serviceAccountTokenCreator" in caught.value.hint


@pytest.mark.parametrize("by", ["a credential", "the CI"])
async def test_workload_identity_federation_exchanges_a_jobs_token(cloud: Google, by: str) -> None:
    token = {"subject_token": SUBJECT_TOKEN} if by == "a credential" else {}
    environment = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{cloud.url}/subject?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
        "GITHUB_ACTIONS": "true",
    }
    grant = await fetched(
        cloud, token, workload_identity_provider=PROVIDER, environment=environment
    )
    assert grant.secret.reveal() == f"ya29.{CANARY}"
    assert cloud.forms[-1]["subject_token"] == SUBJECT_TOKEN


async def test_a_pool_that_is_not_there_is_told(cloud: Google) -> None:
    other = PROVIDER.replace("ci-pool", "other")
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, {"subject_token": SUBJECT_TOKEN}, workload_identity_provider=other)
    assert caught.value.reference == "google-pool-refused"


async def test_a_users_login_works_until_it_is_revoked(cloud: Google) -> None:
    login = {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret",
        "refresh_token": f"refresh-{CANARY}",
    }
    assert (await fetched(cloud, {"key": json.dumps(login)})).username == "oauth2accesstoken"
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, {"key": json.dumps({**login, "refresh_token": "old"})})
    assert caught.value.reference == "google-login-expired"


@pytest.mark.parametrize("account", [None, OTHER_ACCOUNT])
async def test_without_any_credential_the_machines_account_counts(
    cloud: Google, account: str | None
) -> None:
    grant = await fetched(cloud, {}, impersonate=account, environment=cloud.environment())
    assert grant.secret.reveal() == f"ya29.{'as-' if account else ''}{CANARY}"
    assert cloud.paths[0].startswith("/computeMetadata/v1/instance/service-accounts/default/")


async def test_without_any_credential_and_machine_of_googles_a_key_is_asked_for(
    cloud: Google,
) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        await fetched(cloud, {}, environment={"GCE_METADATA_HOST": "127.0.0.1:1"})
    assert "GOOGLE_APPLICATION_CREDENTIALS" in caught.value.hint


async def test_json_key_writes_the_key_itself(cloud: Google) -> None:
    key = service_account_key()
    grant = await fetched(
        cloud, {"key": base64.b64encode(key.encode()).decode()}, method="json_key"
    )
    assert (grant.username, grant.secret.reveal(), grant.expires_at) == ("_json_key", key, None)
    assert cloud.paths == []


async def test_what_can_heal_heals(cloud: Google) -> None:
    cloud.plan.extend([(503, {}), (429, {})])
    grant = await fetched(cloud, {"key": service_account_key()})
    assert grant.username == "oauth2accesstoken"
    assert len(cloud.paths) == 3


async def test_a_clock_ten_minutes_off_is_told(cloud: Google) -> None:
    cloud.date_offset_s = 600
    with pytest.raises(SecretDenied) as caught:
        await fetched(cloud, {"key": service_account_key()})
    assert caught.value.reference == "google-clock-wrong"


async def test_an_expiry_told_as_a_time_is_corrected_for_the_servers_clock(cloud: Google) -> None:
    cloud.date_offset_s = 200
    grant = await fetched(cloud, {"key": service_account_key()}, impersonate=OTHER_ACCOUNT)
    assert grant.expires_at is not None
    assert abs((grant.expires_at - grant.requested_at).total_seconds() - 3600) < 4
    assert 195 < grant.clock_skew_s < 205


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("not json", "neither JSON nor"),
        (service_account_key()[:-40], "not JSON"),
        ("[1]", "neither JSON nor"),
        (base64.b64encode(b"[1]").decode(), "not a JSON object"),
        (json.dumps({"type": "gdch_service_account"}), "kind"),
        (json.dumps({"kind": CANARY}), "kind"),
        (service_account_key(private_key=None), "no private_key"),
        (service_account_key(private_key="-----BEGIN PRIVATE KEY-----\nMII"), "can not be used"),
        (service_account_key(private_key={"a": 1}), "private_key"),
        (service_account_key(universe_domain="other.example"), "universe"),
    ],
)
async def test_a_key_that_can_not_be_used_is_told_without_a_request(
    cloud: Google, key: str, says: str
) -> None:
    with pytest.raises(BackendMisconfigured, match=says) as caught:
        await fetched(cloud, {"key": key})
    assert CANARY not in caught.value.message
    assert cloud.paths == []


def test_one_token_serves_every_host_and_look_alikes_are_refused(cloud: Google) -> None:
    provider = GarProvider()
    ref = Credentials(document=SecretRef("env", "KEY"))
    good = ("gcr.io", "us.gcr.io", "asia-docker.pkg.dev", HOST, "docker.europe-west3.rep.pkg.dev")
    keys = {provider.grant_key(entry(cloud, host), make_context({})) for host in good}
    assert len(keys) == 1
    for host in (*good, "gcr.io.evil.example", "x.pkg.dev.evil.example"):
        found = RegistryEntry("gar", kind_of_host(host), host, GarOptions(), credentials=ref)
        assert found.provider == "gar"
        assert bool(provider.validate(found)) == host.endswith(".example")
    assert kind_of_host("notgcr.io") == "static"


@pytest.mark.parametrize("by", ["entry", "variable"])
def test_jobs_that_share_a_document_but_not_its_token_file_have_tokens_of_their_own(
    cloud: Google, tmp_path: Path, by: str
) -> None:
    """Pods mount one document, and each the token of its own service account."""
    document, file = tmp_path / "document", tmp_path / "token"
    document.write_text(json.dumps(external({"file": str(file)})))
    context = make_context({"GOOGLE_APPLICATION_CREDENTIALS": str(document)})
    one = entry(cloud, trusted_sources=(str(file),))
    if by == "entry":
        one = replace(one, credentials=Credentials(document=SecretRef("file", str(document))))
    keys = set()
    for token in ("one", "other"):
        file.write_text(token)
        keys.add(GarProvider().grant_key(one, context))
    assert len(keys) == 2
