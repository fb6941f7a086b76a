import os
import resource
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generator.cache.volume import CacheUnavailable, CacheVolume, open_volume
from tests.generator.cache.samples import NAME, OTHER_NAME, names_in, unprivileged

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
LIMIT = 1000


def make_file(path: Path, content: bytes = b"planted") -> None:
    path.touch(0o600)
    path.write_bytes(content)


def plant_symlink(path: Path) -> None:
    make_file(path.with_name("target"))
    path.symlink_to("target")


def plant_hard_link(path: Path) -> None:
    make_file(path.with_name("target"))
    os.link(path.with_name("target"), path)


def plant_readable(path: Path, mode: int) -> None:
    make_file(path)
    path.chmod(mode)


def plant_large(path: Path) -> None:
    make_file(path)
    os.truncate(path, 100 * 1024 * 1024)


def plant_socket(path: Path) -> None:
    # the path of a socket may be no longer than 107 bytes, so it is named from its folder
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(here)


PLANTED: dict[str, Callable[[Path], object]] = {
    "symbolic link": plant_symlink,
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "hard link": plant_hard_link,
    "fifo": os.mkfifo,
    "folder": Path.mkdir,
    "socket": plant_socket,
    "readable by the group": lambda path: plant_readable(path, 0o640),
    "readable by others": lambda path: plant_readable(path, 0o604),
    "100 MB": plant_large,
}
OURS = {"hard link", "readable by the group", "readable by others", "100 MB"}


def test_what_was_written_is_read(volume: CacheVolume) -> None:
    volume.write(NAME, b"content")
    assert volume.read(NAME, limit=LIMIT) == b"content"
    volume.write(NAME, b"")
    assert volume.read(NAME, limit=LIMIT) == b""
    assert volume.take_remarks() == []


def test_what_is_not_there_is_no_remark(volume: CacheVolume) -> None:
    assert volume.read(NAME, limit=LIMIT) is None
    assert volume.take_remarks() == []


def test_files_are_private_whatever_the_umask(volume: CacheVolume) -> None:
    old = os.umask(0)
    try:
        volume.write(NAME, b"content")
        os.close(volume.open_lock(NAME))
    finally:
        os.umask(old)
    for name in (NAME, NAME + ".lock"):
        assert stat.S_IMODE(volume.path.joinpath(name).stat().st_mode) == 0o600


def test_nothing_temporary_stays(volume: CacheVolume) -> None:
    volume.write(NAME, b"content")
    assert names_in(volume.path) == {"key", ".gitignore", NAME}


def test_the_limit_is_the_largest_size(volume: CacheVolume) -> None:
    volume.write(NAME, b"x" * LIMIT)
    assert volume.read(NAME, limit=LIMIT) == b"x" * LIMIT
    assert volume.read(NAME, limit=LIMIT - 1) is None
    assert "too large" in volume.take_remarks()[0].message


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_thing_is_a_miss_with_a_remark(volume: CacheVolume, kind: str) -> None:
    PLANTED[kind](volume.path / NAME)
    assert volume.read(NAME, limit=LIMIT) is None
    assert volume.read(NAME, limit=LIMIT) is None
    (remark,) = volume.take_remarks()
    assert remark.reference == "cache-file-unusable"
    assert NAME in remark.message
    assert str(volume.path) in remark.message
    assert volume.take_remarks() == []


@pytest.mark.parametrize("kind", sorted(set(PLANTED) - OURS))
def test_what_is_foreign_is_left_alone(volume: CacheVolume, kind: str) -> None:
    path = volume.path / NAME
    PLANTED[kind](path)
    before, names = path.lstat(), names_in(volume.path)
    volume.write(NAME, b"content")
    assert path.lstat().st_ino == before.st_ino
    assert path.lstat().st_mode == before.st_mode
    assert names_in(volume.path) == names
    assert volume.read(NAME, limit=LIMIT) is None
    assert len(volume.take_remarks()) == 1


