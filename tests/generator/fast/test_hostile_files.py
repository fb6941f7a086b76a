"""Whatever lies in the cache folder: at worst a run goes the ordinary way, with a right result."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generator.cache.samples import NOBODY
from tests.generator.fast.samples import Place


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(2000))


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def one_bit_off(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def later_end(path: Path) -> None:
    path.write_bytes(
        path.read_bytes().replace(b"dockercfg-finished 1 1", b"dockercfg-finished 1 9")
    )


def readable_by_all(path: Path) -> None:
    path.chmod(0o644)


def hard_linked(path: Path) -> None:
    (path.parent / ".tmp-second").hardlink_to(path)


def symbolic_link(path: Path) -> None:
    moved = path.rename(path.parent.parent / path.name)
    path.symlink_to(moved)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


def huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(9 * 1024 * 1024)


def absent(path: Path) -> None:
    path.unlink()


DAMAGES = [truncated, emptied, garbage, longer, one_bit_off, readable_by_all, hard_linked]
DAMAGES += [symbolic_link, fifo, folder, huge, absent]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", ["documents", "indexes"])
def test_a_damaged_file_is_not_used(
    place: Place, which: str, damage: Callable[[Path], None]
) -> None:
    expected = place.target.read_bytes()
    place.target.write_text("old")
    (path,) = getattr(place, which)
    damage(path)
    assert not place.fast()
    assert place.target.read_text() == "old"
    assert place.ordinary() == 0
    assert place.target.read_bytes() == expected


def test_an_end_that_was_put_off_is_not_believed(place: Place) -> None:
    (document,) = place.documents
    later_end(document)
    assert not place.fast()


@pytest.mark.parametrize("damage", [truncated, garbage, readable_by_all, symbolic_link, absent])
def test_a_damaged_key_is_not_used(place: Place, damage: Callable[[Path], None]) -> None:
    damage(place.cache / "key")
    assert not place.fast()
    assert place.ordinary() == 0


def test_documents_can_not_be_swapped(place: Place) -> None:
    first = place.target.read_bytes()
    place.environment["DOCKER_PASSWORD"] = "another"
    assert place.ordinary() == 0
    one, other = place.documents
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert not place.fast()
    assert place.ordinary() == 0
    assert place.target.read_bytes() != first


def test_a_document_of_another_volume_is_not_used(place: Place, tmp_path: Path) -> None:
    elsewhere = Place(tmp_path / "elsewhere", dict(place.environment))
    elsewhere.folder.mkdir()
    elsewhere.environment["DOCKERCFG_CACHE_DIR"] = str(elsewhere.cache)
    assert elsewhere.ordinary() == 0
    for theirs, ours in (
        (elsewhere.documents, place.documents),
        (elsewhere.indexes, place.indexes),
    ):
        shutil.copyfile(theirs[0], ours[0])
    assert not place.fast()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
@pytest.mark.parametrize("which", ["documents", "indexes"])
def test_a_file_of_somebody_else_is_not_used(place: Place, which: str) -> None:
    (path,) = getattr(place, which)
    os.chown(path, NOBODY, NOBODY)
    assert not place.fast()
    assert place.ordinary() == 0


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702, 0o755])
def test_a_folder_that_others_may_use_is_not_used(place: Place, mode: int) -> None:
    place.cache.chmod(mode)
    assert not place.fast()


def test_a_folder_behind_a_symbolic_link_is_not_used(place: Place, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(place.cache)
    for path in (link, f"{link}/", f"{link}/."):
        assert not place.fast(place.environment | {"DOCKERCFG_CACHE_DIR": str(path)}), path


def test_what_lies_where_the_lock_is_to_be_holds_nobody(place: Place) -> None:
    place.documents[0].unlink()
    for number in range(256):
        (place.cache / f"finished-{number:02x}.lock").unlink(missing_ok=True)
        (place.cache / f"finished-{number:02x}.lock").mkdir()
    assert not place.fast()
    assert place.ordinary() == 0
    assert place.fast()
