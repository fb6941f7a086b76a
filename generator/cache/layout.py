"""What the files of a cache folder are called; plain strings, importing nothing.

A grant lies in ``grant-HEX``; files that go with it share the name and add a suffix: its lock is
``grant-HEX.lock``, the note of a failed fetch ``grant-HEX.failed``. A finished document lies in
``finished-HEX``, the index that leads to it in ``finished-HEX.index`` with digits of its own;
``finished-XX.lock`` is one of 256 run locks.
"""

KEY_FILE = "key"
IGNORE_FILE = ".gitignore"
GRANT_PREFIX = "grant-"
DOCUMENT_PREFIX = "finished-"
LOCK_SUFFIX = ".lock"
FAILURE_SUFFIX = ".failed"
INDEX_SUFFIX = ".index"
TEMPORARY_PREFIX = ".tmp-"

# A finished document begins so, then the moment (epoch seconds) from which it is of no use.
DOCUMENT_HEADER = b"dockercfg-finished 1 "
LARGEST_DOCUMENT = 8 * 1024 * 1024

KEY_LENGTH = 32
# Whoever makes the key gives it a second name for a moment, between link and unlink.
KEY_LINKS = 2
_DIGITS = 32


def is_ours(name: str) -> bool:
    """Return whether a name is one that this cache gives, or that any file system may hold."""
    return name in {KEY_FILE, IGNORE_FILE, "lost+found"} or name.startswith(
        (GRANT_PREFIX, DOCUMENT_PREFIX, TEMPORARY_PREFIX)
    )


def is_grant_name(name: str) -> bool:
    """Return whether a name is that of a grant, not of a file that goes with it."""
    return _is_digits_after(GRANT_PREFIX, name)


def is_document_name(name: str) -> bool:
    """Return whether a name is that of a finished document."""
    return _is_digits_after(DOCUMENT_PREFIX, name)


def is_index_name(name: str) -> bool:
    """Return whether a name is that of an index of finished documents."""
    return name.endswith(INDEX_SUFFIX) and is_document_name(name.removesuffix(INDEX_SUFFIX))


def _is_digits_after(prefix: str, name: str) -> bool:
    digits = name.removeprefix(prefix)
    return (
        name.startswith(prefix)
        and len(digits) == _DIGITS
        and all(digit in "0123456789abcdef" for digit in digits)
    )
