"""The contract suite, and what is this store's own, against a store on loopback."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from backends.base import SecretRef
from backends.errors import BackendError, BackendUnavailable, BadAnswer, SecretDenied
from backends.testing import CANARY, BackendCase, BackendContract
from pydantic import ValidationError

from dockercfg_json_store.factory import JsonStoreFactory, JsonStoreOptions

TOKEN = "store-token"


@dataclass
class Store:
    """Where the loopback store is, and what it says to everything if ``always`` is set."""

    url: str = ""
    always: tuple[int, bytes] | None = None
    requests: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    store: ClassVar[Store]

    def do_GET(self) -> None:
        self.store.requests.append(self.path)
        status, body = self.store.always or self._answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, bytes]:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, CANARY.encode()
        if self.path != "/v1/secrets/team/registry":
            return 404, CANARY.encode()
        document = {"version": "7", "fields": {"username": "ci", "password": CANARY}}
        return 200, json.dumps(document).encode()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    handler = type("Bound", (Handler,), {"store": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def case(store: Store) -> BackendCase:
    return BackendCase(
        factory=JsonStoreFactory(),
        ref=SecretRef("store", "team/registry", (), "password"),
        missing=SecretRef("store", "team/nothing", (), "password"),
        environment={"STORE_TOKEN": TOKEN},
        options={"address": store.url},
        malformed=(
            SecretRef("store", "../x"),
            SecretRef("store", "team/registry", (("version", "0"),)),
        ),
    )


class TestContract(BackendContract):
    """Everything that the generator relies on."""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((403, CANARY.encode()), SecretDenied),
        ((503, CANARY.encode()), BackendUnavailable),
        ((200, f"<html>{CANARY}".encode()), BadAnswer),
        ((200, b"[]"), BadAnswer),
        ((302, b""), BadAnswer),
    ],
)
async def test_other_answers_have_words_of_our_own(
    answer: tuple[int, bytes], kind: type[BackendError], store: Store, case: BackendCase
) -> None:
    store.always = answer
    with pytest.raises(kind) as caught:
        await case.read(case.ref)
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"


async def test_the_version_comes_with_the_fields(case: BackendCase) -> None:
    assert (await case.read(case.ref)).version == "7"


@pytest.mark.parametrize("address", ["store.example", "https://u:p@x", "http://store.example"])
def test_an_address_that_would_leak_the_token_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        JsonStoreOptions(address=address)
