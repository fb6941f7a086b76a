"""What a refusal of GitHub's API means.

Its words are those that octokit's ``auth-app`` and ``plugin-throttling`` look for, and the ones of
"Rate limits for the REST API" and "Troubleshooting the REST API" in GitHub's documentation.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from backends.http_model import HttpAnswer
from generator.errors import AccessDenied, Misconfigured, Unavailable
from generator.registries.refusals import CLOCK_WRONG, Refusal

_MOVED = Refusal(
    Misconfigured,
    "renamed",
    "the account or repository has another name now",
    "write its present name as owner: or repository:, or installation_id: instead",
)
BY_STATUS: Mapping[int, Refusal] = {
    301: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: Refusal(
        AccessDenied,
        "key-refused",
        "the App's key is not accepted",
        "check that private_key is a key of the App that app_id names, and was not deleted there",
    ),
    403: Refusal(
        AccessDenied,
        "denied",
        "the App may not have a token",
        "check the App's installation in the settings of the account",
    ),
    404: Refusal(
        Misconfigured,
        "installation-unknown",
        "the App has no such installation",
        "check installation_id, owner or repository, and that the App of app_id is installed there",
    ),
    422: Refusal(
        Misconfigured,
        "request-refused",
        "the token that is asked for can not be given",
        "check repositories: and permissions: against the App's installation",
    ),
}
# By the status and by words of the message.
_BY_WORDS: tuple[tuple[int, str, Refusal], ...] = (
    (401, "('exp')", CLOCK_WRONG),
    (401, "('iat')", CLOCK_WRONG),
    (
        403,
        "suspended",
        Refusal(
            AccessDenied,
            "installation-suspended",
            "the App's installation is suspended",
            "unsuspend it in the settings of the account that it is installed in",
        ),
    ),
    (
        403,
        "ip allow list",
        Refusal(
            AccessDenied,
            "network-refused",
            "the organization does not serve this network",
            "add this machine's address to the organization's IP allow list",
        ),
    ),
    (
        404,
        "integration not found",
        Refusal(
            Misconfigured,
            "app-unknown",
            "there is no such GitHub App",
            "check app_id, and endpoint if the App is of another GitHub",
        ),
    ),
    (
        422,
        "permissions requested",
        Refusal(
            AccessDenied,
            "permission-not-granted",
            "the installation does not have the permission that is asked for",
            "give the App the repository permission Packages, and have the account accept that",
        ),
    ),
    (
        422,
        "repository",
        Refusal(
            Misconfigured,
            "repository-unknown",
            "a repository is not there, or the App is not installed in it",
            "check each name under repositories:, without its owner",
        ),
    ),
)


def meaning_of(answer: HttpAnswer) -> Refusal | None:
    """Return what a failure means, ``None`` if its status says all there is to know."""
    message = str(answer.json_object().get("message", "")).lower()
    if answer.status in (403, 429) and (limit := _rate_limit(answer.headers, message)):
        return limit
    return next(
        (
            refusal
            for status, words, refusal in _BY_WORDS
            if status == answer.status and words in message
        ),
        None,
    )


def _rate_limit(headers: Mapping[str, str], message: str) -> Refusal | None:
    """Return the refusal for too many requests, which shares its status with a denial."""
    if headers.get("x-ratelimit-remaining") == "0":
        return _limited(_until(headers.get("x-ratelimit-reset", "")))
    wait = headers.get("retry-after", "")
    if wait or "rate limit" in message:
        return _limited(f"in {wait} s" if wait.isascii() and wait.isdigit() else "later")
    return None


def _limited(when: str) -> Refusal:
    return Refusal(
        Unavailable, "rate-limited", "the App has asked too much lately", f"try again {when}"
    )


def _until(reset: str) -> str:
    """Return when a limit ends: told in seconds since the epoch, by a clock that is GitHub's."""
    try:
        return f"after {datetime.fromtimestamp(int(reset), UTC):%H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "later"
