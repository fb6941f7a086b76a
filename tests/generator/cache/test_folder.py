import os
import stat
import subprocess
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from generator.cache.volume import CacheUnavailable, open_volume
from tests.generator.cache.samples import names_in, unprivileged

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def refusal(path: Path) -> str:
    with pytest.raises(CacheUnavailable) as caught:
        open_volume(path)
    assert str(path) in caught.value.reason
    return caught.value.reason


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_missing_folder_is_made_private(folder: Path) -> None:
    with open_volume(folder) as volume:
        assert volume.writable
        assert len(volume.key) == 32
    assert mode_of(folder) == 0o700
    assert mode_of(folder / "key") == 0o600
    assert names_in(folder) == {"key", ".gitignore"}


def test_it_keeps_itself_out_of_a_checkout(folder: Path) -> None:
    folder.parent.joinpath("tracked").touch()
    open_volume(folder).close()
    subprocess.run(["git", "init", "-q", folder.parent], check=True)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=folder.parent, check=True, capture_output=True
    )
    assert status.stdout == b"?? tracked\n"


def test_an_ignore_file_of_somebody_else_stays(folder: Path) -> None:
    folder.mkdir(0o700)
    folder.joinpath(".gitignore").write_text("!me\n")
    open_volume(folder).close()
    assert folder.joinpath(".gitignore").read_text() == "!me\n"


def test_the_key_stays_the_same(folder: Path) -> None:
    with open_volume(folder) as first, open_volume(folder) as second:
        assert first.key == second.key


def test_volumes_have_keys_of_their_own(tmp_path: Path) -> None:
    with open_volume(tmp_path / "a") as a, open_volume(tmp_path / "b") as b:
        assert a.key != b.key


def test_of_many_who_open_it_at_once_all_have_the_first_key(folder: Path) -> None:
    def key_of(_: int) -> bytes:
        with open_volume(folder) as volume:
            return volume.key

    with ThreadPool(16) as pool:
        assert len(set(pool.map(key_of, range(64)))) == 1
    assert names_in(folder) == {"key", ".gitignore"}


def test_a_key_whose_maker_died_before_tidying_up_is_good(folder: Path) -> None:
    open_volume(folder).close()
    os.link(folder / "key", folder / ".tmp-left")
    open_volume(folder).close()


def test_the_parent_folder_is_not_made(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "missing" / "cache")
    assert names_in(tmp_path) == set()


def test_a_file_is_no_folder(folder: Path) -> None:
    folder.write_bytes(b"mine")
    assert "no folder" in refusal(folder)
    assert folder.read_bytes() == b"mine"


def test_a_fifo_is_no_folder_and_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder)
    assert "no folder" in refusal(folder)


def test_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(0o700)
    folder.symlink_to(target)
    assert "symbolic link" in refusal(folder)
    assert names_in(target) == set()


def test_a_dangling_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.symlink_to(tmp_path / "target")
    assert "symbolic link" in refusal(folder)
    assert names_in(tmp_path) == {"cache"}


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    assert f"{mode:04o}" in refusal(folder)
    assert mode_of(folder) == mode
    assert names_in(folder) == set()


def test_an_empty_folder_that_others_may_list_is_closed_to_them(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    open_volume(folder).close()
    assert mode_of(folder) == 0o700


def test_a_cache_that_others_may_list_is_closed_to_them(folder: Path) -> None:
    with open_volume(folder) as volume:
        volume.write("grant-00", b"x")
        os.close(volume.open_lock("grant-00"))
    folder.chmod(0o755)
    open_volume(folder).close()
    assert mode_of(folder) == 0o700


def test_a_folder_with_other_things_in_it_is_not_closed_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    folder.joinpath("index.html").touch()
    assert "other files" in refusal(folder)
    assert mode_of(folder) == 0o755
    assert names_in(folder) == {"index.html"}


def test_a_private_folder_may_hold_other_things(folder: Path) -> None:
    folder.mkdir(0o700)
    folder.joinpath("notes").write_text("mine")
    open_volume(folder).close()
    assert folder.joinpath("notes").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"-----BEGIN PRIVATE KEY-----"])
def test_a_key_to_something_else_is_left_alone(folder: Path, content: bytes) -> None:
    folder.mkdir(0o700)
    key = folder / "key"
    key.touch(0o600)
    key.write_bytes(content)
    assert "file key" in refusal(folder)
    assert key.read_bytes() == content


def test_a_key_that_others_may_read_is_refused(folder: Path) -> None:
    open_volume(folder).close()
    folder.joinpath("key").chmod(0o644)
    assert "0644" in refusal(folder)


def test_a_key_that_is_a_symbolic_link_is_refused(folder: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("secret").write_bytes(b"x" * 32)
    folder.mkdir(0o700)
    folder.joinpath("key").symlink_to(tmp_path / "secret")
    assert "symbolic link" in refusal(folder)


@needs_root
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    folder.mkdir(0o700)
    os.chown(folder, 12345, 12345)
    assert "uid 12345" in refusal(folder)
    assert names_in(folder) == set()


def test_a_folder_that_may_not_be_made_is_unavailable(unprivileged_parent: Path) -> None:
    with unprivileged():
        unprivileged_parent.chmod(0o500)
        assert "permission denied" in refusal(unprivileged_parent / "cache")
        unprivileged_parent.chmod(0o700)


def test_a_folder_that_may_not_be_entered_is_unavailable(unprivileged_parent: Path) -> None:
    with unprivileged():
        folder = unprivileged_parent / "cache"
        folder.mkdir(0o000)
        assert "permission denied" in refusal(folder)


def test_a_folder_that_can_only_be_read_and_holds_no_cache_is_of_no_use(
    unprivileged_parent: Path,
) -> None:
    with unprivileged():
        folder = unprivileged_parent / "cache"
        folder.mkdir(0o500)
        assert "holds no cache" in refusal(folder)


def test_a_name_that_is_too_long_is_unavailable(tmp_path: Path) -> None:
    assert "too long" in refusal(tmp_path / ("x" * 300))


def test_descriptors_are_given_back(folder: Path) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    open_volume(folder).close()
    folder.joinpath("key").write_bytes(b"")
    refusal(folder)
    assert descriptors() == before


def test_opening_needs_nothing_heavy() -> None:
    script = (
        "import sys, generator.cache.store;"
        "print({'filelock', 'pydantic_settings', 'httpx2', 'aioboto3', 'hvac'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"
