"""AWS's ways to fail, in our own words: no body, no URL, no SDK exception gets past here."""

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backends.aws_clock import wrong_clock
from backends.aws_failures import failure_of
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)

# Codes of the common errors of AWS's APIs, as its services' references list them: what they mean,
# and what to do. All of them are final.
_REFUSED: tuple[tuple[frozenset[str], str, str, str], ...] = (
    (
        frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"}),
        "aws-credentials-expired",
        "the AWS credentials have expired",
        "renew them; if they are fresh, check this machine's clock",
    ),
    (
        frozenset(
            {
                "UnrecognizedClientException",
                "InvalidClientTokenId",
                "InvalidAccessKeyId",
                "IncompleteSignature",
                "IncompleteSignatureException",
                "MissingAuthenticationToken",
                "MissingAuthenticationTokenException",
                "InvalidSignatureException",
                "SignatureDoesNotMatch",
            }
        ),
        "aws-credentials-invalid",
        "AWS does not accept the credentials",
        "check access key, secret key and session token; and this machine's clock",
    ),
    (
        # of AssumeRoleWithWebIdentity, in the STS API reference
        frozenset({"InvalidIdentityToken", "IDPRejectedClaim"}),
        "aws-web-identity-refused",
        "AWS does not accept the web identity token",
        "check the token's audience and issuer, and the role's trust policy",
    ),
)
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
}
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]{2,40}:[A-Za-z]{3,60})")


@contextmanager
def translated(
    what: str,
    *,
    action: str | None = None,
    explain: Callable[[str, str], BackendError | None] | None = None,
) -> Iterator[None]:
    """Turn every error of the AWS SDK that leaves the block into a `BackendError`.

    An error of another kind, and one that is ours already, passes.

    Args:
        what: the call and its place: "ECR in eu-west-1".
        action: what a policy must allow for the call, where AWS's answer does not name it.
        explain: what a code and message of AWS mean to this call; ``None`` from it: the usual.
    """
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    try:
        yield
    except sdk.ClientError as error:
        details = error.response.get("Error", {})
        code, message = str(details.get("Code", "")), str(details.get("Message", ""))
        explained = explain(code, message) if explain else None
        raise explained or refused(error.response, what, action=action) from None
    except (AttributeError, TypeError) as error:
        # what the SDK's parsers raise where an answer has another shape than the service's model
        if "parsers" not in _raised_in(error):
            raise
        raise _failed(ResponseParserError(), what) from None
    except (sdk.BotoCoreError, ResponseParserError, ValueError, OSError) as error:
        raise _failed(error, what) from None


def _raised_in(error: Exception) -> str:
    """Return the file name, without its ending, of the module that raised an error."""
    frames = traceback.extract_tb(error.__traceback__)
    return Path(frames[-1].filename).stem if frames else ""


def refused(response: Any, what: str, *, action: str | None = None) -> BackendError:
    """Return the error that an AWS error answer means, judged by its code, not its status."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    shown = code if re.fullmatch(r"[A-Za-z]\w{2,60}", code, re.ASCII) else f"status {status}"
    if clock := wrong_clock(str(response.get("Error", {}).get("Message", "")), what):
        return clock
    if code in _DENIED:
        return _denied(response, what, shown, action)
    for codes, reference, meaning, hint in _REFUSED:
        if code in codes:
            return SecretDenied(reference, f"{what}: {meaning} ({shown})", hint)
    if code in _THROTTLED or status == 429:
        return BackendUnavailable(
            "aws-throttled", f"{what}: AWS throttles the calls ({shown})", "try again later"
        )
    if status >= 500 or not code or code == "IDPCommunicationError":
        return BackendUnavailable(
            "aws-failing", f"{what}: AWS failed to answer ({shown})", "try again later"
        )
    if not re.match(r"[A-Za-z]", code):
        return _not_from_aws(status, what, action)
    return BackendMisconfigured(
        "aws-request-refused", f"{what}: AWS refused the request ({shown})", "check the settings"
    )


def _denied(response: Any, what: str, shown: str, action: str | None) -> BackendError:
    match = _ACTION.search(str(response.get("Error", {}).get("Message", "")))
    action = match.group(1) if match else action
    return SecretDenied(
        "aws-access-denied",
        f"{what}: AWS denies {action or 'it'} ({shown})",
        f"allow {action} in the policy of this identity" if action else "check its policies",
    )


def _not_from_aws(status: int, what: str, action: str | None) -> BackendError:
    """Return the error for an answer without an AWS error code: something in between spoke."""
    if status in (401, 403, 407):
        return SecretDenied(
            "aws-access-denied",
            f"{what}: access is denied (status {status})",
            f"check the proxy or endpoint, and whether {action or 'the call'} is allowed",
        )
    return BadAnswer(
        "aws-answer-garbled",
        f"{what}: the answer is not one of AWS's (status {status})",
        "check the endpoint, and whether a proxy answers in its place",
    )


def _failed(error: Exception, what: str) -> BackendError:
    failure = failure_of(error)
    if failure is not None:
        return failure.error(failure.reference, f"{what}: {failure.message}", failure.hint)
    return BackendUnavailable(
        "aws-failing", f"{what}: the call failed ({type(error).__name__})", "try again later"
    )
