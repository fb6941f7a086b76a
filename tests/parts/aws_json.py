"""A stand-in for AWS that says what it is told to: errors, pages, throttles, silence."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

CANARY = "hunter2-CANARY"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as AWS would understand it."""

    host: str
    operation: str
    parameters: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say; ``drop`` closes the connection instead, ``hang`` says nothing."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False


def json_answer(document: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(document), {"Content-Type": "application/x-amz-json-1.1"})


def error(code: str, message: str = "", status: int = 400) -> Answer:
    """An error as AWS's JSON protocols write it; the message holds the canary as well."""
    return json_answer({"__type": code, "message": f"{message} {CANARY}"}, status)


HTML = Answer(200, f"<html>Please log in {CANARY}</html>", {"Content-Type": "text/html"})
TRUNCATED = Answer(200, f'{{"SecretString": "{CANARY}', {"Content-Type": "application/json"})
DROP = Answer(drop=True)
HANG = Answer(hang=True)
SERVER_ERROR = error("InternalServiceError", "oops", 500)
THROTTLED = error("ThrottlingException", "Rate exceeded")

_ROLE_ANSWER = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result>
<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
<SessionToken>role-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/ci/x</Arn>
<AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser></{0}Result></{0}Response>"""


def usual_answer(call: Call) -> Answer:
    """What AWS says when all is well."""
    match call.operation:
        case "GetSecretValue":
            return json_answer({"SecretString": CANARY, "VersionId": "v" * 32})
        case "GetParameter":
            return json_answer({"Parameter": {"Value": CANARY, "Version": 1}})
        case "GetAuthorizationToken":
            return json_answer({"authorizationData": []})
        case "AssumeRole" | "AssumeRoleWithWebIdentity":
            return Answer(200, _ROLE_ANSWER.format(call.operation), {"Content-Type": "text/xml"})
        case _:
            return error("UnknownOperationException")


class StandIn(ThreadingHTTPServer):
    """Serves ``script`` one by one, then ``usual`` forever; ``calls`` are the requests."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, usual: Callable[[Call], Answer] = usual_answer) -> None:
        self.script: list[Answer] = []
        self.usual = usual
        self.calls: list[Call] = []
        self.at_once = 0
        self.most_at_once = 0
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.leaf: Callable[[str], ssl.SSLContext] | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the test, not worth a traceback."""

    def answer_to(self, call: Call) -> Answer:
        with self.lock:
            self.calls.append(call)
            return self.script.pop(0) if self.script else self.usual(call)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_CONNECT(self) -> None:
        """Be a proxy that ends TLS itself, with a leaf for the host that was asked for."""
        host = self.path.rpartition(":")[0]
        self.send_response_only(200, "Connection established")
        self.end_headers()
        assert self.server.leaf is not None
        plain = self.connection
        try:
            secure = self.server.leaf(host).wrap_socket(plain, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        with secure:
            inner = _Handler.__new__(_Handler)
            inner.__init__(secure, self.client_address, self.server)  # type: ignore[misc]  # handlers serve in their constructor
        self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = _call(self.headers, body)
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            self._say(self.server.answer_to(call))
        finally:
            with self.server.lock:
                self.server.at_once -= 1

    def _say(self, answer: Answer) -> None:
        if answer.hang:
            self.server.ended.wait(30)
        if answer.hang or answer.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def _call(headers: Any, body: bytes) -> Call:
    target = headers.get("X-Amz-Target", "")
    if target:
        operation, parameters = target.rpartition(".")[2], json.loads(body or b"{}")
    else:
        form = parse_qs(body.decode())
        parameters = {name: values[0] for name, values in form.items()}
        operation = parameters.get("Action", "")
    return Call(headers.get("Host", ""), operation, parameters, dict(headers.items()))


@contextmanager
def running_stand_in(*, leaf: Callable[[str], ssl.SSLContext] | None = None) -> Iterator[StandIn]:
    """Run it on a free port of 127.0.0.1; with ``leaf`` it is a proxy for any https host, too."""
    with StandIn() as server:
        server.leaf = leaf
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
