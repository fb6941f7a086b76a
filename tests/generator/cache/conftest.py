import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.cache.volume import CacheVolume, open_volume
from tests.generator.cache.samples import NOBODY


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def volume(folder: Path) -> Iterator[CacheVolume]:
    with open_volume(folder) as opened:
        yield opened


@pytest.fixture
def unprivileged_parent() -> Iterator[Path]:
    """A folder that belongs to whom `samples.unprivileged` makes us."""
    path = Path(tempfile.mkdtemp(prefix="cache-test-"))
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(path)
