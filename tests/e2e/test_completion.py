"""The scripts, put where README and help say, in a home where nothing is."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, PLAIN_ENVIRONMENT, run
from tests.e2e.test_readme import BLOCKS
from tests.parts.process import require
from tests.parts.zsh import zsh

PATH = f"{COMMAND.parent}:/usr/bin:/bin"


def told_by_help() -> str:
    """Return the commands that ``completion --help`` shows."""
    text = run("completion", "--help").stdout.partition("looks for it:")[2].partition("For one")[0]
    return "\n".join(line for line in text.splitlines() if line.startswith("  "))


@pytest.fixture(params=["README", "help"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    script = BLOCKS["completion"] if request.param == "README" else told_by_help()
    ran = sh("bash", "-euc", script, home=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    return tmp_path


def sh(*command: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=home,
        env=PLAIN_ENVIRONMENT | {"HOME": str(home), "PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_shell_that_starts_afterwards_completes(home: Path) -> None:
    file = home / ".local/share/bash-completion/completions/dockercfg-generator"
    assert "_dockercfg_generator" in sh("bash", "-c", f". {file}; complete -p", home=home).stdout
    require("fish", "fish")
    asked = sh("fish", "-c", "complete -C 'dockercfg-generator check --co'", home=home)
    assert asked.stdout.startswith("--config\t"), asked.stderr
    require("zsh", "zsh")
    with zsh(home, {"PATH": PATH}, "") as shell:
        assert "prune" in shell.offered("dockercfg-generator cache ")
