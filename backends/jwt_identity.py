"""Whom a CI's JSON Web Token stands for, without verifying it."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from backends.secret import IdentityPart, Secret


def claims_of(token: Secret) -> dict[str, Any] | None:
    """Return the claims of a JWT (RFC 7519), unverified; ``None`` if it is none."""
    parts = token.reveal().split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def identity_of_token(token: Secret) -> list[IdentityPart]:
    """Return what a login token counts by: issuer, audience and subject.

    A CI mints another token for each job, yet the jobs of one project are one identity. What is
    no JWT, or says too little, counts by its value.
    """
    claims = claims_of(token) or {}
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        return [("token", token)]
    audience = claims.get("aud")
    audiences = sorted(map(str, audience)) if isinstance(audience, list) else [str(audience)]
    return [("issuer", issuer), ("audience", json.dumps(audiences)), ("subject", subject)]


def is_of_one_job(identity: Iterable[IdentityPart]) -> bool:
    """Return whether a token takes part that counts by whom it stands for, not by its value."""
    return any(name.rpartition(".")[2] == "subject" for name, _ in identity)
