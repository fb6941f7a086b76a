"""From a request to the document that answers it: two names, and no comparison."""

import os

from generator.cache.errors import UnusableFile
from generator.cache.layout import (
    DOCUMENT_PREFIX,
    INDEX_SUFFIX,
    KEY_FILE,
    KEY_LENGTH,
    KEY_LINKS,
    LARGEST_DOCUMENT,
)
from generator.cache.private import is_ours_alone, is_written_by_us, read_private
from generator.fast.digest import blake2b, derived, framed
from generator.fast.document import Document, decode_document
from generator.fast.index import LARGEST_INDEX, decode_index
from generator.fast.inputs import Listed, UnclearInput, current
from generator.fast.request import NotFast, Request

_BUCKET_PERSON = b"dockercfg bucket"


def open_cache_folder(path: str) -> int:
    """Return a descriptor of a folder that nobody else may write to.

    Raises:
        NotFast: if there is none, or others may write to it.
    """
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise NotFast("the cache folder is not there, or can not be opened") from None
    if not is_written_by_us(os.fstat(folder)):
        raise NotFast("the cache folder belongs to somebody else, or others may write to it")
    return folder


def find(
    request: Request, folder: int, environment: dict[bytes, bytes], now: float
) -> tuple[str, Document]:
    """Return the name and the document that answers a request at ``now``.

    Raises:
        NotFast: if there is none, it is not of now, or something is not plain.
    """
    if not is_ours_alone(os.fstat(folder)):
        raise NotFast("others may look into the cache folder", cold_bucket(request))
    try:
        return _found(request, folder, environment, now)
    except UnusableFile as error:
        raise NotFast(f"a file of the cache {error.reason}") from None
    except UnclearInput as error:
        raise NotFast(f"{os.fsdecode(error.path)} can not be read as a file") from None


def index_name(request: Request, key: bytes) -> str:
    """Return the name of the index that a request leads to."""
    return DOCUMENT_PREFIX + derived(request.mark, key)[0] + INDEX_SUFFIX


def document_name(
    request: Request, inputs: list[Listed], environment: dict[bytes, bytes], key: bytes
) -> tuple[str, bytes]:
    """Return the name of the document that all inputs together lead to, and the key of its MAC.

    Raises:
        UnclearInput: if a file is there that can not be read as one.
    """
    listed = b"".join([framed(kind, name) for kind, name in inputs])
    content = framed(b"m", request.mark) + framed(b"l", listed) + current(inputs, environment)
    digits, mac_key = derived(content, key)
    return DOCUMENT_PREFIX + digits, mac_key


def read_key(folder: int) -> bytes | None:
    """Return the volume's key, if there is one.

    Raises:
        UnusableFile: if something else lies there.
    """
    key = read_private(folder, KEY_FILE, limit=KEY_LENGTH, links=KEY_LINKS)
    return key if key is not None and len(key) == KEY_LENGTH else None


def cold_bucket(request: Request) -> str:
    """Return the run lock of a volume that knows nothing of this request yet.

    It is made from the request alone, for neither key nor index need be there: two identities that
    share a config wait for each other once in the life of a volume.
    """
    return blake2b(request.mark, digest_size=1, person=_BUCKET_PERSON).hexdigest()


def grant_stamp(folder: int, name: str) -> tuple[int, int] | None:
    """Return what tells a grant's file from the one that replaces it, ``None`` if there is none."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    # Its time of modification is when it expires; this one nobody can set.
    return status.st_ctime_ns, status.st_size


def _found(
    request: Request, folder: int, environment: dict[bytes, bytes], now: float
) -> tuple[str, Document]:
    key = read_key(folder)
    if key is None:
        raise NotFast("the cache folder is new", cold_bucket(request))
    name = index_name(request, key)
    content = read_private(folder, name, limit=LARGEST_INDEX)
    index = None if content is None else decode_index(content, name, key)
    if index is None:
        raise NotFast("no run of this config has left a document", cold_bucket(request))
    name, mac_key = document_name(request, index[0], environment, key)
    # Two digits: a lock for each document would be a file for each job whose token is its own.
    bucket = name[len(DOCUMENT_PREFIX) :][:2]
    content = read_private(folder, name, limit=LARGEST_DOCUMENT)
    document = None if content is None else decode_document(content, name, mac_key)
    if document is None:
        raise NotFast("no run of these inputs has left a document", bucket)
    if not document.is_of_now(now):
        raise NotFast("a token in the document is due to be renewed", bucket)
    for grant, *stamp in document.grants:
        if grant_stamp(folder, grant) != tuple(stamp):
            raise NotFast("a token was renewed or removed since", bucket)
    return name, document
