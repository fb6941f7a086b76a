"""The script for fish, asked by fish."""

import subprocess
from pathlib import Path

import pytest

from generator.completion.fish import script
from tests.parts.process import require

ASK = "source completion.fish; complete -C 'dockercfg-generator {line}'"


def offered_by_fish(line: str, folder: Path) -> dict[str, str]:
    """Return what fish offers for the last word of ``line``, and how it describes that."""
    require("fish", "fish")
    (folder / "completion.fish").write_text(script())
    ran = subprocess.run(
        ["fish", "--no-config", "-c", ASK.format(line=line)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = (row.partition("\t") for row in ran.stdout.splitlines())
    return {word.strip(): text for word, _, text in rows}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("exp", {"explain"}),
        ("", {"generate", "explain", "check", "providers", "schema", "cache", "completion"}),
        ("cache ", {"list", "prune", "clear"}),
        ("completion ", {"bash", "zsh", "fish"}),
        ("--log-format c", {"console"}),
        ("./d --format ", {"docker", "legacy"}),
        (
            "check --",
            {"--config", "--registry", "--log-level", "--log-format", "--help", "--version"},
        ),
        ("check --merg", set()),
        ("schema --", {"--help", "--version"}),
        ("cache clear --reg", {"--registry"}),
        ("explain --js", {"--json"}),
        ("./d --js", set()),
        ("./com", {"./completion.fish"}),
        ("explain com", {"completion.fish"}),
        ("--config com", {"completion.fish"}),
        ("check ", set()),
        ("--mode ", set()),
    ],
)
def test_commands_options_and_values_are_completed(
    line: str, offered: set[str], tmp_path: Path
) -> None:
    assert set(offered_by_fish(line, tmp_path)) == offered


def test_each_word_is_described(tmp_path: Path) -> None:
    assert offered_by_fish("cac", tmp_path) == {"cache": "list, prune or clear"}
    assert "address" in offered_by_fish("cache clear --reg", tmp_path)["--registry"]
