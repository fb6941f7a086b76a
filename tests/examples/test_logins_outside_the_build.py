"""Each CI pipeline, played with a docker that only notes: no login is built in or left behind."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.examples.pipelines import KUBERNETES, PIPELINES, docker_config_of, steps_of

# Kubernetes and Compose build nothing
BUILDING = sorted(set(PIPELINES) - {KUBERNETES, "compose/compose.yaml"})
# The generator leaves a file where its volume is; a build takes all that lies in its context, and
# both clients find the login.
_DOCKER = """#!/bin/sh
case "$1" in
run)
  for word in "$@"; do
    case "$word" in *:/opt/data) echo login > "${word%:/opt/data}/config.json";; esac
  done;;
build)
  for context in "$@"; do :; done
  find "$(realpath "$context")" -name config.json >> "$NOTES/in-context"
  cat "$DOCKER_CONFIG/config.json" >> "$NOTES/used";;
push) cat "$DOCKER_CONFIG/config.json" >> "$NOTES/used"; exit "$PUSH_FAILS";;
esac
"""


def play(pipeline: str, folder: Path, *, push_fails: bool) -> Path:
    """Run all steps of a pipeline as its vendor would; return the folder of notes.

    After a step that fails only the last one still runs, which is there to tidy up.
    """
    workspace, temporary, notes = (folder / name for name in ("home/project", "tmp", "notes"))
    for made in (workspace, temporary, notes, folder / "bin"):
        made.mkdir(parents=True)
    (folder / "bin" / "docker").write_text(_DOCKER)
    (folder / "bin" / "docker").chmod(0o755)
    environment = {
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "NOTES": str(notes),
        "PUSH_FAILS": str(int(push_fails)),
        "TMPDIR": str(temporary),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ENV": str(folder / "github-env"),
        "CI_PROJECT_DIR": str(workspace),
        "WORKSPACE": str(workspace),
        "WORKSPACE_TMP": f"{workspace}@tmp",
    }
    if value := docker_config_of(pipeline):
        value = value.replace("/home/circleci", environment["HOME"])
        for name in ("CI_PROJECT_DIR", "WORKSPACE", "WORKSPACE_TMP"):
            value = value.replace(f"${{{name}}}", environment[name])
        environment["DOCKER_CONFIG"] = value
    failed = False
    steps = steps_of(pipeline)
    for number, script in enumerate(steps):
        if failed and number < len(steps) - 1:
            continue
        ran = subprocess.run(["bash", "-ec", script], cwd=workspace, env=environment, check=False)
        failed = failed or ran.returncode != 0
        if (folder / "github-env").exists():
            lines = (folder / "github-env").read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in lines)
    assert failed == push_fails
    return notes


@pytest.mark.parametrize("push", ["succeeds", "fails"])
@pytest.mark.parametrize("pipeline", BUILDING)
def test_no_login_is_in_the_build_context_or_left_at_the_end(
    pipeline: str, push: str, tmp_path: Path
) -> None:
    notes = play(pipeline, tmp_path, push_fails=push == "fails")
    assert set((notes / "used").read_text().split()) == {"login"}
    assert (notes / "in-context").read_text() == ""
    assert list(tmp_path.rglob("config.json")) == []
