"""The inputs of a run, each as it was when it was looked at."""

import os
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

from backends.inputs import RecordedInputs
from generator.fast.inputs import FILE, PREFIX, VARIABLE, Listed, UnclearInput, held_by

OURS = "DOCKERCFG_"


class RunInputs(RecordedInputs):
    """Remembers what a run depended on, and tells whether it is still the same.

    A file is remembered with its content at the first look: a secret that is rotated while a run
    goes on must not be taken for the one that the run has used.
    """

    def __init__(self, on_opaque: Callable[[str], None]) -> None:
        """``on_opaque`` is called at once with each source that only it can compare."""
        super().__init__()
        self._on_opaque = on_opaque
        self._seen: dict[Path, bytes] = {}

    def file(self, path: Path) -> None:
        """Record a file and what is in it."""
        super().file(path)
        if path not in self._seen:
            self._seen[path] = _fingerprint(path)

    def opaque(self, source: str) -> None:
        """Record a source that only it can compare."""
        super().opaque(source)
        self._on_opaque(source)

    def changed(self) -> list[Path]:
        """Return the files that hold something else than at the first look."""
        return [path for path, seen in self._seen.items() if _fingerprint(path) != seen]

    def listed(self, config: str | None) -> list[Listed]:
        """Return all inputs but those that a request is told by: our variables, the config."""
        prefixes = {prefix for prefix in self.prefixes if not prefix.startswith(OURS)}
        covered = (OURS, *prefixes)
        variables = {name for name in self.variables if not name.startswith(covered)}
        files = self.files - ({Path(config).absolute()} if config else set())
        kinds = ((VARIABLE, variables), (PREFIX, prefixes), (FILE, files))
        return sorted((kind, os.fsencode(name)) for kind, names in kinds for name in names)


def as_bytes(environment: Mapping[str, str]) -> dict[bytes, bytes]:
    """Return an environment as the system has it."""
    return {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}


def _fingerprint(path: Path) -> bytes:
    try:
        return blake2b(held_by(FILE, os.fsencode(path), {})).digest()
    except UnclearInput:
        return b"unclear"
