"""What a run hands to backends and providers: environment, files, clock, AWS session.

All reading of variables and files goes through it and is recorded, so that a later run can tell
whether it would read the same.
"""

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from backends.aws_session import AwsSession
from backends.errors import BackendMisconfigured, BackendUnavailable, SecretDenied, SecretNotFound
from backends.inputs import InputRecorder
from backends.transport import HttpTransport


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run's view of the world; frozen, handed down, never global."""

    environment: Mapping[str, str] = field(repr=False)
    inputs: InputRecorder = field(repr=False)
    clock: Callable[[], datetime]
    aws: AwsSession = field(repr=False)
    transport: HttpTransport = field(repr=False)
    base_folder: Path = Path()
    """Folder that relative paths of the config are meant from."""

    def variable(self, name: str) -> str | None:
        """Return a variable as it is, ``None`` if it is not set."""
        self.inputs.variable(name)
        return self.environment.get(name)

    def setting(self, name: str) -> str | None:
        """Return a variable that configures something: blank counts as unset."""
        return (self.variable(name) or "").strip() or None

    def variables(self, prefix: str) -> dict[str, str]:
        """Return all variables whose names start with ``prefix``."""
        self.inputs.prefix(prefix)
        return {k: v for k, v in self.environment.items() if k.startswith(prefix)}

    def opaque(self, source: str) -> None:
        """Record that ``source``, which only it can compare, takes part in this run."""
        self.inputs.opaque(source)

    def resolve_path(self, path: str | Path) -> Path:
        """Return ``path`` meant from the base folder."""
        return self.base_folder / path

    def read_file(self, path: str | Path, *, limit: int) -> bytes:
        """Return the content of a regular file of at most ``limit`` bytes.

        Raises:
            SecretNotFound: if it does not exist.
            SecretDenied: if it may not be read.
            BackendMisconfigured: if it is no regular file, or larger than ``limit``.
            BackendUnavailable: if reading failed otherwise.
        """
        full = self.resolve_path(path)
        self.inputs.file(full)
        try:
            return _read_regular_file(full, limit=limit)
        except FileNotFoundError:
            raise SecretNotFound(
                "file-not-found", f"file {full} does not exist", "mount it, or mend the path"
            ) from None
        except PermissionError:
            raise SecretDenied(
                "file-not-readable",
                f"file {full} may not be read by uid {os.geteuid()}",
                "change its owner or mode, or run as the user who may read it",
            ) from None
        except OSError as error:
            raise BackendUnavailable(
                "file-read-failed",
                f"file {full} could not be read: {errno.errorcode.get(error.errno or 0, 'error')}",
                "check the file system that it lies on",
            ) from None


def _read_regular_file(path: Path, *, limit: int) -> bytes:
    # O_NONBLOCK: opening a FIFO that nobody writes to must not hang
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BackendMisconfigured(
                "file-not-regular", f"{path} is not a regular file", "name a regular file"
            )
        content = _read_up_to(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise BackendMisconfigured(
            "file-too-large",
            f"file {path} is larger than {limit // 1024} KiB",
            "name the file that holds the secret and nothing else",
        )
    return content


def _read_up_to(descriptor: int, size: int) -> bytes:
    chunks = []
    while size > 0 and (chunk := os.read(descriptor, size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
