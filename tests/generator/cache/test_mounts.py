import os
from pathlib import Path

import pytest

from generator.cache import mounts
from generator.cache.locks import lock_if_free
from generator.cache.volume import CacheVolume
from tests.generator.cache.samples import NAME

OTHERS = "22 1 0:20 / /proc rw,nosuid - proc proc rw\ngarbage\n\n1 2 - x\n"


def told(folder: Path, kind: str, options: str, tmp_path: Path) -> str | None:
    number = folder.stat().st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    table = tmp_path / "mountinfo"
    table.write_text(
        f"{OTHERS}36 35 {device} / /mnt rw,noatime shared:1 - {kind} host:/export rw,{options}\n"
    )
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return mounts.locks_stay_here(descriptor, table)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nfs", "vers=3,nolock"),
        ("nfs4", "vers=4.2,local_lock=all"),
        ("nfs4", "local_lock=flock"),
        ("cifs", "vers=3.1.1,nobrl"),
        ("fuse.sshfs", "user_id=0"),
        ("fuse.s3fs", ""),
    ],
)
def test_a_shared_file_system_whose_locks_stay_here_is_named(
    tmp_path: Path, kind: str, options: str
) -> None:
    assert told(tmp_path, kind, options, tmp_path) == kind


@pytest.mark.parametrize(
    ("kind", "options"),
    [("nfs4", "local_lock=none"), ("nfs", "vers=3"), ("cifs", ""), ("ext4", "nolock"), ("9p", "")],
)
def test_of_others_nothing_is_said(tmp_path: Path, kind: str, options: str) -> None:
    assert told(tmp_path, kind, options, tmp_path) is None


def test_a_table_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    assert mounts.locks_stay_here(descriptor, tmp_path / "missing") is None
    os.close(descriptor)


def test_it_is_remarked_once(volume: CacheVolume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.cache.volume.locks_stay_here", lambda _folder: "nfs")
    for _ in range(2):
        with lock_if_free(volume, NAME) as held:
            assert held
    (remark,) = volume.take_remarks()
    assert remark.reference == "cache-locks-local"
    assert "nfs" in remark.message
