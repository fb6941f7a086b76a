"""What Tencent Cloud's error codes mean.

Source: the common error codes of API 3.0, and those of TCR. All of them come with status 200, in
``Response.Error.Code``.
"""

from collections.abc import Mapping
from typing import Any

from generator.errors import AccessDenied, Misconfigured
from generator.registries.refusals import CLOCK_WRONG, LATER, THROTTLED, NamedErrors, Refusal

_KEY = Refusal(
    AccessDenied,
    "key-refused",
    "the key is not accepted",
    "check secret id and secret key, that the key is enabled, and that a temporary one has not "
    "expired",
)
_NO_RIGHT = Refusal(
    AccessDenied,
    "denied",
    "this identity may not have a token",
    "allow it tcr:CreateInstanceToken for the instance",
)
_NO_INSTANCE = Refusal(
    Misconfigured,
    "instance-unknown",
    "there is no such instance in this region",
    "check registry_id and region",
)
_WRONG = Refusal(
    Misconfigured, "request-refused", "the request is not accepted", "check registry_id and region"
)


def _code(body: Mapping[str, Any]) -> str:
    response = body.get("Response")
    error = response.get("Error") if isinstance(response, dict) else None
    if error is None:
        return ""
    return str(error.get("Code") or "Error") if isinstance(error, dict) else "Error"


ERRORS = NamedErrors(
    _code,
    {
        "AuthFailure": _KEY,
        "AuthFailure.SignatureExpire": CLOCK_WRONG,
        "AuthFailure.UnauthorizedOperation": _NO_RIGHT,
        "UnauthorizedOperation": _NO_RIGHT,
        "OperationDenied": _NO_RIGHT,
        "FailedOperation.ErrorTcrUnauthorized": _NO_RIGHT,
        "InternalError.ErrUnauthorized": _NO_RIGHT,
        "InternalError.ErrorTcrUnauthorized": _NO_RIGHT,
        "ResourceNotFound": _NO_INSTANCE,
        "InternalError.ErrNotExist": _NO_INSTANCE,
        "InvalidParameter": _WRONG,
        "MissingParameter": _WRONG,
        "UnknownParameter": _WRONG,
        "UnsupportedRegion": _WRONG,
        "UnsupportedOperation": _WRONG,
        "FailedOperation": LATER,
        "InternalError": LATER,
        "ResourceInsufficient": LATER,
        "ResourceUnavailable": LATER,
        "RequestLimitExceeded": THROTTLED,
    },
    heals=(
        "RequestLimitExceeded",
        "FailedOperation.DbError",
        "FailedOperation.DependenceError",
        "InternalError.DbError",
        "InternalError.ErrorTcrInternal",
    ),
)
