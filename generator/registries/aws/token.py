"""What the answers of AWS's registries have in common: a token of USER:PASSWORD, an expiry."""

import base64
from datetime import UTC, datetime
from typing import Any

from backends.base import Secret
from generator.errors import ImplausibleAnswer
from generator.model import Grant


def make_grant(
    data: Any,
    what: str,
    *,
    requested_at: datetime,
    skew_s: float,
    endpoint: str | None,
    server_addresses: tuple[str, ...] = (),
) -> Grant:
    """Return a grant from one block of authorization data, every key of it checked.

    Raises:
        ImplausibleAnswer: if it can not be used.
    """
    if not isinstance(data, dict):
        raise implausible(what, "it holds no authorization data")
    username, secret = _pair(data.get("authorizationToken"), what)
    expires_at = data.get("expiresAt")
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise implausible(what, "it says no time of expiry")
    local_expiry = datetime.fromtimestamp(expires_at.timestamp() - skew_s, UTC)
    if local_expiry <= requested_at:
        raise implausible(what, f"its token expired at {expires_at:%Y-%m-%dT%H:%M:%SZ}")
    return Grant(
        username=username,
        secret=secret,
        requested_at=requested_at,
        expires_at=local_expiry,
        server_addresses=server_addresses,
        endpoint=endpoint,
        clock_skew_s=skew_s,
    )


def implausible(what: str, why: str) -> ImplausibleAnswer:
    """Return the error for an answer that makes no sense."""
    return ImplausibleAnswer(
        "ecr-answer-implausible",
        f"{what}: the answer makes no sense: {why}",
        "check the endpoint, and whether a proxy answers in its place",
    )


def _pair(token: object, what: str) -> tuple[str, Secret]:
    if not isinstance(token, str):
        raise implausible(what, "it holds no authorization token")
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise implausible(what, "its authorization token is not base64 text") from None
    username, colon, password = text.partition(":")
    if not (username and colon and password):
        raise implausible(what, "its authorization token is not USER:PASSWORD")
    return username, Secret(password)
