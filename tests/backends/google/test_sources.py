"""Where a Google credential document may send a secret, or take one from."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from backends.errors import BackendMisconfigured, SecretNotFound
from backends.google.gate import Gate
from backends.google.key import parse_key
from backends.google.sdk import Wish
from backends.google.token import Answer, TokenCalls, token_of_document
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts.google import (
    OTHER_ACCOUNT,
    PROVIDER,
    SUBJECT_TOKEN,
    Google,
    google,
    service_account_key,
)

WISH = Wish("https://www.googleapis.com/auth/cloud-platform")
IMPERSONATION = (
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
    f"{OTHER_ACCOUNT}:generateAccessToken"
)

SUBJECT = {"format": {"type": "json", "subject_token_field_name": "value"}}


@pytest.fixture
def cloud() -> Iterator[Google]:
    with google() as made:
        yield made


def external(source: Any, **changes: Any) -> dict[str, Any]:
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
        **changes,
    }


async def token(
    cloud: Google,
    document: dict[str, Any],
    trusted: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> Answer:
    context = make_context(environment or {})
    gate = Gate(cloud.url, trusted, context)
    checked = parse_key(Secret(json.dumps(document)))
    gate.check_source(checked.get("credential_source", {}), context)
    calls = TokenCalls(gate, context, allow_http=False)
    return await token_of_document(checked, None, WISH, calls)


async def test_a_url_is_asked_for_a_token_only_if_it_is_trusted(cloud: Google) -> None:
    source = {"url": f"{cloud.url}/subject?a=b", **SUBJECT}
    answer = await token(cloud, external(source), (f"{cloud.url}/subject",))
    assert answer.body["access_token"] == f"ya29.{CANARY}"
    asked = len(cloud.paths)
    for other in ("https://elsewhere.example", f"{cloud.url}/subj", f"{cloud.url}.example/"):
        with pytest.raises(BackendMisconfigured) as caught:
            await token(cloud, external(source), (other,))
        assert caught.value.reference == "google-source-not-trusted"
    assert len(cloud.paths) == asked


async def test_the_jobs_own_github_token_service_is_trusted(cloud: Google) -> None:
    source = {
        "url": f"{cloud.url}/subject?audience=x",
        "headers": {"Authorization": "Bearer t"},
        **SUBJECT,
    }
    environment = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{cloud.url}/other?x=1"}
    assert (await token(cloud, external(source), (), environment)).body["access_token"]


async def test_a_file_is_read_only_if_it_is_trusted(cloud: Google, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(SUBJECT_TOKEN)
    document = external({"file": str(path)}, service_account_impersonation_url=IMPERSONATION)
    answer = await token(cloud, document, (str(path),))
    assert answer.body["accessToken"] == f"ya29.as-{CANARY}"
    with pytest.raises(BackendMisconfigured, match="reads a file"):
        await token(cloud, document)


async def test_a_file_whose_path_begins_nowhere_is_refused(cloud: Google) -> None:
    with pytest.raises(BackendMisconfigured, match="not absolute"):
        await token(cloud, external({"file": "token"}), ("token",))


async def test_a_program_is_run_only_if_the_environment_allows_it(
    cloud: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    answer = {
        "version": 1,
        "success": True,
        "token_type": "urn:ietf:params:oauth:token-type:jwt",
        "id_token": SUBJECT_TOKEN,
        "expiration_time": int(time.time()) + 600,
    }
    program.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(answer))})\n")
    program.chmod(0o700)
    document = external({"executable": {"command": str(program), "timeout_millis": 5000}})
    with pytest.raises(BackendMisconfigured) as caught:
        await token(cloud, document)
    assert caught.value.reference == "google-program-refused"
    # google-auth itself looks there as well
    monkeypatch.setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
    allowed = {"GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1"}
    assert (await token(cloud, document, (), allowed)).body["access_token"]


@pytest.mark.parametrize(
    "document",
    [
        json.loads(service_account_key(token_uri="https://oauth2.googleapis.com.evil.example/t")),
        json.loads(service_account_key(token_uri="http://oauth2.googleapis.com/token")),
        external({"url": "https://evil.example/token"}),
        external({"url": "http://169.254.169.254.evil.example/"}),
        external({"certificate": {"use_default_certificate_config": True}}),
        {
            **external({"file": "/t"}),
            "type": "impersonated_service_account",
            "source_credentials": json.loads(
                service_account_key(token_uri="https://evil.example/token")
            ),
            "service_account_impersonation_url": IMPERSONATION,
        },
    ],
)
async def test_no_secret_goes_where_nobody_is_trusted(
    cloud: Google, document: dict[str, Any]
) -> None:
    with pytest.raises(BackendMisconfigured) as caught:
        await token(cloud, document)
    assert caught.value.reference in ("google-source-not-trusted", "google-source-unknown")
    assert CANARY not in caught.value.message
    assert cloud.paths == []


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        (IMPERSONATION.replace("googleapis.com", "evil.example"), "google-source-not-trusted"),
        (IMPERSONATION.replace("https", "http"), "google-source-not-trusted"),
        ("https://evil.example/v1", "google-key-unusable"),
    ],
)
async def test_an_impersonation_url_is_held_to_google(
    cloud: Google, url: str, reference: str
) -> None:
    source = {"url": f"{cloud.url}/subject", **SUBJECT}
    document = external(source, service_account_impersonation_url=url)
    with pytest.raises(BackendMisconfigured) as caught:
        await token(cloud, document, (f"{cloud.url}/subject",))
    assert caught.value.reference == reference


async def test_a_trusted_file_that_is_not_there_is_told(cloud: Google) -> None:
    with pytest.raises(SecretNotFound, match="/nowhere/token"):
        await token(cloud, external({"file": "/nowhere/token"}), ("/nowhere/token",))


async def test_cancelling_ends_the_thread_as_well(cloud: Google) -> None:
    cloud.delay_s = 20.0
    before = {thread.name for thread in threading.enumerate()}
    with anyio.move_on_after(0.4) as scope:
        await token(cloud, json.loads(service_account_key()))
    assert scope.cancelled_caught
    waited = time.monotonic()
    while any("AnyIO" in t.name and t.name not in before for t in threading.enumerate()):
        if any(_idle(t) for t in threading.enumerate() if "AnyIO" in t.name):
            break
        assert time.monotonic() - waited < 3
        await anyio.sleep(0.02)
    cloud.delay_s = 0.0


def _idle(thread: threading.Thread) -> bool:
    """Tell whether a worker waits for work, which it does in its queue."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name in ("wait", "get")


async def test_without_google_auth_the_message_says_what_to_install(
    cloud: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(BackendMisconfigured) as caught:
        await token(cloud, json.loads(service_account_key()))
    assert "dockercfg-generator[gcp]" in caught.value.hint
