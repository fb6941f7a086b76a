"""The image's lock file holds what the project asks for; ``make lock`` renews it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ["requirements/build.txt", "requirements/image.txt"]


def asked_for(requirements: list[str]) -> Iterator[Requirement]:
    """Yield requirements, those of the project's own extras in place of the extra."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            yield requirement
            continue
        for extra in requirement.extras:
            yield from asked_for(PROJECT["optional-dependencies"][extra])


def locked(path: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / path).read_text(), re.MULTILINE)
    return dict(pins)


def test_every_dependency_is_locked_within_its_bounds() -> None:
    pins = locked("requirements/image.txt")
    wanted = [*PROJECT["dependencies"], f"{PROJECT['name']}[all]"]
    for requirement in asked_for(wanted):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in pins, f"{name} is not locked: make lock"
        assert pins[name] in requirement.specifier, f"{name} is out of bounds: make lock"


def test_every_extra_is_in_the_one_that_the_image_has() -> None:
    everything = Requirement(PROJECT["optional-dependencies"]["all"][0]).extras
    assert everything == PROJECT["optional-dependencies"].keys() - {"all"}


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_has_hashes_and_names_no_index(path: str) -> None:
    text = (ROOT / path).read_text()
    entries = re.split(r"\n(?=[a-z])", text.strip())
    assert len(entries) == len(locked(path))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    # what holds for one architecture only has a marker
    assert ";" not in text
