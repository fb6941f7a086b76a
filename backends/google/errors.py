"""What failures of Google's token services mean, by status and by their documented names."""

from backends.errors import BackendUnavailable, BadAnswer, SecretDenied
from backends.http_model import HttpAnswer

WHAT = "Google Cloud"

# Words of Google's token endpoint (google-auth and gcloud tell the same ones), and what they mean.
_DENIED: tuple[tuple[str, str, str, str], ...] = (
    (
        "invalid jwt signature",
        "google-key-refused",
        "the service account's key is not accepted",
        "the key was deleted or replaced: make another and store that",
    ),
    (
        "reasonable timeframe",
        "google-clock-wrong",
        "the signed request is not from now",
        "set this machine's clock: it is off by more than a few minutes",
    ),
    (
        "account not found",
        "google-account-unknown",
        "there is no such service account",
        "check client_email: the account may have been deleted",
    ),
    (
        "invalid_target",
        "google-pool-refused",
        "the workload identity provider is not there, or is disabled",
        "check workload_identity_provider: (projects/NUMBER/locations/global/…)",
    ),
    (
        "audience",
        "google-audience-refused",
        "the token is not for the audience that the provider allows",
        "write audience: as the provider's allowed audiences have it",
    ),
    (
        "attribute condition",
        "google-condition-refused",
        "the provider's attribute condition refuses this job",
        "check the condition against the claims of the job's token",
    ),
    (
        "getaccesstoken",
        "google-impersonation-denied",
        "the account may not be impersonated",
        "grant roles/iam.serviceAccountTokenCreator (or workloadIdentityUser) on it",
    ),
    (
        "token has been expired or revoked",
        "google-login-expired",
        "the user's login has expired or was revoked",
        "log in again, or use a service account",
    ),
    (
        "invalid_client",
        "google-client-refused",
        "the client's id or secret is not accepted",
        "store the credential document anew",
    ),
)


def refuse_failure(answer: HttpAnswer, url: str) -> None:
    """Raise what an answer that is no success means; ``url`` is what Google calls the service.

    Raises:
        BackendError: denied, throttled, failing, or an answer that makes no sense.
    """
    if answer.ok:
        return
    if answer.status in (408, 429) or answer.status >= 500:
        raise BackendUnavailable(
            "google-unavailable",
            f"{answer.what}: no token now (status {answer.status})",
            "try again later",
        )
    if answer.status in (400, 401, 403):
        raise _denied(answer, impersonation=":generateAccessToken" in url)
    raise implausible(f"status {answer.status}")


def _denied(answer: HttpAnswer, *, impersonation: bool) -> SecretDenied:
    text = answer.body[:4096].decode("utf-8", "replace").lower()
    for words, reference, meaning, hint in _DENIED:
        if words in text:
            return SecretDenied(reference, f"{answer.what}: {meaning}", hint)
    if impersonation:
        text = "getaccesstoken"
        _, reference, meaning, hint = next(row for row in _DENIED if row[0] == text)
        return SecretDenied(reference, f"{answer.what}: {meaning}", hint)
    return SecretDenied(
        "google-denied",
        f"{answer.what}: the credentials are not accepted (status {answer.status})",
        "check that they are neither expired, disabled nor of another project",
    )


def implausible(why: str) -> BadAnswer:
    """Return the error for an answer that makes no sense."""
    return BadAnswer(
        "google-answer-implausible",
        f"{WHAT}: the answer makes no sense: {why}",
        "check whether a proxy answers in Google's place",
    )
