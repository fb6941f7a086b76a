"""A stand-in for ECR and STS on a loopback socket, with real expiries and counted calls.

Shaped after the ECR API (2015-09-21, JSON 1.1) and the STS API (2011-06-15, query). moto's ECR
token expired in 2015, so it can not show a cache at work.
"""

import base64
import json
import re
import ssl
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

CANARY = "hunter2-CANARY"
DEFAULT_ACCOUNT = "123456789012"
_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/")

Answer = tuple[int, str, bytes]


def json_answer(status: int, document: Any) -> Answer:
    return status, "application/x-amz-json-1.1", json.dumps(document).encode()


def _error(code: str, message: str, status: int = 400) -> Answer:
    return json_answer(status, {"__type": code, "message": message})


def _sts_error(code: str, message: str, status: int) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()


FAILURES: dict[str, Answer] = {
    "denied": _error(
        "AccessDeniedException",
        f"User: arn:aws:iam::1:user/{CANARY} is not authorized to perform: "
        "ecr:GetAuthorizationToken on resource: *",
    ),
    "expired": _error("ExpiredTokenException", f"The security token {CANARY} is expired"),
    "bad-key": _error("UnrecognizedClientException", "The security token is invalid."),
    "clock-behind": _error(
        "InvalidSignatureException",
        "Signature expired: 20260101T120000Z is now earlier than 20260101T120500Z "
        "(20260101T121000Z - 5 min.)",
        403,
    ),
    "clock-ahead": _error(
        "InvalidSignatureException",
        "Signature not yet current: 20260101T121000Z is still later than 20260101T120500Z "
        "(20260101T120000Z + 5 min.)",
        403,
    ),
    "throttled": _error("ThrottlingException", "Rate exceeded"),
    "500": (500, "text/plain", b"oops"),
    "html-200": (200, "text/html", b"<html>captive portal</html>"),
    "empty-list": json_answer(200, {"authorizationData": []}),
    "other-shape": json_answer(200, {"authorizationData": CANARY}),
    "no-keys": json_answer(200, {"authorizationData": [{}]}),
    "truncated": (200, "application/x-amz-json-1.1", b'{"authorizationData": [{"auth'),
}
"""Whole answers by name; what depends on the request is in `EcrStandIn._token`."""


