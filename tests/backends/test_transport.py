import ssl
import time
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import trustme

from backends.errors import BackendError, BackendMisconfigured, BackendUnavailable, BadAnswer
from backends.http_errors import can_heal, failed
from backends.http_model import HttpAnswer, HttpOptions
from backends.testing import make_context
from backends.tls import TlsOptions
from tests.parts.http_faults import answer, drip, drop, faulty_server, silence
from tests.parts.loopback import QuietHandler, serving
from tests.parts.process import free_port
from tests.parts.proxy import running_proxy

CANARY = "hunter2-CANARY"


async def ask(url: str, environment: dict[str, str] | None = None, **options: Any) -> HttpAnswer:
    return await make_context(environment or {}).transport.request(
        "GET", url, headers={"X-Secret": CANARY}, what="the store", **options
    )


async def refused(url: str, **options: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await ask(url, **options)
    error = caught.value
    assert CANARY not in f"{error.message}{error.hint}{error.__cause__!r}"
    assert "the store at " in error.message
    return error


async def test_an_answer_comes_with_status_headers_and_body() -> None:
    with faulty_server(answer(404, b'{"a": 1}', Date="now")) as server:
        got = await ask(server.url)
    assert (got.status, got.ok, got.json(), got.headers["date"]) == (404, False, {"a": 1}, "now")
    assert b"user-agent: dockercfg-generator/" in server.requests[0].lower()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_what_can_heal_is_asked_again(status: int) -> None:
    with faulty_server(answer(status), answer(200)) as server:
        assert (await ask(server.url)).status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refusal_is_not_asked_again(status: int) -> None:
    with faulty_server(answer(status), answer(200)) as server:
        assert (await ask(server.url)).status == status
    assert len(server.requests) == 1


async def test_what_does_not_heal_is_answered_as_it_is_after_three_attempts() -> None:
    with faulty_server(answer(503)) as server:
        assert (await ask(server.url)).status == 503
    assert len(server.requests) == 3


async def test_a_one_shot_call_is_not_repeated_unless_it_was_not_begun() -> None:
    with faulty_server(answer(502), answer(200)) as server:
        assert (await ask(server.url, idempotent=False)).status == 502
    with faulty_server(drop) as server:
        assert (await refused(server.url, idempotent=False)).reference == "connection-broken"
        assert len(server.requests) == 1
    with faulty_server(answer(429, Retry_After="0"), answer(200)) as server:
        assert (await ask(server.url, idempotent=False)).status == 200


async def test_retry_after_is_waited_for_and_too_much_patience_is_not_had() -> None:
    with faulty_server(answer(429, Retry_After="1"), answer(200)) as server:
        started = time.monotonic()
        assert (await ask(server.url)).status == 200
        assert time.monotonic() - started >= 1
    with faulty_server(answer(429, Retry_After="600")) as server:
        assert (await ask(server.url)).status == 429
    assert len(server.requests) == 1


async def test_a_dropped_connection_heals() -> None:
    with faulty_server(drop, answer(200)) as server:
        assert (await ask(server.url)).status == 200


@pytest.mark.parametrize(
    ("fault", "reference"), [(silence, "http-timeout"), (drop, "connection-broken")]
)
async def test_what_is_slow_or_cut_off_behind_tls_is_no_trouble_of_tls(
    fault: Any, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backends.transport.READ_S", 0.2)
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    asked = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            fault(self.connection)
            self.close_connection = True

    with serving(Handler, tls=tls) as url:
        error = await refused(url, options=HttpOptions(TlsOptions(ca_file=f"{tmp_path}/ca.pem")))
    assert error.reference == reference
    assert len(asked) == 3


def test_a_handshake_that_is_cut_off_heals_and_one_that_fails_does_not() -> None:
    for cause, healing, reference in (
        (ssl.SSLEOFError(), True, "connection-failed"),
        (ssl.SSLError(), False, "tls-failed"),
    ):
        error = httpx2.ConnectError("")
        error.__cause__ = cause
        assert can_heal(error, idempotent=False) is healing
        assert failed(error, "the store").reference == reference


async def test_a_redirect_is_not_followed() -> None:
    with faulty_server(answer(200)) as elsewhere:
        location = f"{elsewhere.url}/taken"
        with faulty_server(answer(307, Location=location)) as server:
            assert (await ask(server.url)).status == 307
        assert elsewhere.requests == []


async def test_a_dripping_answer_ends_with_the_total_time() -> None:
    with faulty_server(drip) as server:
        started = time.monotonic()
        error = await refused(server.url, options=HttpOptions(total_s=0.5))
        assert time.monotonic() - started < 5
    assert error.reference == "http-timeout"


@pytest.mark.parametrize("fault", [drip, silence])
async def test_a_cancelled_request_ends_at_once(fault: Any) -> None:
    with faulty_server(fault) as server:
        started = time.monotonic()
        with anyio.move_on_after(0.3):
            await ask(server.url)
        assert time.monotonic() - started < 4


async def test_nobody_listening_is_told() -> None:
    error = await refused(f"http://127.0.0.1:{free_port()}/{CANARY}?token={CANARY}")
    assert (type(error), error.reference) == (BackendUnavailable, "connection-refused")


async def test_an_unknown_host_is_told() -> None:
    assert (await refused("https://store.invalid/")).reference == "host-not-resolved"


async def test_plain_http_to_another_host_is_refused_unless_allowed() -> None:
    error = await refused(f"http://user:{CANARY}@192.0.2.1/")
    assert (type(error), error.reference) == (BackendMisconfigured, "plain-http-refused")
    for lookalike in ("http://127.0.0.1.store.invalid/", "http://localhost.store.invalid/"):
        assert (await refused(lookalike)).reference == "plain-http-refused"
    with anyio.move_on_after(0.2) as scope:
        await ask("http://192.0.2.1/", options=HttpOptions(allow_http=True))
    assert scope.cancelled_caught


@pytest.mark.parametrize("url", ["http://[::1/", "https://store.example:99999/", "nonsense"])
async def test_a_url_that_is_none_is_told(url: str) -> None:
    with pytest.raises(BackendMisconfigured) as caught:
        await ask(url)
    assert caught.value.reference == "request-unusable"


@pytest.mark.parametrize("wrong", ["\n", "é", "\udcff"])
async def test_a_header_that_can_not_be_sent_is_told_unseen(wrong: str) -> None:
    headers = {"X": f"{CANARY}{wrong}"}
    with faulty_server(answer(200)) as server, pytest.raises(BackendMisconfigured) as caught:
        await make_context({}).transport.request("GET", server.url, headers=headers)
    assert CANARY not in caught.value.message
    assert caught.value.reference == "request-unusable"


async def test_an_answer_without_end_is_cut_off() -> None:
    with faulty_server(answer(200, b"x" * 2_000_000)) as server:
        assert (await refused(server.url)).reference == "answer-too-large"


async def test_what_is_no_json_is_told() -> None:
    page = HttpAnswer(200, {}, f"<html>{CANARY}".encode(), "the store at x")
    with pytest.raises(BadAnswer) as caught:
        page.json()
    assert CANARY not in caught.value.message
    assert page.json_object() == {}
    assert CANARY not in repr(page)


async def test_a_proxy_is_used_except_where_no_proxy_says_not() -> None:
    store = "http://store.invalid/"
    allowed = HttpOptions(allow_http=True)
    with faulty_server(answer(200, b'{"by": "proxy"}')) as proxy:
        variables = {"http_proxy": proxy.url}
        assert (await ask(store, variables, options=allowed)).json() == {"by": "proxy"}
        for excepted in ("store.invalid", ".invalid", "*"):
            with pytest.raises(BackendUnavailable) as caught:
                await ask(store, {**variables, "NO_PROXY": excepted}, options=allowed)
            assert caught.value.reference == "host-not-resolved"
        own = HttpOptions(proxy=proxy.url, allow_http=True)
        assert (await ask(store, {"no_proxy": "*"}, options=own)).json() == {"by": "proxy"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_what_is_asked_of_this_machine_never_leaves_it_through_a_proxy(host: str) -> None:
    with faulty_server(answer(200)) as proxy, faulty_server(answer(200)) as here:
        url = here.url.replace("127.0.0.1", host)
        variables = {"http_proxy": proxy.url, "ALL_PROXY": proxy.url}
        assert (await ask(url, variables)).status == 200
        assert proxy.requests == []


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", f"ht!tp://user:{CANARY}@:x", "ftp://proxy.example"]
)
async def test_a_proxy_that_can_not_be_one_is_told_unseen(proxy: str) -> None:
    with pytest.raises(BackendMisconfigured) as caught:
        await ask("https://store.example/", {"ALL_PROXY": proxy})
    assert caught.value.reference == "proxy-unusable"
    assert CANARY not in caught.value.message + caught.value.hint


async def test_a_proxy_that_is_down_is_told() -> None:
    with pytest.raises(BackendUnavailable):
        await ask("https://store.example/", {"HTTPS_PROXY": f"127.0.0.1:{free_port()}"})


async def test_a_unix_socket_can_stand_for_the_host(tmp_path: Path) -> None:
    listener = await anyio.create_unix_listener(tmp_path / "s")

    async def handle(stream: Any) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with anyio.create_task_group() as group, listener:
        group.start_soon(listener.serve, handle)
        options = HttpOptions(unix_socket=str(tmp_path / "s"))
        assert (await ask("http://localhost/", options=options)).status == 200
        group.cancel_scope.cancel()


def test_files_of_tls_that_can_not_be_used_are_named(tmp_path: Path) -> None:
    tls = make_context({}).aws.tls
    (tmp_path / "bad.pem").write_text("not a certificate")
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    for options, reference in (
        (TlsOptions(ca_file=str(tmp_path / "none.pem")), "ca-file-unusable"),
        (TlsOptions(ca_file=str(tmp_path / "bad.pem")), "ca-file-unusable"),
        (TlsOptions(certificate=str(tmp_path / "bad.pem")), "client-certificate-unusable"),
    ):
        with pytest.raises(BackendMisconfigured) as caught:
            tls.context_for(options)
        assert caught.value.reference == reference
    skipping = tls.context_for(TlsOptions(skip_verify=True))
    assert not skipping.check_hostname
    assert tls.context_for(TlsOptions()).check_hostname


async def test_a_proxy_that_looks_into_tls_is_refused_unless_its_ca_is_trusted(
    tmp_path: Path,
) -> None:
    with running_proxy(tmp_path, trusted=False) as proxy:
        with pytest.raises(BackendUnavailable) as caught:
            await ask("https://store.example/", proxy.environment)
        assert caught.value.reference == "tls-not-trusted"
    with running_proxy(tmp_path, trusted=True) as proxy:
        assert (await ask("https://store.example/", proxy.environment)).status


async def test_each_attempt_can_have_headers_of_its_own() -> None:
    """What is signed holds for one moment, and with a nonce once only."""
    numbers = iter("123")
    with faulty_server(answer(503), answer(429, Retry_After="0"), answer(200)) as server:
        got = await make_context({}).transport.request(
            "GET", server.url, headers=lambda: {"X-Nonce": next(numbers)}
        )
    assert got.status == 200
    nonces = [line for sent in server.requests for line in sent.lower().split(b"\r\n")]
    assert [line for line in nonces if line.startswith(b"x-nonce")] == [
        b"x-nonce: 1",
        b"x-nonce: 2",
        b"x-nonce: 3",
    ]


@pytest.mark.parametrize("idempotent", [True, False])
async def test_an_answer_may_say_by_other_means_that_it_heals(idempotent: bool) -> None:  # noqa: FBT001
    throttled = answer(200, b'{"code": "slow down"}')
    with faulty_server(throttled, answer(200, b'{"code": ""}')) as server:
        got = await ask(
            server.url,
            idempotent=idempotent,
            heals=lambda told: told.json_object()["code"] == "slow down",
        )
    assert got.json() == {"code": ""}
    assert len(server.requests) == 2
