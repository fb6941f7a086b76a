"""What a login is made from: variables, files, the CI's own token."""

from backends.base import RunContext, Secret, SecretDocument, SecretRef
from backends.document import pick
from backends.env import EnvironmentBackend
from backends.errors import BackendMisconfigured, SecretNotFound
from backends.file import FileBackend
from backends.vault.client import checked_token
from backends.vault.options import VaultAuth
from backends.vault.settings import variable

_LARGEST_TOKEN = 64 * 1024


def credential(auth: VaultAuth, name: str, context: RunContext) -> Secret | None:
    """Return a credential that the config refers to, ``None`` if it names none.

    Raises:
        BackendError: if its variable or file is missing.
    """
    ref = auth.credentials.get(name)
    return None if ref is None else read_local(ref, context)


def required(auth: VaultAuth, name: str, context: RunContext) -> Secret:
    """Return a credential that the method can not do without.

    Raises:
        BackendMisconfigured: if the config names none.
        BackendError: if its variable or file is missing.
    """
    secret = credential(auth, name, context)
    if secret is None:
        raise BackendMisconfigured(
            "vault-login-incomplete",
            f"the Vault login by {auth.method} needs {name}",
            f"write auth: {{credentials: {{{name}: env:NAME or file:PATH}}}}",
        )
    return secret


def read_local(ref: SecretRef, context: RunContext) -> Secret:
    """Return what an ``env:`` or ``file:`` reference names."""
    backend = EnvironmentBackend(context) if ref.backend == "env" else FileBackend(context)
    value = next(part for _, part in backend.identity(ref) if isinstance(part, Secret))
    return pick(SecretDocument(value.reveal().strip()), ref, ref.selector, multiline=False)


def given_token(auth: VaultAuth, context: RunContext) -> Secret:
    """Return the token of the method ``token``: configured, in a variable, or in a file.

    Raises:
        SecretNotFound: if there is none.
        BackendError: if it can not be read or used.
    """
    if (secret := credential(auth, "token", context)) is not None:
        return checked_token(secret, "auth: credentials: token")
    if text := variable(context, "TOKEN"):
        return checked_token(Secret(text), "VAULT_TOKEN")
    if path := variable(context, "TOKEN_FILE"):
        return _token_in(path, context)
    if home := context.variable("HOME"):
        try:
            return _token_in(f"{home}/.vault-token", context)
        except SecretNotFound:
            pass
    raise SecretNotFound(
        "vault-token-missing",
        "there is no Vault token",
        "set VAULT_TOKEN, or write another method under auth: (approle, jwt, kubernetes, …)",
    )


def _token_in(path: str, context: RunContext) -> Secret:
    content = context.read_file(path, limit=_LARGEST_TOKEN)
    return checked_token(Secret(content.decode("ascii", "replace")), path)
