"""What stands between us and Vault, or in its place: each failure in its own words, in time."""

import time
from pathlib import Path
from typing import Any

import anyio
import pytest

from backends.base import SecretRef
from backends.errors import BackendError, BackendMisconfigured, BackendUnavailable, BadAnswer
from backends.vault.options import VaultAuth
from tests.backends.vault.outcomes import outcome
from tests.backends.vault.vault import CANARY, Vault, ref
from tests.parts.http_faults import Reply, answer, black_hole, drip, drop, faulty_server, silence

# Known beforehand, so that the planned replies are to the read itself
KV2 = (("engine", "kv2"), ("mount", "secret"))
LEASED = (("engine", "logical"), ("mount", "db"))
TOKEN = {"VAULT_TOKEN": f"s.{CANARY}"}
SECRET = b'{"data": {"data": {"password": "x"}, "metadata": {"version": 1}}}'
LEASE = b'{"lease_id": "db/creds/ci/x", "lease_duration": 5, "data": {"password": "x"}}'
PAGE = f"<html>{CANARY}</html>".encode()


def at(url: str, folder: Path) -> Vault:
    return Vault(url, "", None, folder)


OUTCOMES: dict[str, tuple[Reply, type[BackendError], str]] = {
    "silent": (silence, BackendUnavailable, "http-timeout"),
    "dripping": (drip, BackendUnavailable, "http-timeout"),
    "dropped": (drop, BackendUnavailable, "connection-broken"),
    "429, Retry-After 600": (
        answer(429, Retry_After="600"),
        BackendUnavailable,
        "vault-throttled",
    ),
    "429 for ever": (answer(429, Retry_After="0"), BackendUnavailable, "vault-throttled"),
    "502 for ever": (answer(502, PAGE), BackendUnavailable, "vault-failing"),
    "standby (472)": (answer(472), BackendUnavailable, "vault-failing"),
    "not initialised": (
        answer(501, b'{"errors": ["Vault is not initialized"]}'),
        BackendUnavailable,
        "vault-not-initialised",
    ),
    "200 with HTML": (answer(200, PAGE), BadAnswer, "vault-answer-implausible"),
    "200 with broken JSON": (
        answer(200, b'{"data": {"' + CANARY.encode()),
        BadAnswer,
        "vault-answer-implausible",
    ),
    "200 without a secret": (answer(200, b'{"data": 1}'), BadAnswer, "vault-answer-implausible"),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_each_has_its_own_words(case: str, tmp_path: Path) -> None:
    reply, kind, reference = OUTCOMES[case]
    with faulty_server(reply) as server, outcome(case, kind, reference) as caught:
        await at(server.url, tmp_path).read(environment=TOKEN, ref_options=KV2, timeout="1s")
    assert "Vault at 127.0.0.1:" in caught[0].message


async def test_a_port_that_takes_no_connection_ends_with_the_timeout(tmp_path: Path) -> None:
    with black_hole() as url, outcome("black-holed", BackendUnavailable, "http-timeout"):
        await at(url, tmp_path).read(environment=TOKEN, ref_options=KV2, timeout="1s")


async def test_a_deadline_ends_a_read_of_a_black_hole_at_once(tmp_path: Path) -> None:
    with black_hole() as url:
        started = time.monotonic()
        with anyio.move_on_after(0.5) as scope:
            await at(url, tmp_path).read(environment=TOKEN)
        assert scope.cancelled_caught
        assert time.monotonic() - started < 3


async def test_a_redirect_is_told_and_no_token_goes_there(tmp_path: Path) -> None:
    with faulty_server(answer(200, SECRET)) as elsewhere:
        location = elsewhere.url.replace("://", f"://user:{CANARY}@") + "/v1/x"
        with (
            faulty_server(answer(307, Location=location)) as server,
            outcome("redirect to another host", BackendUnavailable, "vault-redirect") as caught,
        ):
            await at(server.url, tmp_path).read(environment=TOKEN, ref_options=KV2)
        assert elsewhere.requests == []
    assert elsewhere.url.removeprefix("http://") in caught[0].message


async def test_502_then_an_answer_is_an_answer(tmp_path: Path) -> None:
    with faulty_server(answer(502, PAGE), answer(200, SECRET)) as server:
        document = await at(server.url, tmp_path).read(environment=TOKEN, ref_options=KV2)
    assert document.content == {"password": "x"}
    assert len(server.requests) == 2


async def test_a_dynamic_secret_is_never_asked_for_twice(tmp_path: Path) -> None:
    """The one whose answer was lost exists."""
    for reply, reference in ((answer(502), "vault-failing"), (drop, "connection-broken")):
        with (
            faulty_server(reply, answer(200, LEASE)) as server,
            outcome(f"dynamic, {reference}", BackendUnavailable, reference),
        ):
            await at(server.url, tmp_path).read(
                "db/creds/ci", environment=TOKEN, ref_options=LEASED
            )
        assert len(server.requests) == 1


async def test_a_one_shot_login_is_sent_once(tmp_path: Path) -> None:
    auth = VaultAuth(
        method="approle", credentials={"role_id": ref("ROLE"), "secret_id": ref("SECRET")}
    )
    environment = {"ROLE": "r", "SECRET": CANARY}
    for reply, reference in ((answer(502), "vault-failing"), (drop, "connection-broken")):
        with (
            faulty_server(reply) as server,
            outcome(f"approle login, {reference}", BackendUnavailable, reference),
        ):
            await at(server.url, tmp_path).read(auth=auth, environment=environment)
        assert len(server.requests) == 1


@pytest.mark.parametrize("then", [drop, answer(200, b'{"data": "x"}'), answer(403)])
async def test_a_lease_of_5_s_is_told_even_if_the_tokens_life_is_not(
    tmp_path: Path, then: Reply
) -> None:
    with faulty_server(answer(200, LEASE), then) as server:
        document = await at(server.url, tmp_path).read(
            "db/creds/ci", environment=TOKEN, ref_options=LEASED
        )
    assert document.lease is not None
    assert document.lease.duration_s == 5


MOUNT = b'{"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}'
DENIED = answer(403, b'{"errors": ["1 error occurred:\\n\\t* permission denied\\n\\n"]}')


@pytest.mark.parametrize("then", [drop, answer(200, b'{"data": "x"}'), answer(500)])
async def test_a_denial_stays_one_if_its_reason_can_not_be_asked(
    tmp_path: Path, then: Reply
) -> None:
    with (
        faulty_server(answer(200, MOUNT), DENIED, then) as server,
        pytest.raises(BackendError) as caught,
    ):
        await at(server.url, tmp_path).read(environment=TOKEN)
    assert caught.value.reference == "vault-denied"


@pytest.mark.parametrize("body", [b'{"data": "x"}', b'{"data": {"path": 1}}', b'{"auth": [1]}'])
@pytest.mark.parametrize(
    "auth",
    [
        VaultAuth(),
        VaultAuth(method="jwt", role="ci", credentials={"jwt": ref("T")}),
        VaultAuth(
            method="approle", credentials={"role_id": ref("T"), "wrapped_secret_id": ref("T")}
        ),
    ],
)
async def test_an_answer_of_any_other_shape_is_told(
    tmp_path: Path, body: bytes, auth: VaultAuth
) -> None:
    with faulty_server(answer(200, body)) as server, pytest.raises(BackendError) as caught:
        await at(server.url, tmp_path).read(auth=auth, environment={**TOKEN, "T": CANARY})
    assert caught.value.reference in ("vault-answer-implausible", "vault-wrapping-foreign")


async def test_settings_that_contradict_each_other_are_refused_before_anything_is_asked() -> None:
    mistakes: list[dict[str, Any]] = [
        {"method": "token", "credentials": {"tokn": ref("T")}},
        {"method": "agent", "credentials": {"token": ref("T")}},
        {
            "method": "approle",
            "credentials": {"secret_id": ref("T"), "wrapped_secret_id": SecretRef("file", "x")},
        },
    ]
    for mistake in mistakes:
        with pytest.raises(ValueError, match=r"takes|not both"):
            VaultAuth(**mistake)


async def test_a_login_by_userpass_without_a_name_is_sent_nowhere(tmp_path: Path) -> None:
    auth = VaultAuth(method="userpass", credentials={"password": ref("P")})
    with (
        faulty_server(answer(400)) as server,
        outcome("userpass without username", BackendMisconfigured, "vault-login-incomplete"),
    ):
        await at(server.url, tmp_path).read(auth=auth, environment={"P": CANARY})
    assert server.requests == []
