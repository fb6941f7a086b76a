"""What Vault's refusals of a login mean.

Its texts were observed on OpenBao; they are only matched, never shown, for some quote
what was sent.
"""

from backends.errors import BackendError, BackendMisconfigured, SecretDenied
from backends.vault.client import VaultFailure
from backends.vault.general_errors import general
from backends.vault.settings import VaultSettings

_LOGIN_TEXTS: tuple[tuple[str, type[BackendError], str, str, str], ...] = (
    (
        "audience",
        SecretDenied,
        "vault-jwt-audience",
        "the JWT is for another audience than the role's bound_audiences",
        "ask the CI for a token of that audience (audience:), or add it to the role",
    ),
    (
        "token is expired",
        SecretDenied,
        "vault-jwt-expired",
        "the JWT has expired",
        "log in earlier in the job, or check this machine's clock",
    ),
    (
        "not yet valid",
        SecretDenied,
        "vault-jwt-early",
        "the JWT is not valid yet",
        "check the clocks of this machine and of Vault",
    ),
    (
        "invalid issuer",
        SecretDenied,
        "vault-jwt-issuer",
        "the JWT is of another issuer than the auth mount's",
        "check auth: mount:, and the mount's bound_issuer",
    ),
    (
        "error validating claims",
        SecretDenied,
        "vault-jwt-claims",
        "the JWT lacks a claim that the role binds, or has another value there",
        "compare the role's bound_claims with this job (project, branch)",
    ),
    (
        "signature",
        SecretDenied,
        "vault-jwt-signature",
        "the JWT is not signed by a key that the auth mount trusts",
        "check auth: mount:, and its keys or discovery URL",
    ),
    (
        "compact JWS",
        BackendMisconfigured,
        "vault-jwt-garbled",
        "what was sent is no JWT",
        "check what the reference under auth: credentials: jwt: names",
    ),
    (
        "could not be found",
        SecretDenied,
        "vault-role-not-found",
        "the auth mount has no such role",
        "check auth: role:",
    ),
    (
        "invalid role name",
        SecretDenied,
        "vault-role-not-found",
        "the auth mount has no such role",
        "check auth: role:",
    ),
    (
        "missing role",
        BackendMisconfigured,
        "vault-login-incomplete",
        "the login needs a role",
        "write auth: {role: NAME}",
    ),
    (
        "invalid role or secret ID",
        SecretDenied,
        "vault-approle-refused",
        "role_id or secret_id is wrong, used up or expired",
        "have a new secret_id made; a wrong one is not tried again",
    ),
    (
        "missing secret_id",
        BackendMisconfigured,
        "vault-login-incomplete",
        "the role needs a secret_id",
        "write auth: {credentials: {secret_id: REFERENCE}}",
    ),
    (
        "wrapping token is not valid",
        SecretDenied,
        "vault-wrapping-spent",
        "the wrapping token was used already, or has expired",
        "if this job did not use it, somebody else did: treat the secret_id as stolen",
    ),
    (
        "invalid username or password",
        SecretDenied,
        "vault-userpass-refused",
        "user name or password is wrong",
        "check them; a wrong one is not tried again, for Vault locks users out",
    ),
    (
        "certificate",
        SecretDenied,
        "vault-cert-refused",
        "the client certificate is missing, or no role takes it",
        "set client_certificate: and client_key:, and check auth: role:",
    ),
)


def login_refused(failure: VaultFailure, settings: VaultSettings) -> BackendError:
    """Return what a refused login means."""
    where = f"{settings.place}, login by {settings.auth.method}"
    for text, kind, reference, message, hint in _LOGIN_TEXTS:
        if failure.status in (400, 403, 404) and text in failure.text:
            return kind(reference, f"{where}: {message}", hint)
    if failure.status == 403:
        return SecretDenied(
            "vault-login-denied",
            f"{where} at auth/{settings.auth_mount}: permission denied",
            "check that the auth method is mounted there (auth: mount:), its role and its settings",
        )
    return general(failure, settings, where)
