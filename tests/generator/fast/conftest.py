from pathlib import Path

import pytest

from tests.generator.fast.samples import CANARY, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where one ordinary run has left its document."""
    made = Place(tmp_path, {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": CANARY})
    assert made.ordinary() == 0
    assert len(made.documents) == 1
    return made
