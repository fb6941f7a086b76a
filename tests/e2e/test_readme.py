"""Every example of the README is run."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.errors import ExitCode
from generator.settings import Settings
from tests.e2e.command import PLAIN_ENVIRONMENT, run
from tests.parts.image import make_oci_layout
from tests.parts.process import require
from tests.parts.registry import registry
from tests.parts.skopeo import Skopeo

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = dict(re.findall(r"<!-- test: ([\w-]+) -->\n```\w*\n(.*?)```", README, re.DOTALL))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The registry of the example, with an image in it."""
    require("skopeo", "skopeo")
    folder = tmp_path_factory.mktemp("team")
    with registry(folder, "ci-bot", "secret") as host:
        environment = {
            "DOCKER_USERNAME": "ci-bot",
            "DOCKER_PASSWORD": "secret",
            "DOCKER_REGISTRY": host,
        }
        assert run(folder / "dockercfg", environment=environment).code == 0
        layout = make_oci_layout(folder / "image")
        pushed = Skopeo(folder / "dockercfg", folder).push(layout, f"docker://{host}/team/app:1")
        assert pushed.returncode == 0, pushed.stderr
        yield host


def shell(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=PLAIN_ENVIRONMENT | {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def here(block: str, registry_host: str = "") -> str:
    """Return an example's script for this machine: the venv of the tests, the real port."""
    script: str = BLOCKS[block].replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    return script.replace("127.0.0.1:5000", registry_host)


def test_the_example_by_environment_alone_and_a_real_client(team: str, tmp_path: Path) -> None:
    generated = shell(here("env-only", team), tmp_path)
    assert generated.returncode == 0, generated.stderr
    shown = README.partition("You see, on stderr,")[2].split("```")[1].strip()
    assert generated.stderr.strip() == shown.replace("127.0.0.1:5000", team)
    inspected = shell(here("client", team), tmp_path)
    assert inspected.returncode == 0, inspected.stderr


def test_with_a_wrong_password_the_client_is_refused(team: str, tmp_path: Path) -> None:
    script = here("env-only", team).replace("DOCKER_PASSWORD=secret", "DOCKER_PASSWORD=wrong")
    assert shell(script, tmp_path).returncode == 0
    assert shell(here("client", team), tmp_path).returncode != 0


def test_the_example_config_is_valid(tmp_path: Path) -> None:
    settings = Settings("-", config_yaml=BLOCKS["config"])
    config = load_config(settings, {}, RecordedInputs())
    assert [(e.name, e.provider) for e in config.entries] == [
        ("prod", "ecr"),
        ("ghcr", "static"),
        ("harbor", "static"),
    ]


@pytest.mark.timeout(300)
def test_the_installation_works_in_a_fresh_environment(tmp_path: Path) -> None:
    script = BLOCKS["install"].replace("install .", f"install --quiet {ROOT}")
    script = script.replace("python3 -m", f"{sys.executable} -m")
    installed = shell(script, tmp_path)
    assert installed.returncode == 0, installed.stderr
    version = shell(".venv/bin/dockercfg-generator --version", tmp_path)
    assert version.stdout.startswith("dockercfg-generator ")


def test_the_table_of_exit_codes_is_complete() -> None:
    table = README.partition("## Exit codes")[2].partition("##")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+)", table, re.MULTILINE)} >= set(ExitCode)
