"""The script for zsh, at a terminal: TAB is pressed, and what is shown is read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.completion.zsh import script
from tests.parts.process import require
from tests.parts.zsh import Zsh, zsh

FPATH = "fpath=($HOME/functions $fpath); autoload -Uz compinit && compinit -u\n"
WAYS = {
    "sourced": "source $HOME/functions/_dockercfg-generator\n",
    "sourced after compinit": (
        "autoload -Uz compinit && compinit -u\nsource <(cat $HOME/functions/_dockercfg-generator)\n"
    ),
    "in fpath": FPATH,
}


@pytest.fixture(params=WAYS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Zsh]:
    require("zsh", "zsh")
    functions = tmp_path / "functions"
    functions.mkdir()
    (functions / "_dockercfg-generator").write_text(script())
    (tmp_path / "some.yaml").touch()
    with zsh(tmp_path, {"PATH": "/usr/bin:/bin"}, WAYS[request.param]) as started:
        yield started


def test_commands_options_and_values_are_completed(shell: Zsh) -> None:
    for line, offered, others in (
        # the very first TAB loads the file
        ("cache ", ["list", "prune", "clear"], ["some.yaml", "schema"]),
        ("", ["generate", "explain", "check", "providers", "completion"], ["some.yaml"]),
        ("exp", ["<dockercfg-generator explain "], []),
        ("completion z", ["<dockercfg-generator completion zsh"], []),
        ("--log-format ", ["console", "json"], []),
        ("./d --format l", ["<dockercfg-generator ./d --format legacy"], []),
        ("check --", ["--config", "--registry", "--help"], ["--merge", "--cache-dir"]),
        ("cache clear --reg", ["<dockercfg-generator cache clear --registry"], []),
        ("explain --js", ["<dockercfg-generator explain --json"], []),
        ("--config so", ["<dockercfg-generator --config some.yaml"], []),
        ("./so", ["<dockercfg-generator ./some.yaml"], []),
        ("generate so", ["<dockercfg-generator generate some.yaml"], []),
        ("--mode ", ["<dockercfg-generator --mode >"], ["some.yaml"]),
    ):
        shown = shell.offered(f"dockercfg-generator {line}")
        for word in offered:
            assert word in shown, (line, shown)
        for word in (*others, "unrecognized", "not found"):
            assert word not in shown, (line, shown)
