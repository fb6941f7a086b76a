"""A plain run in this process, by the fast way or the ordinary one."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from generator.app import main
from generator.fast.run import attempt

CANARY = "hunter2-CANARY"


@dataclass(slots=True)
class Place:
    """A folder with a target and a cache; runs the command line there, way by way."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults = {"DOCKERCFG_CACHE_DIR": str(self.cache), "HOME": str(self.folder)}
        self.environment = defaults | self.environment

    @property
    def target(self) -> Path:
        return self.folder / "dockercfg"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def documents(self) -> list[Path]:
        return [p for p in self.cache.glob("finished-*") if "." not in p.name]

    @property
    def indexes(self) -> list[Path]:
        return list(self.cache.glob("finished-*.index"))

    def ordinary(self, **changes: str) -> int:
        """Run the ordinary way, which may leave a document; return the exit code."""
        codes: list[int] = []
        environment = self.environment | changes
        # the AWS SDK asks the process for its environment
        with patch.dict(os.environ, environment, clear=True):
            main([str(self.target)], environment, leave=codes.append, started_at=time.monotonic())
        return codes[0]

    def fast(
        self,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        arguments: list[str] | None = None,
    ) -> bool:
        """Try the fast way and nothing else; return whether it was taken."""
        codes: list[int] = []
        given = self.environment if environment is None else environment
        lock = attempt(
            [str(self.target)] if arguments is None else arguments,
            {os.fsencode(name): os.fsencode(value) for name, value in given.items()},
            codes.append,
            clock=clock,
        )
        if lock is not None:
            lock.release()
        return codes == [0]
