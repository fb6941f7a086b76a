"""What Alibaba Cloud's error codes mean.

Sources: the common client errors of its API gateway, and those of Container Registry's
``GetAuthorizationToken``. A throttled call has status 400.
"""

from collections.abc import Mapping
from typing import Any

from generator.errors import AccessDenied, Misconfigured
from generator.registries.refusals import CLOCK_WRONG, LATER, THROTTLED, NamedErrors, Refusal

_KEY = Refusal(
    AccessDenied,
    "key-refused",
    "the access key is not accepted",
    "check id and secret, that the key is enabled, and that an STS token has not expired",
)
_NO_RIGHT = Refusal(
    AccessDenied,
    "denied",
    "this identity may not have a token",
    "allow it cr:GetAuthorizationToken",
)
_NO_INSTANCE = Refusal(
    Misconfigured,
    "instance-unknown",
    "there is no such instance",
    "check instance_id and the region in the server's name",
)


def _code(body: Mapping[str, Any]) -> str:
    """Return a failure's code; it can come with status 200."""
    code = str(body.get("Code") or body.get("code") or "")
    if code.lower() in ("", "success"):
        return "IsSuccess.false" if body.get("IsSuccess") is False else ""
    return code


ERRORS = NamedErrors(
    _code,
    {
        "InvalidAccessKeyId": _KEY,
        "InvalidSecurityToken": _KEY,
        "IncompleteSignature": _KEY,
        "SignatureDoesNotMatch": _KEY,
        "MissingSecurityToken": _KEY,
        "InvalidTimeStamp": CLOCK_WRONG,
        "IllegalTimestamp": CLOCK_WRONG,
        "Forbidden": _NO_RIGHT,
        "NoPermission": _NO_RIGHT,
        "NoPrivilege": _NO_RIGHT,
        "INSTANCE_NOT_EXIST": _NO_INSTANCE,
        "InstanceNotExist": _NO_INSTANCE,
        "IsSuccess.false": LATER,
        "InternalError": LATER,
        "SystemError": LATER,
        "ServiceUnavailable": LATER,
        "Throttling": THROTTLED,
    },
    heals=("ServiceUnavailable", "Throttling"),
)
