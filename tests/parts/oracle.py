"""Oracle's registry as an issuer of tokens (``GET /20180419/docker/token``)."""

import base64
import hashlib
import re
from email.utils import parsedate_to_datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from backends.testing import CANARY
from tests.parts.azure import unsigned_jwt
from tests.parts.keys import rsa_key
from tests.parts.service import Asked, Service, Told

TENANCY = "ocid1.tenancy.oc1..aaaaaaaatenancy"
USER = "ocid1.user.oc1..aaaaaaaauser"
LIFETIME_S = 3600
HOSTS = ("*.ocir.io",)
_FIELD = re.compile(r'(\w+)="([^"]*)"')


def fingerprint() -> str:
    """Return the key's own, by hand: as ``openssl rsa -pubout -outform DER | openssl md5`` has."""
    public = rsa_key().public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashlib.md5(der).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))


def token_answer(now: float) -> dict[str, Any]:
    return {"token": unsigned_jwt({"sub": USER, "exp": int(now) + LIFETIME_S})}


def not_authenticated() -> Told:
    message = f"The required information to complete authentication was not provided. {CANARY}"
    return Told(401, {"code": "NotAuthenticated", "message": message})


def registry(service: Service, asked: Asked) -> Told:
    """Verify one signed request."""
    if (asked.method, asked.path) != ("GET", "/20180419/docker/token"):
        return Told(404)
    scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
    fields = dict(_FIELD.findall(rest))
    names = fields.get("headers", "").split()
    if scheme != "Signature" or not {"date", "host", "(request-target)"} <= set(names):
        return not_authenticated()
    if fields["keyId"] != f"{TENANCY}/{USER}/{fingerprint()}" or fields["version"] != "1":
        return not_authenticated()
    sent_at = parsedate_to_datetime(asked.headers["date"]).timestamp()
    if abs(sent_at - service.now()) > 300:
        return not_authenticated()
    headers = {**asked.headers, "(request-target)": f"get {asked.path}"}
    text = "\n".join(f"{name}: {headers[name]}" for name in names)
    signature = base64.b64decode(fields["signature"])
    try:
        rsa_key().public_key().verify(signature, text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return not_authenticated()
    return Told(200, token_answer(service.now()))
