"""What a run depended on: variables, prefixes of variables, files, opaque sources."""

from dataclasses import dataclass, field
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


@dataclass(slots=True)
class RecordedInputs:
    """An `InputRecorder` that remembers everything it is told."""

    variables: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    opaque_sources: set[str] = field(default_factory=set)

    def variable(self, name: str) -> None:
        """Record a variable by name."""
        self.variables.add(name)

    def prefix(self, prefix: str) -> None:
        """Record all variables that start with ``prefix``."""
        self.prefixes.add(prefix)

    def file(self, path: Path) -> None:
        """Record a file by its path."""
        self.files.add(path)

    def opaque(self, source: str) -> None:
        """Record a source that only it can compare."""
        self.opaque_sources.add(source)
