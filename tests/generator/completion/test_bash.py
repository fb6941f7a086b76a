"""The script for bash, asked by bash."""

import subprocess
from pathlib import Path

import pytest

from generator.completion.bash import script

ASK = """
compopt() {{ :; }}  # outside of a command line it has nothing to act on
source {script}
COMP_WORDS=(dockercfg-generator {words}) COMP_CWORD={index}
_dockercfg_generator
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered_by_bash(line: str, folder: Path) -> list[str]:
    """Return what bash offers for the last word of ``line``, which may be empty."""
    (folder / "completion.bash").write_text(script())
    words = line.split(" ")
    quoted = " ".join(f'"{word}"' for word in words)
    asked = ASK.format(script=folder / "completion.bash", words=quoted, index=len(words))
    ran = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=False, timeout=30
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("exp", ["explain"]),
        ("", ["generate", "explain", "check", "providers", "schema", "cache", "completion"]),
        ("cache ", ["list", "prune", "clear"]),
        ("cache l", ["list"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("--log-format ", ["console", "json"]),
        ("./dockercfg --format l", ["legacy"]),
        ("--min", ["--min-validity"]),
        ("cache clear --reg", ["--registry"]),
        ("cache clear --mer", []),
        ("cache --he", ["--help"]),
        ("explain --js", ["--json"]),
        ("./d --js", []),
        ("--config ./e", []),
        ("--mode ", []),
    ],
)
def test_commands_options_and_values_are_completed(
    line: str, offered: list[str], tmp_path: Path
) -> None:
    assert offered_by_bash(line, tmp_path) == offered


def test_files_are_offered_where_nothing_of_ours_fits() -> None:
    assert "complete -o default" in script()
