"""One thing to time: a whole process, or several at once, from start to reaped."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Linux counts what a process was before it executed a program: so a small one starts it.
_LAUNCHER = (
    "import os, sys\n"
    "pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)\n"
    "print(os.wait4(pid, 0)[2].ru_maxrss)"
)


@dataclass(slots=True)
class Case:
    """A command to time.

    ``before`` is called ahead of each run, outside of its time; ``fresh`` is removed then.
    ``at_once`` is how many start together, each with its own number in place of ``{}`` in its
    arguments. ``calls`` counts requests, and ``expected_calls`` says how many a run must make.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    fresh: Path | None = None
    at_once: int = 1
    calls: Callable[[], int] = lambda: 0
    expected_calls: int | None = None
    times: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def run(self) -> None:
        """Run once and keep the time; a failure ends the benchmark."""
        self._prepare()
        calls = self.calls()
        started = time.perf_counter()
        running = [self._start(number) for number in range(self.at_once)]
        said = [process.communicate()[1] for process in running]
        self.times.append(time.perf_counter() - started)
        for process, complaint in zip(running, said, strict=True):
            if process.returncode:
                sys.exit(f"{self.name} failed: {complaint.decode()[-500:]}")
        made = self.calls() - calls
        if self.expected_calls is not None and made != self.expected_calls:
            sys.exit(f"{self.name}: {made} calls instead of {self.expected_calls}")

    def measure_memory(self) -> None:
        """Run once more and keep the largest memory of one process, be it a child's."""
        self._prepare()
        program = shutil.which(self.command[0]) or self.command[0]
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, program, *self._arguments(0)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        self.peak_mb = int(done.stdout.split()[-1]) / 1024

    def _prepare(self) -> None:
        self.before()
        if self.fresh is not None:
            shutil.rmtree(self.fresh, ignore_errors=True)

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [self.command[0], *self._arguments(number)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def _arguments(self, number: int) -> list[str]:
        return [argument.replace("{}", str(number)) for argument in self.command[1:]]

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"]} | dict(self.environment)
