"""Stand-ins for Entra ID, a registry's exchange and managed identities, on loopback sockets.

Shaped after the token endpoint of the Microsoft identity platform, "AAD OAuth" in
github.com/Azure/acr, and the documented answers of IMDS and App Service. They verify what they are
sent; the first two speak TLS by a certificate of a CA made for the test, for azure-identity takes
no other authority.
"""

import base64
import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate

from backends.testing import CANARY
from tests.parts.azure_certificates import client_certificate
from tests.parts.loopback import QuietHandler, serving

TENANT = "11111111-1111-4111-8111-111111111111"
CLIENT = "22222222-2222-4222-8222-222222222222"
IDENTITY = "33333333-3333-4333-8333-333333333333"
RESOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/ids/ci"
HOST = "contoso-a1b2c3.azurecr.io"
REGISTRIES = "https://containerregistry.azure.net"
MANAGER = "https://management.azure.com"
CLIENT_SECRET = f"~secret-{CANARY}"
ISSUER, SUBJECT = "https://ci", "project:a"
IDENTITY_HEADER = f"header-{CANARY}"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Answer = tuple[int, Any]


def entra_error(code: int, error: str = "invalid_client", status: int = 401) -> Answer:
    """Return what Entra ID answers for one of its codes."""
    return status, {
        "error": error,
        "error_description": f"AADSTS{code}: Words about {CANARY}. Trace ID: x",
        "error_codes": [code],
        "correlation_id": "x",
    }


def registry_error(status: int, code: str) -> Answer:
    return status, {"errors": [{"code": code, "message": f"about {CANARY}", "detail": None}]}


def job_jwt(subject: str = SUBJECT, **changes: Any) -> str:
    """Return a token as a CI makes one for its job; it outlives any run of the tests."""
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "aud": "api://AzureADTokenExchange",
        "exp": int(time.time()) + 6 * 3600,
        "jti": CANARY,
        **changes,
    }
    return unsigned_jwt(claims)


def unsigned_jwt(claims: Mapping[str, Any]) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.{base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip('=')}"


