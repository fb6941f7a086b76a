"""From the name of a backend type to its factory."""

import sys
from pathlib import Path

import pytest

from backends.loader import BUILT_IN, backend_type_names, load_backend_type
from backends.testing import make_context


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with the backend types ``shelf`` and, cheekily, ``env``."""
    (tmp_path / "shelf.py").write_text("class Factory:\n    made_by = 'shelf'\n")
    metadata = tmp_path / "shelf-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[dockercfg_generator.backends]\nshelf = shelf:Factory\nenv = shelf:Factory\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shelf", raising=False)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_type_can_be_made(name: str) -> None:
    factory = load_backend_type(name)
    assert factory is not None
    assert factory(factory.options(), make_context({})) is not None


def test_a_type_that_nobody_has_is_none() -> None:
    assert load_backend_type("nobody") is None


def test_an_installed_package_adds_a_type(installed: None) -> None:
    factory = load_backend_type("shelf")
    assert getattr(factory, "made_by", None) == "shelf"
    assert "shelf" in backend_type_names()


def test_a_built_in_type_can_not_be_overridden(installed: None) -> None:
    assert not hasattr(load_backend_type("env"), "made_by")
