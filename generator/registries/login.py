"""What of a user name and a secret a client can read back from an ``auth`` field.

That is ``base64(USER:SECRET)``, cut at the first colon, with trailing NULs trimmed off (docker/cli,
``decodeAuth`` of cli/config/configfile/file.go).
"""

from backends.base import Secret

IDENTITY_TOKEN = "<token>"  # noqa: S105 - a user name
"""The user name that says that the secret is an identity token, an OAuth refresh token, instead of
a password (docker-credential-helpers, docker/cli): a dockercfg of ours holds none."""


def problem_of_username(username: str) -> str | None:
    """Return why no client would read this user name back."""
    if not username:
        return "the user name is empty"
    if ":" in username:
        return "the user name holds a ':', which ends it in an auth field"
    if _is_no_text(username):
        return "the user name is not UTF-8 text"
    return None


def problem_of_secret(secret: Secret) -> str | None:
    """Return why no client would read this password or token back."""
    text = secret.reveal()
    if not text:
        return "the secret is empty"
    if text.endswith("\0"):
        return "the secret ends with a NUL character, which clients trim off"
    if _is_no_text(text):
        return "the secret is not UTF-8 text"
    return None


def _is_no_text(text: str) -> bool:
    # A variable that is not UTF-8 reaches Python with lone surrogates in it, JSON may escape them.
    return any("\ud800" <= character <= "\udfff" for character in text)
