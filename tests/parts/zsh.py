"""A zsh at a terminal of its own, for what only happens where keys are pressed."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 15.0
_PROMPT = "ready> "
# the line as it stands, for what is drawn are differences
_RC = f"""
PS1='{_PROMPT}'; LISTMAX=0; unsetopt prompt_cr prompt_sp beep
_tell() {{ print -r -- "<$BUFFER>" > $ZDOTDIR/line; zle kill-buffer }}
zle -N _tell; bindkey '^T' _tell
"""
_ESCAPES = re.compile(r"\x1b(?:\[[\d;?]*[A-Za-z]|[=>])|\r|\x07")


class Zsh:
    """What a person types at and reads from."""

    def __init__(self, terminal: int, home: Path) -> None:
        self._terminal, self._line = terminal, home / "line"

    def offered(self, line: str) -> str:
        """Return all that is shown after ``line`` and two presses of TAB, the line at the end."""
        self._line.unlink(missing_ok=True)
        os.write(self._terminal, f"{line}\t\t\x14".encode())
        shown, deadline = "", time.monotonic() + PATIENCE_S
        while not (self._line.exists() and self._line.read_text().endswith(">\n")):
            assert time.monotonic() < deadline, shown
            shown += self._read()
        return shown + self._read() + self._line.read_text()

    def wait_for(self, text: str) -> None:
        """Read until ``text`` is shown."""
        shown, deadline = "", time.monotonic() + PATIENCE_S
        while text not in shown:
            assert time.monotonic() < deadline, shown
            shown += self._read()

    def _read(self) -> str:
        if not select.select([self._terminal], [], [], 0.05)[0]:
            return ""
        return _ESCAPES.sub("", os.read(self._terminal, 65536).decode(errors="replace"))


@contextmanager
def zsh(home: Path, environment: Mapping[str, str], rc: str) -> Iterator[Zsh]:
    """Start zsh with ``rc`` after what stands in the ``.zshrc`` of ``home``."""
    with (home / ".zshrc").open("a") as file:
        file.write(rc + _RC)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-d", "-i"],
        env={
            "HOME": str(home),
            "ZDOTDIR": str(home),
            "TERM": "xterm",
            "COLUMNS": "200",
            "LINES": "50",
            **environment,
        },
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shell = Zsh(ours, home)
        shell.wait_for(_PROMPT)
        yield shell
    finally:
        process.kill()
        process.wait()
        os.close(ours)