@dataclass(slots=True)
class Azure:
    """Answers as Azure would; ``plans`` hold what the next calls are answered with instead.

    ``plain_url`` is where a machine's service is, and where who ends TLS itself may relay to.
    """

    url: str = ""
    plain_url: str = ""
    ca_file: str = ""
    lifetime_s: int = 10800
    delay_s: float = 0.0
    date_offset_s: float = 0.0
    registries: Sequence[str] = (HOST,)
    taken: tuple[str, ...] = (REGISTRIES, MANAGER)
    known: tuple[str, ...] = (REGISTRIES, MANAGER)
    certificate: Certificate | None = None
    arc_key: Path | None = None
    exchanged: dict[str, Any] = field(default_factory=dict)
    plans: dict[str, deque[Answer | bytes]] = field(
        default_factory=lambda: {n: deque() for n in ("token", "exchange", "machine")}
    )
    paths: list[str] = field(default_factory=list)
    forms: list[Mapping[str, str]] = field(default_factory=list)

    def now(self) -> float:
        return time.time() + self.date_offset_s

    def token(self, path: str, form: Mapping[str, str]) -> Answer:
        """Answer as ``/TENANT/oauth2/v2.0/token``."""
        if path != f"/{TENANT}/oauth2/v2.0/token":
            return entra_error(90002, "invalid_request", 400)
        if form["client_id"] != CLIENT:
            return entra_error(700016, "unauthorized_client", 400)
        assert form["grant_type"] == "client_credentials"
        if refused := self._refused_proof(form):
            return refused
        audience = form["scope"].removesuffix("/.default")
        if audience not in self.known:
            return entra_error(50001 if "registry" in audience else 500011, "invalid_resource", 400)
        token = f"aad-{CANARY}-{audience}"
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}

    def _refused_proof(self, form: Mapping[str, str]) -> Answer | None:
        if "client_secret" in form:
            return None if form["client_secret"] == CLIENT_SECRET else entra_error(7000215)
        assert form["client_assertion_type"] == _BEARER
        header = jwt.get_unverified_header(form["client_assertion"])
        if header.get("alg") == "PS256":
            return self._refused_signature(form["client_assertion"], header)
        claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
        if claims["exp"] < self.now():
            return entra_error(700024)
        for name, expected, code in (
            ("iss", ISSUER, 700211),
            ("aud", "api://AzureADTokenExchange", 700212),
            ("sub", SUBJECT, 700213),
        ):
            if claims[name] != expected:
                return entra_error(code)
        return None

    def _refused_signature(self, assertion: str, header: Mapping[str, Any]) -> Answer | None:
        """Hold an assertion against the application's certificate, as Entra ID does."""
        certificate = self.certificate or client_certificate().certificate
        thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()
        if header["x5t#S256"] != thumbprint.rstrip("="):
            return entra_error(700027)
        claims = jwt.decode(
            assertion,
            certificate.public_key(),  # type: ignore[arg-type]  # it is RSA
            ["PS256"],
            audience=f"{self.url}/{TENANT}/oauth2/v2.0/token",
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        assert claims["iss"] == claims["sub"] == CLIENT
        within = claims["nbf"] - 300 < self.now() < claims["exp"]
        return None if within else entra_error(700024)

    def exchange(self, form: Mapping[str, str]) -> Answer:
        """Answer as ``/oauth2/exchange``."""
        assert form["grant_type"] == "access_token"
        if form["service"] not in self.registries:
            return registry_error(404, "NAME_UNKNOWN")
        if form["access_token"] not in [f"aad-{CANARY}-{audience}" for audience in self.taken]:
            return registry_error(401, "UNAUTHORIZED")
        claims = {"jti": CANARY, "exp": int(self.now()) + self.lifetime_s, **self.exchanged}
        known = {name: value for name, value in claims.items() if value is not None}
        return 200, {"refresh_token": unsigned_jwt(known)}

    def machine(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer as IMDS or, under ``/msi``, as App Service's service of managed identities.

        With ``arc_key``, as the agent of Azure Arc: who asks has to be able to read that file.
        """
        parts = urlsplit(path)
        if self.arc_key is not None:
            if headers["Authorization"] != f"Basic {self.arc_key.read_text()}":
                return 401, {"error": CANARY}
            return 200, {"access_token": f"aad-{CANARY}-{REGISTRIES}", "expires_in": 3600} | {
                "resource": REGISTRIES
            }
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        app = parts.path == "/msi/token"
        if app and headers["X-IDENTITY-HEADER"] != IDENTITY_HEADER:
            return 401, {"statusCode": 401, "message": CANARY}
        assert app or (parts.path, headers["Metadata"]) == (
            "/metadata/identity/oauth2/token",
            "true",
        )
        assert query.pop("api-version") == ("2019-08-01" if app else "2018-02-01")
        audience = query.pop("resource")
        resource = "mi_res_id" if app else "msi_res_id"
        for name, value in query.items():
            if value != {"client_id": CLIENT, "object_id": IDENTITY, resource: RESOURCE}[name]:
                words = {"error": "invalid_request", "error_description": f"no identity {CANARY}"}
                return 400, words
        until = str(int(self.now()) + 3600)
        token = f"aad-{CANARY}-{audience}"
        return 200, {"access_token": token, "expires_on": until, "resource": audience}

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables that let a client trust the stand-ins."""
        return {"SSL_CERT_FILE": self.ca_file, **more}

    def principal(self, **more: str) -> dict[str, str]:
        """Return a service principal as azure-identity's variables have it."""
        return self.environment(AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=CLIENT, **more)


@contextmanager
def azure(folder: Path) -> Iterator[Azure]:
    """Run the stand-ins; the CA that they are trusted by is written to ``folder``."""
    made = Azure(ca_file=str(folder / "azure-ca.pem"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.ca_file)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = self.body().decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            made.forms.append(form)
            if self.path == "/oauth2/exchange":
                self.reply("exchange", made.exchange, form)
            else:
                self.reply("token", made.token, self.path, form)

        def do_GET(self) -> None:
            self.reply("machine", made.machine, self.path, self.headers)

        def reply(self, name: str, answer: Callable[..., Answer], *arguments: Any) -> None:
            made.paths.append(self.path)
            time.sleep(made.delay_s)
            plan = made.plans[name]
            planned = plan.popleft() if plan else answer(*arguments)
            status, document = (200, planned) if isinstance(planned, bytes) else planned
            page = isinstance(document, bytes)
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            with suppress(OSError):
                self.send(status, content, page=page)

        def send(self, status: int, content: bytes, *, page: bool) -> None:
            self.send_response_only(status)
            self.send_header("Date", formatdate(made.now(), usegmt=True))
            self.send_header("Content-Type", "text/html" if page else "application/json")
            if status == 401 and made.arc_key is not None:
                self.send_header("WWW-Authenticate", f"Basic realm={made.arc_key}")
            if status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ExitStack() as servers:
        made.url = servers.enter_context(serving(Handler, tls=tls))
        made.plain_url = servers.enter_context(serving(Handler))
        yield made
