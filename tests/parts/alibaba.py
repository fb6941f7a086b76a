"""Alibaba Cloud Container Registry's API: ``GetAuthorizationToken`` of both editions."""

from datetime import datetime
from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told
from tests.parts.signed import claim_of, hash_of, keyed

KEY_ID, SECRET = "LTAI5tExample", f"alibaba-{CANARY}"
STS_ID, STS_TOKEN = "STS.NTExample", f"sts-{CANARY}"
INSTANCE = "cri-kmsiwlxxdcvaduwb"
HOSTS = ("cr.*.aliyuncs.com",)
_WINDOW_S = 900


def refusal(code: str, status: int = 400) -> Told:
    """Return an error as the vendor's gateway writes it."""
    body = {"RequestId": "E069EB86", "Code": code, "Message": f"refused {CANARY}", "HostId": "cr"}
    return Told(status, body)


def enterprise_answer(now: float, hours: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the answer for an instance, with ``changes`` made to it; ``None`` leaves out."""
    body = {
        "RequestId": "E069EB86-E6AD-4A98-ADDE-0E993390239A",
        "ExpireTime": int((now + hours * 3600) * 1000),
        "Code": "success",
        "IsSuccess": True,
        "TempUsername": "cr_temp_user",
        "AuthorizationToken": f"{CANARY}:ee",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def personal_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return the answer for Personal Edition."""
    data = {
        "authorizationToken": f"{CANARY}:pe",
        "tempUserName": "cr_temp_user",
        "expireDate": int((now + 3600) * 1000),
        **changes,
    }
    return {"data": data, "requestId": "E069EB86"}


def container_registry(service: Service, asked: Asked) -> Told:
    """Take two keys, a lasting one and one of STS."""
    if refused := _refused(service, asked):
        return refused
    call = asked.headers["x-acs-action"], asked.headers["x-acs-version"], asked.method, asked.path
    if call == ("GetAuthorizationToken", "2016-06-07", "GET", "/tokens"):
        return Told(200, personal_answer(service.now()))
    if call != ("GetAuthorizationToken", "2018-12-01", "POST", "/"):
        return refusal("InvalidAction.NotFound", 404)
    if asked.query.get("InstanceId") != INSTANCE:
        return Told(200, {"Code": "INSTANCE_NOT_EXIST", "IsSuccess": False, "RequestId": "E0"})
    hours = asked.query.get("ExpiresInHours", "1")
    if not hours.isdigit() or not 1 <= int(hours) <= 24:
        return refusal("InvalidExpiresInHours")
    return Told(200, enterprise_answer(service.now(), int(hours)))


def _refused(service: Service, asked: Asked) -> Told | None:
    claim = claim_of(asked)
    common = {"host", *(name for name in asked.headers if name.startswith("x-acs-"))}
    if claim is None or claim.algorithm != "ACS3-HMAC-SHA256" or common - set(claim.names):
        return refusal("IncompleteSignature")
    if claim.who not in (KEY_ID, STS_ID):
        return refusal("InvalidAccessKeyId.NotFound", 404)
    if claim.who == STS_ID and asked.headers.get("x-acs-security-token") != STS_TOKEN:
        return refusal("InvalidSecurityToken.Expired")
    then = datetime.strptime(asked.headers["x-acs-date"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")
    if abs(then.timestamp() - service.now()) > _WINDOW_S:
        return refusal("InvalidTimeStamp.Expired")
    nonces = [one.headers.get("x-acs-signature-nonce") for one in service.asked]
    if nonces.count(asked.headers["x-acs-signature-nonce"]) != 1:
        return refusal("SignatureNonceUsed")
    text = f"ACS3-HMAC-SHA256\n{hash_of(asked, claim.names, asked.path)}"
    if keyed(SECRET.encode(), text).hex() != claim.signature:
        return refusal("SignatureDoesNotMatch")
    return None
