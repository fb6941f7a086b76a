"""The contract of whoever keeps what a run depended on."""

from pathlib import Path
from typing import Protocol


class InputRecorder(Protocol):
    """Keeps what a run depended on; absent is a value, too."""

    def variable(self, name: str) -> None:
        """Record that the variable ``name`` was looked at."""
        ...

    def prefix(self, prefix: str) -> None:
        """Record that every variable that starts with ``prefix`` may have been looked at."""
        ...

    def file(self, path: Path) -> None:
        """Record that the content of ``path`` was looked at."""
        ...

    def opaque(self, source: str) -> None:
        """Record a source that can not be compared without asking it (instance metadata, SSO)."""
        ...
