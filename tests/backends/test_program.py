"""Programs of others: what they get, and that nothing keeps them beyond their time."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import pytest

from backends.program import LARGEST_OUTPUT, Ended, OutputTooLarge, run_program

Script = Callable[[str], list[str]]
IGNORING = "trap '' TERM INT HUP"


@pytest.fixture(name="script")
def written(tmp_path: Path) -> Script:
    def write(text: str) -> list[str]:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        return [str(path), str(tmp_path)]

    return write


async def ran(command: Sequence[str], *, limit_s: float = 20, given: bytes = b"") -> Ended:
    return await run_program(
        command, environment={"PATH": "/usr/bin:/bin"}, limit_s=limit_s, given=given
    )


async def gone(file: Path) -> bool:
    """Tell whether the process whose id a script wrote down has ended, or soon does."""
    pid = int(file.read_text())
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        await anyio.sleep(0.02)
    return False


async def test_it_reads_what_it_is_given_and_then_an_end(script: Script) -> None:
    ended = await ran(script("cat; echo end; echo secret >&2"), given=b"r.example")
    assert ended == Ended(0, b"r.exampleend\n")


async def test_its_words_print_nowhere(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    ended = await ran(script("echo hunter2; echo hunter2 >&2; exit 3"))
    assert (ended.status, ended.how) == (3, "exit status 3")
    assert "hunter2" not in repr(ended)
    assert capfd.readouterr() == ("", "")


async def test_it_sees_nothing_but_what_it_is_handed(script: Script) -> None:
    ended = await ran(script("/usr/bin/env; ls /proc/self/fd | wc -l"))
    *names, descriptors = ended.output.decode().split()
    assert {name.partition("=")[0] for name in names} <= {"PATH", "PWD", "SHLVL", "_", "OLDPWD"}
    assert int(descriptors) <= 4  # stdin, stdout, stderr, and the folder that is listed


async def test_a_signal_is_told(script: Script) -> None:
    assert (await ran(script("kill -9 $$"))).how == "signal 9"


async def test_a_long_answer_is_whole_and_a_longer_one_ends_it(
    script: Script, tmp_path: Path
) -> None:
    ended = await ran(script(f"head -c {LARGEST_OUTPUT} /dev/zero"))
    assert len(ended.output) == LARGEST_OUTPUT
    endless = script('echo $$ > "$1"/pid; exec head -c 10000000 /dev/zero')
    with pytest.raises(OutputTooLarge):
        await ran(endless)
    assert await gone(tmp_path / "pid")


async def test_what_hangs_is_ended_with_its_children_though_they_ignore_signals(
    script: Script, tmp_path: Path
) -> None:
    text = f'{IGNORING}; echo $$ > "$1"/pid; (echo $(exec sh -c "echo \\$PPID") > "$1"/child;'
    hanging = script(text + " while :; do sleep 1; done) & while :; do sleep 1; done")
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await ran(hanging, limit_s=1)
    assert time.monotonic() - started < 3
    assert await gone(tmp_path / "pid")
    assert await gone(tmp_path / "child")


async def test_being_cancelled_ends_it_at_once(script: Script, tmp_path: Path) -> None:
    hanging = script(f'{IGNORING}; echo $$ > "$1"/pid; sleep 600 & sleep 600')
    started = time.monotonic()
    with anyio.move_on_after(1):
        await ran(hanging)
    assert time.monotonic() - started < 3
    assert await gone(tmp_path / "pid")


async def test_a_child_that_keeps_the_output_open_holds_nobody(
    script: Script, tmp_path: Path
) -> None:
    leaving = script('sleep 600 & echo $! > "$1"/child; echo answer')
    started = time.monotonic()
    assert await ran(leaving) == Ended(0, b"answer\n")
    assert time.monotonic() - started < 5
    assert await gone(tmp_path / "child")


async def test_not_even_a_child_that_has_left_the_group(script: Script, tmp_path: Path) -> None:
    leaving = script('setsid sh -c "echo \\$\\$ > $1/child; exec sleep 600" & echo answer')
    started = time.monotonic()
    assert await ran(leaving) == Ended(0, b"answer\n")
    assert time.monotonic() - started < 5
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


async def test_what_closes_its_output_and_goes_on_is_waited_for(script: Script) -> None:
    assert await ran(script("echo answer; exec >&-; sleep 0.2; exit 4")) == Ended(4, b"answer\n")


@pytest.mark.parametrize(
    ("mode", "content", "error"),
    [
        (0o600, "#!/bin/sh\n", PermissionError),
        (0o700, "#!/nonexistent/sh\n", FileNotFoundError),
        (0o700, "\0no program", OSError),
    ],
)
async def test_what_can_not_be_started_says_why(
    tmp_path: Path, mode: int, content: str, error: type[OSError]
) -> None:
    path = tmp_path / "program"
    path.write_text(content)
    path.chmod(mode)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(error):
        await ran([str(path)])
    with pytest.raises(FileNotFoundError):
        await ran(["no-such-program"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("path", ["", ".", ":/usr/bin:/bin", "/usr/bin::/bin", "/bin:", "sub/.."])
async def test_what_lies_where_we_happen_to_be_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for folder in (tmp_path, tmp_path / "sub"):
        folder.mkdir(exist_ok=True)
        (folder / "own").write_text("#!/bin/sh\necho taken\n")
        (folder / "own").chmod(0o700)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        await run_program(["own"], environment={"PATH": path}, limit_s=20)
    # nor is it by a program that was meant
    inner = await run_program(["sh", "-c", "own"], environment={"PATH": path}, limit_s=20)
    assert (inner.status, inner.output) == (127, b"")


async def test_without_a_path_programs_are_where_the_system_has_them() -> None:
    ended = await run_program(["sh", "-c", "echo $PATH"], environment={}, limit_s=20)
    assert ended.output == f"{os.defpath}\n".encode()


async def test_more_input_than_a_pipe_surely_takes_is_refused(script: Script) -> None:
    with pytest.raises(ValueError, match="pipe"):
        await ran(script("cat"), given=b"x" * 513)


async def test_many_at_once_are_told_apart(script: Script) -> None:
    command, answers = script("cat"), {}

    async def ask(name: str) -> None:
        answers[name] = (await ran(command, given=name.encode())).output.decode()

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(ask, f"r{number}.example")
    assert answers == {name: name for name in answers}
    assert len(answers) == 20
