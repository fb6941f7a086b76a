"""What a failure of Vault means that has nothing to do with one path or login."""

from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretNotFound,
)
from backends.vault.client import VaultFailure
from backends.vault.settings import VaultSettings

_BY_TEXT: tuple[tuple[str, type[BackendError], str, str, str], ...] = (
    ("sealed", BackendUnavailable, "vault-sealed", "Vault is sealed", "unseal it"),
    (
        "not initialized",
        BackendUnavailable,
        "vault-not-initialised",
        "Vault is not initialised",
        "initialise it",
    ),
    (
        "namespace not found",
        SecretNotFound,
        "vault-namespace-not-found",
        "there is no such namespace",
        "check namespace:, VAULT_NAMESPACE or ?ns=",
    ),
    (
        "HTTP request to an HTTPS server",
        BackendMisconfigured,
        "vault-wants-https",
        "the server speaks https",
        "write https:// in address:",
    ),
)


def general(failure: VaultFailure, settings: VaultSettings, where: str) -> BackendError:
    """Return what a failure means by its text, else by its status."""
    for text, kind, reference, message, hint in _BY_TEXT:
        if text in failure.text:
            return kind(reference, f"{where}: {message}", hint)
    if 300 <= failure.status < 400:
        return BackendUnavailable(
            "vault-redirect",
            f"{where}: this node redirects to {failure.redirect or 'another'}",
            "set address: or VAULT_ADDR to that node; a token is never sent after a redirect",
        )
    if failure.status == 429:
        return BackendUnavailable(
            "vault-throttled", f"{where}: Vault's rate limit is reached", "try again later"
        )
    if failure.status in (408, 412, 472, 473) or failure.status >= 500:
        return BackendUnavailable(
            "vault-failing",
            f"{where}: Vault failed to answer (status {failure.status})",
            "try again later",
        )
    if 200 <= failure.status < 300:
        return implausible(settings, "the answer is not one of Vault's")
    return BackendMisconfigured(
        "vault-request-refused",
        f"{where}: Vault refused the request (status {failure.status})",
        "check the path and the settings",
    )


def implausible(settings: VaultSettings, why: str) -> BadAnswer:
    """Return the error for an answer that makes no sense."""
    return BadAnswer(
        "vault-answer-implausible",
        f"{settings.place}: {why}",
        "check the address, and whether a proxy answers in its place",
    )