@dataclass(slots=True)
class EcrStandIn:
    """Answers ``GetAuthorizationToken`` and ``AssumeRole``; use it as a context manager.

    ``accounts`` says whose registry an access key belongs to, ``issued`` when each password that
    was handed out expires. ``plan`` holds the names of the
    failures that the next token calls answer with, one each; a name from `FAILURES`, or
    ``past-expiry``, ``no-colon``, ``not-base64``, ``foreign-host``, ``no-expiry``, ``hang``. With
    ``tls`` it speaks nothing else, as ``localhost``.
    """

    lifetime_s: float = 12 * 3600
    delay_s: float = 0.0
    date_offset_s: float = 0.0
    accounts: dict[str, str] = field(default_factory=dict)
    plan: deque[str] = field(default_factory=deque)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    assumed: list[dict[str, str]] = field(default_factory=list)
    issued: dict[str, float] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.server_port
        return f"https://localhost:{port}" if self.tls else f"http://127.0.0.1:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes the AWS SDK come here, with keys that it accepts."""
        return {
            "AWS_ENDPOINT_URL_ECR": self.url,
            "AWS_ENDPOINT_URL_ECR_PUBLIC": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": f"{CANARY}-secret-key",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def token_calls(self) -> int:
        with self._lock:
            return sum(n for (name, _), n in self.calls.items() if name == "GetAuthorizationToken")

    def fail_next(self, *names: str) -> None:
        self.plan.extend(names)

    def __enter__(self) -> Self:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = stand_in.answer(dict(self.headers.items()), body)
                if answer is None:
                    self.close_connection = True
                    return
                status, kind, content = answer
                self.send_response_only(status)
                date = formatdate(time.time() + stand_in.date_offset_s, usegmt=True)
                self.send_header("Date", date)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                """Let another process read the counts: GET /calls."""
                content = json.dumps({"tokens": stand_in.token_calls}).encode()
                self.send_response_only(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is what many tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            # the handshake is the connection's own thread's work
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, headers: dict[str, str], body: bytes) -> Answer | None:
        by_name = {name.lower(): value for name, value in headers.items()}
        scope = _SCOPE.search(by_name.get("authorization", ""))
        if scope is None and b"Action=AssumeRoleWithWebIdentity" in body:
            return self._role("AssumeRoleWithWebIdentity", parse_qs(body.decode()))
        if scope is None:
            return _error("MissingAuthenticationTokenException", "no signature", 403)
        target = by_name.get("x-amz-target", "")
        operation = target.rpartition(".")[2] or parse_qs(body.decode())["Action"][0]
        with self._lock:
            self.calls[operation, scope["region"]] += 1
            failure = self.plan.popleft() if self.plan and target else None
        self._stopping.wait(self.delay_s)
        if failure == "hang":
            self._stopping.wait()
            return None
        if failure in FAILURES:
            return FAILURES[failure]
        if target.startswith("SpencerFrontendService."):
            return self._public_token(scope["key"], scope["region"])
        if operation == "GetAuthorizationToken":
            return self._token(scope["key"], scope["region"], failure)
        return self._role(operation, parse_qs(body.decode()) | {"signed_by": [scope["key"]]})

    def _token(self, key: str, region: str, failure: str | None) -> Answer:
        account = self.accounts.get(key, DEFAULT_ACCOUNT)
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        host = f"{account}.dkr.ecr.{region}.{suffix}"
        pair = f"AWS:{CANARY}-{account}-{region}-{self.token_calls}-{'x' * 2000}"
        data: dict[str, Any] = {
            "authorizationToken": base64.b64encode(pair.encode()).decode(),
            "expiresAt": time.time() + self.date_offset_s + self.lifetime_s,
            "proxyEndpoint": f"https://{host}",
        }
        self.issued[pair.partition(":")[2]] = data["expiresAt"]
        if failure == "past-expiry":
            data["expiresAt"] = 1420070400.0
        elif failure == "no-expiry":
            del data["expiresAt"]
        elif failure == "no-colon":
            data["authorizationToken"] = base64.b64encode(CANARY.encode()).decode()
        elif failure == "not-base64":
            data["authorizationToken"] = f"*{CANARY}*"
        elif failure == "foreign-host":
            data["proxyEndpoint"] = f"https://{host}.evil.example"
        return json_answer(200, {"authorizationData": [data]})

    def _public_token(self, key: str, region: str) -> Answer:
        """Answer as ECR Public does: one object, one region."""
        if region != "us-east-1":
            return _error("UnsupportedCommandException", "not in this region")
        pair = f"AWS:{CANARY}-public-{self.accounts.get(key, DEFAULT_ACCOUNT)}"
        data = {
            "authorizationToken": base64.b64encode(pair.encode()).decode(),
            "expiresAt": time.time() + self.date_offset_s + self.lifetime_s,
        }
        return json_answer(200, {"authorizationData": data})

    def _role(self, operation: str, form: dict[str, list[str]]) -> Answer:
        values = {name: items[0] for name, items in form.items()}
        with self._lock:
            self.assumed.append(values)
            key = f"ASIA{len(self.assumed):012d}"
            self.accounts[key] = values["RoleArn"].split(":")[4]
        if values.get("WebIdentityToken", "").startswith("wrong"):
            return _sts_error("InvalidIdentityToken", "No OpenIDConnect provider found", 400)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        xml = (
            f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{operation}Result><Credentials><AccessKeyId>{key}</AccessKeyId>"
            f"<SecretAccessKey>{CANARY}-assumed</SecretAccessKey>"
            f"<SessionToken>{CANARY}-session</SessionToken><Expiration>{expires}</Expiration>"
            f"</Credentials></{operation}Result></{operation}Response>"
        )
        return 200, "text/xml", xml.encode()
