"""Huawei Cloud's API of SWR: ``POST /v2/manage/utils/secret``, behind the API gateway."""

import base64
from datetime import UTC, datetime
from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told
from tests.parts.signed import claim_of, hash_of, keyed

ACCESS_KEY, SECRET_KEY = "HPUAExample", f"huawei-{CANARY}"
TEMPORARY_KEY, TOKEN = "HSTAExample", f"token-{CANARY}"
REGION = "cn-north-4"
SERVER = f"swr.{REGION}.myhuaweicloud.com"
LIFETIME_S = 86400
HOSTS = ("swr-api.*.myhuaweicloud.com",)
_WINDOW_S = 900


def gateway_refusal(status: int, code: str) -> Told:
    """Return an error as the API gateway writes it."""
    return Told(status, {"error_msg": f"refused {CANARY}", "error_code": code, "request_id": "fd"})


def service_refusal(status: int, code: str) -> Told:
    """Return an error as SWR writes it."""
    error = {"errorCode": code, "errorMessage": f"refused {CANARY}", "detail": ""}
    return Told(status, {"errors": [error]})


def login_answer(now: float, *, auths: Any = None, lives_s: float = LIFETIME_S) -> Told:
    """Return the answer to a good request."""
    ends_at = datetime.fromtimestamp(now + lives_s, UTC)
    user, password = f"{REGION}@{ACCESS_KEY}", f"{CANARY}-login"
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Told(
        200,
        {"auths": {SERVER: {"auth": auth}} if auths is None else auths},
        {
            "X-Swr-Dockerlogin": f"docker login -u {user} -p {password} {SERVER}",
            "X-Swr-Expireat": ends_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    )


def swr(service: Service, asked: Asked) -> Told:
    """Take two keys, a lasting one and a temporary one."""
    if refused := _refused(service, asked):
        return refused
    if (asked.method, asked.path) != ("POST", "/v2/manage/utils/secret"):
        return gateway_refusal(404, "APIGW.0101")
    if asked.query.get("projectname") != REGION:
        return service_refusal(403, "SVCSTG.SWR.4030170")
    lives_s = float(asked.query.get("duration_seconds", LIFETIME_S))
    return login_answer(service.now(), lives_s=lives_s)


def _refused(service: Service, asked: Asked) -> Told | None:
    wrong = gateway_refusal(401, "APIGW.0301")
    claim = claim_of(asked)
    if claim is None or claim.algorithm != "SDK-HMAC-SHA256" or "host" not in claim.names:
        return wrong
    if claim.who not in (ACCESS_KEY, TEMPORARY_KEY):
        return wrong
    if claim.who == TEMPORARY_KEY and asked.headers.get("x-security-token") != TOKEN:
        return wrong
    moment = asked.headers["x-sdk-date"]
    then = datetime.strptime(moment + "+0000", "%Y%m%dT%H%M%SZ%z")
    if abs(then.timestamp() - service.now()) > _WINDOW_S:
        return gateway_refusal(401, "APIGW.0303")
    text = f"SDK-HMAC-SHA256\n{moment}\n{hash_of(asked, claim.names, f'{asked.path}/')}"
    return None if keyed(SECRET_KEY.encode(), text).hex() == claim.signature else wrong
