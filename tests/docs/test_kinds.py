"""The README's table and the pages of the kinds say what the kinds do."""

import re
from pathlib import Path

import pytest

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.registries.loader import BUILT_IN
from generator.registries.static.presets import PRESETS
from generator.settings import Settings
from tests.docs.kinds import PAGES, ROOT, with_table

EXAMPLES = [
    (page, text)
    for page in sorted(PAGES.glob("*.md"))
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    if re.search(r"^registries:", text, re.MULTILINE)
]
SOURCES = [
    path.read_text()
    for package in ("generator", "backends")
    for path in (ROOT / package).rglob("*.py")
]


def test_the_table_is_that_of_the_kinds() -> None:
    readme = (ROOT / "README.md").read_text()
    assert with_table(readme) == readme, "run: make docs"


@pytest.mark.parametrize("kind", BUILT_IN)
def test_each_kind_has_a_page_with_an_example_of_it(kind: str) -> None:
    page = PAGES / f"{kind}.md"
    assert page.read_text().startswith(f"# `{kind}`: ")
    assert any(kind in _kinds(text) for at, text in EXAMPLES if at == page)


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[page.stem for page, _ in EXAMPLES])
def test_every_example_is_a_config(page: Path, text: str) -> None:
    assert _kinds(text), page


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_errors_of_a_page_are_errors_of_ours(page: Path) -> None:
    table = page.read_text().partition("| it says | do |")[2]
    for line in table.splitlines()[2:]:
        for reference in re.findall(r"`([a-z-]+)`", line.split("|")[1]):
            known = f'"{reference}"', f'"{reference.partition("-")[2]}"'
            assert any(name in source for source in SOURCES for name in known), reference


def _kinds(text: str) -> set[str]:
    environment = {"AZURE_TENANT_ID": "", "VAULT_ADDR": "https://vault.example:8200"}
    for preset in PRESETS.values():
        environment |= dict.fromkeys((*preset.servers, *preset.usernames, *preset.passwords), "x")
    config = load_config(Settings(config_yaml=text), environment, RecordedInputs())
    return {entry.provider for entry in config.entries}
