"""Runs the command line while everything that is read is noticed: ``python FILE PATH``.

Prints as JSON what was read of the environment and opened, and what was recorded.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

READ: set[str] = set()
LISTED_BY: set[str] = set()
OPENED: set[str] = set()


class WatchedEnvironment(os._Environ[str]):
    """The environment, noticing which names are asked for, and who asks for all of them."""

    def __getitem__(self, name: str) -> str:
        _note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        _note(name if isinstance(name, bytes) else str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        LISTED_BY.add(_caller())
        return super().__iter__()

    def items(self) -> Any:
        LISTED_BY.add(_caller())
        return [
            (name, super(WatchedEnvironment, self).__getitem__(name)) for name in super().__iter__()
        ]


def _note(name: str | bytes) -> None:
    # The interpreter asks where its own parts are.
    if _caller() not in ("site", "sysconfig"):
        READ.add(os.fsdecode(name))


def _caller() -> str:
    frame = sys._getframe(2)
    while frame.f_globals["__name__"] in ("os", "posixpath", "collections.abc", __name__):
        assert frame.f_back is not None
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        OPENED.add(os.fsdecode(arguments[0]))


def main() -> None:
    real: Any = os.environ
    coders = (real.encodekey, real.decodekey, real.encodevalue, real.decodevalue)
    watched = WatchedEnvironment(real._data, *coders)
    os.environ = watched  # noqa: B003 - it is the same environment, looked at
    sys.addaudithook(_notice)

    from generator import app
    from generator.finished.leaving import NextRun

    made: list[NextRun] = []

    def noting(*arguments: Any) -> NextRun:
        made.append(NextRun(*arguments))
        return made[-1]

    vars(app)["NextRun"] = noting
    codes: list[int] = []
    app.main(sys.argv[1:], os.environ, leave=codes.append, started_at=time.monotonic())
    inputs = made[0].inputs
    recorded = {
        "variables": sorted(inputs.variables),
        "prefixes": sorted(inputs.prefixes),
        "files": sorted(str(Path(path).absolute()) for path in inputs.files),
        "opaque": sorted(inputs.opaque_sources),
        "ruled_out": made[0].ruled_out,
    }
    seen = {"read": sorted(READ), "listed_by": sorted(LISTED_BY), "opened": sorted(OPENED)}
    print(json.dumps({"code": codes[0], **recorded, **seen}))


if __name__ == "__main__":
    main()
