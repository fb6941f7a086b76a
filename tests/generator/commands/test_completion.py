"""The scripts, asked by the shells that they are for."""

import subprocess
from pathlib import Path

import pytest

from generator.commands.completion import SCRIPTS
from tests.parts.process import require

ASK_BASH = """
source {script}
COMP_WORDS=(dockercfg-generator {words}) COMP_CWORD={index}
_dockercfg_generator
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ASK_FISH = "source {script}; complete -C 'dockercfg-generator {line}'"


def answer(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    # outside of a command line compopt has nothing to act on
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def bash(line: str, folder: Path) -> list[str]:
    """Return what bash offers for the last word of ``line``, which may be empty."""
    script = folder / "completion.bash"
    script.write_text(SCRIPTS["bash"]())
    words = line.split(" ")
    quoted = " ".join(f'"{word}"' for word in words)
    asked = ASK_BASH.format(script=script, words=quoted, index=len(words))
    return answer("bash", "-c", f"compopt() {{ :; }}\n{asked}").split()


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
        ("explain --js", ["--json"]),
        ("./d --js", []),
        ("--config ./e", []),
        ("--mode ", []),
    ],
)
def test_bash_completes(line: str, offered: list[str], tmp_path: Path) -> None:
    assert bash(line, tmp_path) == offered


def test_bash_falls_back_to_files(tmp_path: Path) -> None:
    assert "complete -o default" in SCRIPTS["bash"]()
    answer("bash", "-n", str(_written("bash", tmp_path)))


def test_zsh_takes_the_script(tmp_path: Path) -> None:
    require("zsh", "zsh")
    script = _written("zsh", tmp_path)
    said = answer("zsh", "-f", "-c", f"source {script}; print $_comps[dockercfg-generator]")
    assert "_dockercfg_generator" in said


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("exp", ["explain"]),
        ("cache ", ["list", "prune", "clear"]),
        ("completion z", ["zsh"]),
        ("--log-format c", ["console"]),
        ("explain --js", ["--json"]),
    ],
)
def test_fish_completes(line: str, offered: list[str], tmp_path: Path) -> None:
    require("fish", "fish")
    script = _written("fish", tmp_path)
    said = answer("fish", "--no-config", "-c", ASK_FISH.format(script=script, line=line))
    words = [row.partition("\t")[0].strip() for row in said.splitlines()]
    assert set(offered) <= set(words), said


def _written(shell: str, folder: Path) -> Path:
    script = folder / f"completion.{shell}"
    script.write_text(SCRIPTS[shell]())
    return script
