"""``file:PATH``: Docker and Kubernetes secret files.

One trailing line break is dropped, as every editor and ``echo`` adds one. A relative path is meant
from the folder of the config file.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from backends.base import IdentityPart, RunContext, Secret, SecretDocument, SecretRef
from backends.errors import BackendMisconfigured, SecretNotFound
from backends.options import BackendOptions
from backends.reference import unknown_options

LARGEST_FILE = 64 * 1024


class FileBackend:
    """Reads secret files; a file is read each time, never judged by its times."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """A file is known by its content."""
        return [("value", Secret(self._text(ref)))]

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Return the file's text.

        Raises:
            SecretNotFound: if there is no such file, or it is empty.
            SecretDenied: if it may not be read.
            BackendMisconfigured: if it is no regular file, too large or not UTF-8.
        """
        return SecretDocument(self._text(ref))

    def _text(self, ref: SecretRef) -> str:
        content = self._context.read_file(ref.path, limit=LARGEST_FILE)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise BackendMisconfigured(
                "file-not-text", f"file {ref.path} is not UTF-8 text", "store it base64-encoded"
            ) from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise SecretNotFound(
                "file-empty", f"file {ref.path} is empty", "write the secret to it"
            )
        return text


class FileBackendFactory:
    """Makes the backend that is always there under the name ``file``."""

    options = BackendOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """Any path will do; it is looked at when it is read."""
        return unknown_options(ref, ())

    def __call__(
        self, _options: BackendOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[FileBackend]:
        """Make the backend; it holds nothing open."""
        return _opened(FileBackend(context))


@asynccontextmanager
async def _opened(backend: FileBackend) -> AsyncIterator[FileBackend]:
    yield backend
