"""What the files of a cache folder are called; plain strings, importing nothing.

A grant lies in ``grant-HEX``; files that go with it share the name and add a suffix, such as its
lock ``grant-HEX.lock``. A finished document lies in ``finished-HEX`` with the same suffixes.
"""

KEY_FILE = "key"
IGNORE_FILE = ".gitignore"
GRANT_PREFIX = "grant-"
DOCUMENT_PREFIX = "finished-"
LOCK_SUFFIX = ".lock"
TEMPORARY_PREFIX = ".tmp-"

GRANT_NAME_LENGTH = len(GRANT_PREFIX) + 32


def is_ours(name: str) -> bool:
    """Return whether a name is one that this cache gives, or that any file system may hold."""
    return name in {KEY_FILE, IGNORE_FILE, "lost+found"} or name.startswith(
        (GRANT_PREFIX, DOCUMENT_PREFIX, TEMPORARY_PREFIX)
    )


def is_grant_name(name: str) -> bool:
    """Return whether a name is that of a grant, not of a file that goes with it."""
    digits = name.removeprefix(GRANT_PREFIX)
    return (
        len(name) == GRANT_NAME_LENGTH
        and name.startswith(GRANT_PREFIX)
        and all(digit in "0123456789abcdef" for digit in digits)
    )