@pytest.mark.parametrize("kind", sorted(OURS))
def test_a_file_of_ours_is_replaced_not_written_through(volume: CacheVolume, kind: str) -> None:
    PLANTED[kind](volume.path / NAME)
    volume.write(NAME, b"content")
    assert volume.read(NAME, limit=LIMIT) == b"content"
    target = volume.path / "target"
    assert not target.exists() or target.read_bytes() == b"planted"


@needs_root
def test_a_file_of_somebody_else_is_a_miss_and_left_alone(volume: CacheVolume) -> None:
    make_file(volume.path / NAME)
    os.chown(volume.path / NAME, 12345, 12345)
    assert volume.read(NAME, limit=LIMIT) is None
    volume.write(NAME, b"content")
    assert volume.path.joinpath(NAME).read_bytes() == b"planted"
    (remark,) = volume.take_remarks()
    assert "uid 12345" in remark.message


@pytest.mark.parametrize("kind", ["symbolic link", "dangling link", "fifo", "folder"])
def test_a_planted_lock_is_not_locked(volume: CacheVolume, kind: str) -> None:
    PLANTED[kind](volume.path / f"{NAME}.lock")
    with pytest.raises(CacheUnavailable, match=NAME):
        volume.open_lock(NAME)
    assert not volume.path.joinpath("nowhere").exists()


def test_other_peoples_files_are_never_touched(volume: CacheVolume) -> None:
    foreign = volume.path / "important"
    make_file(foreign)
    before = foreign.stat()
    volume.write(NAME, b"content")
    open_volume(volume.path).close()
    assert foreign.stat() == before


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """Let every file that is written end at ``size``, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_ends_half_way_leaves_the_old_file(volume: CacheVolume) -> None:
    volume.write(NAME, b"old")
    with full_after(10), pytest.raises(CacheUnavailable, match="file too large"):
        volume.write(NAME, b"x" * 100)
    assert volume.read(NAME, limit=LIMIT) == b"old"
    assert names_in(volume.path) == {"key", ".gitignore", NAME}
    assert volume.writable


@pytest.fixture
def unwritable(unprivileged_parent: Path) -> Iterator[Path]:
    """A folder with a file in it that may only be read, as the user that we then are."""
    folder = unprivileged_parent / "cache"
    with unprivileged():
        with open_volume(folder) as volume:
            volume.write(NAME, b"content")
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)


def test_a_folder_that_can_only_be_read_is_read(unwritable: Path) -> None:
    with open_volume(unwritable) as volume:
        assert not volume.writable
        assert volume.read(NAME, limit=LIMIT) == b"content"
        with pytest.raises(CacheUnavailable, match="can only be read"):
            volume.write(OTHER_NAME, b"content")
        with pytest.raises(CacheUnavailable, match="can only be read"):
            volume.open_lock(NAME)


def test_a_folder_that_stops_being_writable_is_found_out(unprivileged_parent: Path) -> None:
    folder = unprivileged_parent / "cache"
    with unprivileged(), open_volume(folder) as volume:
        folder.chmod(0o500)
        believed = [volume.writable]
        with pytest.raises(CacheUnavailable, match="permission denied"):
            volume.write(NAME, b"content")
        believed.append(volume.writable)
        folder.chmod(0o700)
    assert believed == [True, False]


def test_a_folder_that_was_moved_away_is_still_the_same(volume: CacheVolume) -> None:
    moved = volume.path.with_name("moved")
    volume.path.rename(moved)
    volume.path.symlink_to("/")
    volume.write(NAME, b"content")
    assert moved.joinpath(NAME).read_bytes() == b"content"


def test_a_folder_that_was_removed_is_unavailable(volume: CacheVolume) -> None:
    for path in volume.path.iterdir():
        path.unlink()
    volume.path.rmdir()
    assert volume.read(NAME, limit=LIMIT) is None
    with pytest.raises(CacheUnavailable, match="no such file"):
        volume.write(NAME, b"content")
