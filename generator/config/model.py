"""A configuration that has been checked whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends.base import BackendFactory
from generator.cache.sealing import CacheKeys
from generator.model import RegistryEntry
from generator.output.document import OutputFormat


@dataclass(frozen=True, slots=True)
class BackendSetup:
    """A secret backend under the name that references use."""

    type_name: str
    factory: BackendFactory
    options: Any


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """What ``cache:`` says; durations in seconds, ``None`` where it says nothing.

    ``static_s`` is for how long a secret without expiry is kept. ``keys`` come from the
    environment.
    """

    dir: Path | None = None
    min_validity_s: float | None = None
    max_age_s: float | None = None
    static_s: float | None = None
    keys: CacheKeys | None = None


def _nowhere(_path: tuple[str, ...]) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run is to do, as far as it stands in the config or its conventions."""

    entries: tuple[RegistryEntry, ...]
    backends: Mapping[str, BackendSetup]
    source: str
    cache: CacheSettings = CacheSettings()
    output_format: OutputFormat | None = None
    mode: int | None = None
    merge: bool = False
    timeout_s: float | None = None
    base_folder: Path = Path()
    remarks: tuple[str, ...] = field(default=())
    origin: Callable[[tuple[str, ...]], str | None] = field(default=_nowhere, compare=False)
    """Where the setting of a path stands: file and line, or the variable; ``None`` if nowhere."""
