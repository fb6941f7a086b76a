"""Where a Vault server is: a URL, or the Unix socket of an agent."""

from urllib.parse import urlsplit

UNIX = "unix://"


def problem_of_address(text: str) -> str | None:
    """Return what is wrong with an address, without showing it: it may hold a password."""
    if text.startswith(UNIX):
        return None if text.startswith(f"{UNIX}/") else "a socket's path begins with a slash"
    if not _is_url(text):
        return "not a URL, as https://HOST:PORT is one"
    return "holds a user name or password; logins go under auth:" if "@" in text else None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def split_address(text: str) -> tuple[str, str | None]:
    """Return the URL for requests, and the Unix socket that they go to, if it is one."""
    if text.startswith(UNIX):
        return "http://localhost", text.removeprefix(UNIX)
    return text.rstrip("/"), None
