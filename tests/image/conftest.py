"""What every test of the image needs: an engine, the image of this tree, a folder to mount."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.container import require_image
from tests.parts.ecr import EcrStandIn

PATIENCE_S = 180
"""Starting containers is slow on a busy machine; only a hang takes longer than this."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("image") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(PATIENCE_S))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip in one place, not in a fixture: what is missing is then told once for all tests."""
    require_image()


@pytest.fixture
def volume() -> Iterator[Path]:
    """A folder for all, whose parents let every uid through: pytest's own do not."""
    folder = Path(tempfile.mkdtemp(prefix="dockercfg-volume-"))
    folder.chmod(0o1777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in
