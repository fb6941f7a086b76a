"""AWS's errors in our own words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.aws_errors import refused, translated
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
    SecretNotFound,
)
from backends.testing import CANARY


def _answer(code: str, status: int = 400, message: str = CANARY) -> Any:
    return {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


@pytest.mark.parametrize(
    ("code", "status", "kind", "reference"),
    [
        ("AccessDenied", 403, SecretDenied, "aws-access-denied"),
        ("ExpiredToken", 403, SecretDenied, "aws-credentials-expired"),
        ("InvalidClientTokenId", 403, SecretDenied, "aws-credentials-invalid"),
        ("SignatureDoesNotMatch", 403, SecretDenied, "aws-credentials-invalid"),
        ("InvalidIdentityToken", 400, SecretDenied, "aws-web-identity-refused"),
        ("IDPRejectedClaim", 403, SecretDenied, "aws-web-identity-refused"),
        ("IDPCommunicationError", 400, BackendUnavailable, "aws-failing"),
        ("Throttling", 400, BackendUnavailable, "aws-throttled"),
        ("Whatever", 429, BackendUnavailable, "aws-throttled"),
        ("InternalFailure", 500, BackendUnavailable, "aws-failing"),
        ("503", 503, BackendUnavailable, "aws-failing"),
        ("ValidationException", 400, BackendMisconfigured, "aws-request-refused"),
        ("403", 403, SecretDenied, "aws-access-denied"),
        ("407", 407, SecretDenied, "aws-access-denied"),
        ("302", 302, BadAnswer, "aws-answer-garbled"),
        ("404", 404, BadAnswer, "aws-answer-garbled"),
    ],
)
def test_a_code_decides(code: str, status: int, kind: type[BackendError], reference: str) -> None:
    error = refused(_answer(code, status), "ECR in eu-west-1")
    assert (type(error), error.reference) == (kind, reference)
    assert error.message.startswith("ECR in eu-west-1: ")
    assert CANARY not in error.message + error.hint


def test_the_action_that_is_denied_is_named() -> None:
    message = (
        "User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:GetAuthorizationToken on *"
    )
    error = refused(_answer("AccessDeniedException", 400, message), "ECR")
    assert "ecr:GetAuthorizationToken" in error.message
    assert "ecr:GetAuthorizationToken" in error.hint
    assert "user/ci" not in error.message + error.hint


def test_an_action_that_aws_does_not_name_comes_from_the_caller() -> None:
    error = refused(_answer("AccessDenied"), "X", action="ssm:GetParameter")
    assert "allow ssm:GetParameter" in error.hint


@given(st.text(), st.integers(100, 599), st.text())
def test_no_answer_can_put_its_text_into_the_message(code: str, status: int, text: str) -> None:
    planted = f"{text}{CANARY} {text}"
    error = refused(_answer(f"{code} {CANARY}", status, planted), "ECR")
    assert CANARY not in error.message + error.hint


def test_our_own_errors_pass_as_they_are() -> None:
    mine = SecretNotFound("a", "b", "c")
    with pytest.raises(SecretNotFound) as caught, translated("X"):
        raise mine
    assert caught.value is mine


@pytest.mark.parametrize("bug", [KeyError("x"), TypeError("x"), AttributeError("x")])
def test_a_bug_is_not_dressed_up(bug: Exception) -> None:
    with pytest.raises(type(bug)), translated("X"):
        raise bug


def test_a_value_error_loses_its_text() -> None:
    with pytest.raises(BackendMisconfigured) as caught, translated("X"):
        raise ValueError(CANARY)
    assert CANARY not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_the_caller_can_explain_a_code_itself() -> None:
    from botocore.exceptions import ClientError

    def explain(code: str, message: str) -> BackendError | None:
        return SecretNotFound("mine", message, "x") if code == "Mine" else None

    with pytest.raises(SecretNotFound), translated("X", explain=explain):
        raise ClientError(_answer("Mine", message="m"), "Get")
    with pytest.raises(SecretDenied), translated("X", explain=explain):
        raise ClientError(_answer("AccessDenied"), "Get")
