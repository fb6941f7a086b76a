"""What can not be written is told beforehand, and whose file it is."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import OutputError
from generator.output.targets import check_target

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
THEIRS, OURS = 12345, 23456
_CHECK = """
import anyio, sys
from generator.errors import OutputError
from generator.output.files import write
from generator.output.targets import check_target
try:
    target = check_target("FILE", merge=False)
except OutputError as error:
    sys.exit(f"{error.message}; {error.hint}")
anyio.run(lambda: write(target, b"content", mode=None))
print("written")
"""
NO_RIGHTS = ("--bounding-set=-all", "--inh-caps=-all")
# a user of its own has no rights from the start
US = (f"--reuid={OURS}", f"--regid={OURS}", "--clear-groups")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user gets to, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def their_file(folder: Path, mode: int) -> Path:
    file = folder / "dockercfg"
    file.write_bytes(b"theirs")
    file.chmod(mode)
    os.chown(file, THEIRS, THEIRS)
    return file


def _python(code: str, *identity: str) -> "subprocess.CompletedProcess[str]":
    # coverage would write its data into a folder that is not this user's
    measured = [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]
    return subprocess.run(
        ["setpriv", *identity, sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        env={name: value for name, value in os.environ.items() if name not in measured},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def others_can_run_python() -> None:
    """The checkout may lie where no other user gets to."""
    if _python("import generator, anyio", *US).returncode:
        pytest.skip("no other user can run this virtual environment")


def run_as(file: Path, *identity: str) -> str:
    """Check and write as another; return what was said (and nothing was written before that)."""
    ran = _python(_CHECK.replace("FILE", str(file)), *identity)
    if not ran.stdout:
        assert file.read_bytes() == b"theirs"
    return (ran.stdout + ran.stderr).strip()


def test_another_users_file_in_our_own_folder_is_told_with_its_owner(folder: Path) -> None:
    os.chown(folder, OURS, OURS)
    assert run_as(their_file(folder, 0o644), *US) == (
        f"{folder}/dockercfg belongs to uid {THEIRS} and may not be written by uid {OURS} (EACCES)"
        f"; run as that user (docker run --user {THEIRS}), or remove the file"
    )


def test_another_users_file_in_a_sticky_folder_is_told(folder: Path) -> None:
    folder.chmod(0o1777)
    assert f"belongs to uid {THEIRS}" in run_as(their_file(folder, 0o644), *US)


def test_another_users_file_that_lets_us_write_is_written_in_place(folder: Path) -> None:
    folder.chmod(0o1777)
    file = their_file(folder, 0o666)
    assert run_as(file, *US) == "written"
    assert (file.read_bytes(), file.stat().st_uid) == (b"content", THEIRS)


def test_root_without_its_rights_is_told_that_it_needs_them(folder: Path) -> None:
    said = run_as(their_file(folder, 0o600), *NO_RIGHTS)
    assert f"belongs to uid {THEIRS} and may not be written by uid 0" in said
    assert "no --cap-drop" in said


def test_the_right_to_give_files_away_is_enough(folder: Path) -> None:
    file = their_file(folder, 0o600)
    kept = ("--bounding-set=-all,+chown,+fowner", "--inh-caps=-all")
    assert run_as(file, *kept) == "written"
    after = file.stat()
    assert (after.st_uid, stat.S_IMODE(after.st_mode)) == (THEIRS, 0o600)


def test_our_own_file_may_be_read_only_if_the_folder_is_ours(folder: Path) -> None:
    os.chown(folder, OURS, OURS)
    file = their_file(folder, 0o400)
    os.chown(file, OURS, OURS)
    assert run_as(file, *US) == "written"


def test_our_own_read_only_file_in_a_folder_of_others_is_told(folder: Path) -> None:
    file = their_file(folder, 0o400)
    os.chown(file, OURS, OURS)
    assert f"may not be written by uid {OURS} (EACCES); run as the owner" in run_as(file, *US)


def test_looking_changes_nothing(folder: Path) -> None:
    file = their_file(folder, 0o600)
    before = file.stat()
    check_target(str(file), merge=False)
    after = file.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_size) == (
        before.st_mtime_ns,
        before.st_ctime_ns,
        before.st_size,
    )


def test_without_proc_a_right_that_is_not_known_is_not_counted_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = their_file(folder, 0o600)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "refused")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(OutputError, match="belongs to uid"):
        check_target(str(file), merge=False)
