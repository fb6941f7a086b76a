"""What CONTRIBUTING.md tells newcomers is true of the tree."""

import re
import tomllib
from pathlib import Path

from generator.registries.loader import BUILT_IN

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_it_links_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)`", TEXT)) <= targets


def test_every_built_in_registry_took_the_four_steps() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {c["name"]: c for c in project["tool"]["importlinter"]["contracts"]}
    independent = contracts["Registry kinds do not know each other"]["modules"]
    for name, kind in BUILT_IN.items():
        module = kind.target.partition(":")[0]
        own = module.removesuffix(".provider")
        file = own.rpartition(".")[2]
        suite = ROOT / "tests" / "generator" / "registries" / f"test_{file}.py"
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
        assert "ProviderContract" in suite.read_text()
        assert own in independent
        assert (ROOT / "docs" / "registries" / f"{name}.md").is_file(), f"no page for {name}"
