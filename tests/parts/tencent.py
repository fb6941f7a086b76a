"""Tencent Cloud's API of TCR: ``CreateInstanceToken``. Every answer has status 200."""

from datetime import UTC, datetime
from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told
from tests.parts.signed import claim_of, hash_of, keyed

SECRET_ID, SECRET_KEY = "AKIDExample", f"tencent-{CANARY}"
TEMPORARY_ID, TOKEN = "AKIDTemporary", f"token-{CANARY}"
REGISTRY, REGION = "tcr-dg284imq", "ap-guangzhou"
LIFETIME_S = 3600
HOSTS = ("tcr.tencentcloudapi.com",)
_WINDOW_S = 300


def refusal(code: str) -> Told:
    """Return an error as the vendor writes it."""
    error = {"Code": code, "Message": f"refused {CANARY}"}
    return Told(200, {"Response": {"Error": error, "RequestId": "ed93f3cb"}})


def token_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return the answer to a good request, with ``changes`` made to it; ``None`` leaves out."""
    body = {
        "ExpTime": int((now + LIFETIME_S) * 1000),
        "RequestId": "bfa74e4d-3cc2-45a0-980c-08f7ec527737",
        "Token": f"eyJ.{CANARY}",
        "TokenId": "",
        "Username": "100036950234",
        **changes,
    }
    return {"Response": {name: value for name, value in body.items() if value is not None}}


def tcr(service: Service, asked: Asked) -> Told:
    """Take two keys, a lasting one and a temporary one, for one instance."""
    if code := _refused(service, asked):
        return refusal(code)
    call = asked.headers["x-tc-action"], asked.headers["x-tc-version"], asked.method, asked.path
    if call != ("CreateInstanceToken", "2019-09-24", "POST", "/"):
        return refusal("InvalidAction")
    if asked.json["TokenType"] != "temp":
        return refusal("UnauthorizedOperation")
    if (asked.json["RegistryId"], asked.headers["x-tc-region"]) != (REGISTRY, REGION):
        return refusal("ResourceNotFound")
    return Told(200, token_answer(service.now()))


def _refused(service: Service, asked: Asked) -> str:
    claim = claim_of(asked)
    if claim is None or claim.algorithm != "TC3-HMAC-SHA256":
        return "AuthFailure.InvalidAuthorization"
    stamp = int(asked.headers["x-tc-timestamp"])
    secret_id, _, scope = claim.who.partition("/")
    day = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
    if scope != f"{day}/tcr/tc3_request" or {"content-type", "host"} - set(claim.names):
        return "AuthFailure.InvalidAuthorization"
    if secret_id not in (SECRET_ID, TEMPORARY_ID):
        return "AuthFailure.SecretIdNotFound"
    if secret_id == TEMPORARY_ID and asked.headers.get("x-tc-token") != TOKEN:
        return "AuthFailure.TokenFailure"
    if abs(stamp - service.now()) > _WINDOW_S:
        return "AuthFailure.SignatureExpire"
    key = f"TC3{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = keyed(key, part)
    action = asked.headers["x-tc-action"].lower()
    hashed = hash_of(asked, claim.names, asked.path, x_tc_action=action)
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    return "" if keyed(key, text).hex() == claim.signature else "AuthFailure.SignatureFailure"
