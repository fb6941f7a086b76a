"""What Huawei Cloud's error codes mean.

Sources: the error codes of API Gateway (AK/SK signing guide), which come as ``APIGW.…`` or
``APIG.…``, and those of SWR, which hold an HTTP status: ``SVCSTG.SWR.4030170``.
"""

from collections.abc import Mapping
from typing import Any

from generator.errors import AccessDenied, Misconfigured
from generator.registries.refusals import CLOCK_WRONG, THROTTLED, NamedErrors, Refusal

_KEY = Refusal(
    AccessDenied,
    "key-refused",
    "the signature is not accepted",
    "check access key, secret key and this machine's clock; after five wrong tries the key is "
    "locked for five minutes",
)
_NO_RIGHT = Refusal(
    AccessDenied,
    "denied",
    "this identity may not have a login",
    "allow it swr::createLoginSecret",
)
_UNKNOWN = Refusal(
    Misconfigured,
    "unknown",
    "what is asked for is not there",
    "check region and project, and that SWR is offered there",
)
_MEANINGS = {"0301": _KEY, "0303": CLOCK_WRONG, "0101": _UNKNOWN, "0308": THROTTLED}


def _code(body: Mapping[str, Any]) -> str:
    """Return a failure's code, of the gateway or of the service."""
    code = body.get("error_code") or body.get("errorCode")
    errors = body.get("errors")
    if not code and isinstance(errors, list) and errors and isinstance(errors[0], dict):
        code = errors[0].get("errorCode")
    return str(code or "")


ERRORS = NamedErrors(
    _code,
    {
        **{f"{gate}.{code}": _MEANINGS[code] for gate in ("APIGW", "APIG") for code in _MEANINGS},
        "SVCSTG.SWR.401": _KEY,
        "SVCSTG.SWR.403": _NO_RIGHT,
        "SVCSTG.SWR.404": _UNKNOWN,
    },
    heals=("APIGW.0308", "APIG.0308"),
)
