"""Vault with engines that issue registry tokens and that OpenBao does not have.

Answers are shaped after JFrog's description of its plugin (``artifactory/token/ROLE``) and
HashiCorp's of the Google Cloud engine (``gcp/roleset/NAME/token``, and the same of a static or
impersonated account).
"""

import re
from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

TOKEN = f"s.{CANARY}"
LEASE_S = 3600
_GOOGLE = re.compile(r"/v1/gcp/(roleset|static-account|impersonated-account)/ci/token")
_ARTIFACTORY = re.compile(r"/v1/artifactory/(token/ci|user_token/ci-bot)")


def vault(service: Service, asked: Asked) -> Told:
    """Answer the holder of one token that may read one role of each engine."""
    if asked.headers.get("x-vault-token") != TOKEN or asked.method != "GET":
        return Told(403, {"errors": ["permission denied"]})
    prefix = "/v1/sys/internal/ui/mounts/"
    if asked.path.startswith(prefix):
        mount = asked.path.removeprefix(prefix).partition("/")[0]
        return Told(200, _answer({"path": f"{mount}/", "type": mount, "options": None}))
    if asked.path == "/v1/auth/token/lookup-self":
        return Told(200, _answer({"ttl": 4 * LEASE_S, "type": "service"}))
    if _ARTIFACTORY.fullmatch(asked.path):
        return Told(200, artifactory_answer())
    if _GOOGLE.fullmatch(asked.path):
        return Told(200, google_answer(service.now()))
    return Told(403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})


def artifactory_answer(**changes: Any) -> dict[str, Any]:
    """Return a leased token of Artifactory, with ``changes`` made to the answer."""
    lease = {"lease_id": "artifactory/token/ci/9hHxV1NlyLzP", "renewable": True}
    data = {
        "access_token": f"eyJ2ZXIiOiIyIiw.{CANARY}.artifactory",
        "role": "ci",
        "scope": "applied-permissions/groups:automation",
        "token_id": "06d962b2-63e2-4279-a25d-d2a9cab6507f",
        "username": "v-ci-x4mohta8",
    }
    return {**_answer(data), **lease, "lease_duration": LEASE_S, **changes}


def google_answer(now: float, **changes: Any) -> dict[str, Any]:
    """Return an access token of Google's, which has no lease, with ``changes`` made to its data."""
    token = f"ya29.c.{CANARY}-google"
    data = {"token": token, "expires_at_seconds": int(now) + 3599, "token_ttl": 3599}
    return _answer({**data, **changes})


def _answer(data: dict[str, Any]) -> dict[str, Any]:
    nothing = {"lease_id": "", "lease_duration": 0, "renewable": False}
    return {"request_id": "b4b3…", **nothing, "data": data, "wrap_info": None, "auth": None}
