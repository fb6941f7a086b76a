"""The version stands in two places, for one of them must cost nothing to read."""

import tomllib
from pathlib import Path

from generator import __version__


def test_the_package_says_the_distributions_version() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]
