import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import anyio
import pytest

from backends.base import Secret
from generator.errors import OutputError
from generator.output.document import Login
from generator.output.files import write, write_merged
from generator.output.replace import replace
from generator.output.targets import check_target

ROOT = os.geteuid() == 0
LOGINS = [Login("r.example", "ci", Secret("p"))]


async def write_to(path: Path | str, content: bytes = b"content", mode: int | None = None) -> None:
    await write(check_target(str(path), merge=False), content, mode=mode)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    await write_to(tmp_path / "d")
    assert ((tmp_path / "d").read_bytes(), mode_of(tmp_path / "d")) == (b"content", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


async def test_a_new_file_gets_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    await write_to(tmp_path / "d", mode=0o644)
    assert mode_of(tmp_path / "d") == 0o644


async def test_an_existing_file_keeps_its_mode_and_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_bytes(b"old")
    path.chmod(0o640)
    reader = path.open("rb")
    await write_to(path, mode=0o600)
    assert (path.read_bytes(), mode_of(path)) == (b"content", 0o640)
    with reader:
        assert reader.read() == b"old"


@pytest.mark.parametrize("name", ["n" * 255, "日" * 85], ids=["narrow", "wide"])
def test_a_name_may_be_as_long_as_the_file_system_takes(name: str, tmp_path: Path) -> None:
    replace(str(tmp_path), name, b"content", None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
async def test_an_existing_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.touch()
    os.chown(path, 12345, 54321)
    await write_to(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


async def test_our_own_symbolic_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    await write_to(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"content"


@pytest.mark.skipif(not ROOT, reason="only root can make another user's link")
def test_another_users_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    os.chown(tmp_path / "link", 12345, 12345, follow_symlinks=False)
    with pytest.raises(OutputError, match="another user"):
        check_target(str(tmp_path / "link"), merge=False)


def test_a_symbolic_link_into_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("no/where")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("a", "loop"):
        with pytest.raises(OutputError):
            check_target(str(tmp_path / name), merge=False)


@pytest.mark.parametrize("path", ["", "no/such/folder/d"])
def test_a_folder_or_a_missing_folder_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check_target(str(tmp_path / path), merge=False)
    assert caught.value.hint


def test_merging_into_a_stream_is_refused() -> None:
    for path in ("-", "/dev/null"):
        with pytest.raises(OutputError, match="merge"):
            check_target(path, merge=True)


async def test_a_device_is_written_not_replaced() -> None:
    await write_to("/dev/null")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


async def test_a_fifo_is_written_as_its_slow_reader_takes_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = b"x" * 200_000
    received = bytearray()

    async def read_slowly() -> None:
        await anyio.sleep(0.1)
        process = await anyio.run_process(["cat", str(fifo)])
        received.extend(process.stdout)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read_slowly)
            await write_to(fifo, content)
    assert bytes(received) == content
    assert stat.S_ISFIFO(fifo.lstat().st_mode)


async def test_a_fifo_without_reader_does_not_hold_a_cancelled_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with anyio.move_on_after(0.2) as scope:
        await write_to(tmp_path / "fifo")
    assert scope.cancelled_caught


async def test_a_reader_that_goes_away_is_an_error_not_a_signal(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    async def leave() -> None:
        await anyio.sleep(0.1)
        os.close(reader)

    async with anyio.create_task_group() as group:
        group.start_soon(leave)
        with pytest.raises(OutputError, match="no reader"):
            await write_to(fifo, b"x" * 1_000_000)


def test_dev_stdout_is_the_stream_that_the_shell_opened(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import anyio
        from generator.output.files import write
        from generator.output.targets import check_target
        anyio.run(lambda: write(check_target("/dev/stdout", merge=False), b"content", mode=None))
    """)
    (tmp_path / "out").write_text("before ")
    command = f"{sys.executable} -c '{script}' >>out"
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_text() == "before content"


async def test_merging_keeps_the_other_logins(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_text('{"auths": {"other": {"auth": "x"}}, "keep": 1}')
    await write_merged(check_target(str(path), merge=True), LOGINS, "docker", mode=None)
    assert '"other"' in path.read_text()
    assert '"keep"' in path.read_text()
    assert '"r.example"' in path.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["d"]


async def test_merging_at_once_loses_no_login(tmp_path: Path) -> None:
    target = check_target(str(tmp_path / "d"), merge=True)
    async with anyio.create_task_group() as group:
        for number in range(10):
            login = Login(f"r{number}.example", "ci", Secret("p"))

            async def merge(login: Login = login) -> None:
                await write_merged(target, [login], "docker", mode=None)

            group.start_soon(merge)
    text = (tmp_path / "d").read_text()
    assert all(f"r{number}.example" in text for number in range(10))


async def test_a_refused_merge_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_text('{"credsStore": "desktop"}')
    with pytest.raises(OutputError, match="credsStore"):
        await write_merged(check_target(str(path), merge=True), LOGINS, "docker", mode=None)
    assert path.read_text() == '{"credsStore": "desktop"}'


_IN_A_MOUNT_NAMESPACE = """
set -eu
cd {folder}
{arrange}
{python} - <<'END'
import anyio, sys
from pathlib import Path
from generator.errors import OutputError
from generator.output.files import write
from generator.output.targets import check_target
try:
    anyio.run(lambda: write(check_target("m/d", merge=False), b"x" * {size}, mode=None))
    print("written")
except OutputError as error:
    print("refused", error.message)
print(len(Path("m/d").read_bytes()), sorted(p.name for p in Path("m").iterdir()))
END
"""


def in_namespace(folder: Path, arrange: str, size: int = 10) -> str:
    """Run a write below mounts that end with the process."""
    script = _IN_A_MOUNT_NAMESPACE.format(
        folder=folder, arrange=arrange, python=sys.executable, size=size
    )
    answer = subprocess.run(
        ["unshare", "--mount", "bash", "-c", script], capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in answer.stderr:
        pytest.skip("this machine allows no mounts")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_a_single_file_that_is_bind_mounted_is_written_in_place(tmp_path: Path) -> None:
    arrange = "mkdir m; echo old >m/d; echo real-old >real; mount --bind real m/d"
    assert in_namespace(tmp_path, arrange) == "written\n10 ['d']\n"
    assert (tmp_path / "real").read_bytes() == b"x" * 10


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_a_read_only_file_system_is_refused_with_the_file_as_it_was(tmp_path: Path) -> None:
    arrange = "mkdir m; echo old >m/d; mount --bind m m; mount -o remount,bind,ro m"
    said = in_namespace(tmp_path, arrange)
    assert said.startswith("refused")
    assert "read-only" in said
    assert said.endswith("4 ['d']\n")


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_a_full_file_system_is_refused_with_the_file_as_it_was(tmp_path: Path) -> None:
    arrange = "mkdir m; mount -t tmpfs -o size=64k none m; echo old >m/d"
    said = in_namespace(tmp_path, arrange, size=200_000)
    assert said.startswith("refused")
    assert "full" in said
    assert said.endswith("4 ['d']\n")


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_in_place_on_a_full_file_system_the_old_content_stays(tmp_path: Path) -> None:
    arrange = (
        "mkdir m t; mount -t tmpfs -o size=64k none t; echo old >t/real; touch m/d; "
        "mount --bind t/real m/d"
    )
    said = in_namespace(tmp_path, arrange, size=200_000)
    assert said.startswith("refused")
    assert said.endswith("4 ['d']\n")
