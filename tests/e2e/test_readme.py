"""Every example of the README is run."""

import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.errors import ExitCode
from generator.settings import Settings
from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, run
from tests.parts.image import make_oci_layout
from tests.parts.process import free_port, require, running
from tests.parts.world import world

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROGRAMS = {"skopeo": "skopeo", "docker": "docker.io", "docker-registry": "docker-registry"}
BLOCKS = dict(re.findall(r"<!-- test: ([\w-]+) -->\n```\w*\n(.*?)```", README, re.DOTALL))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The registry of the example, with an image in it, both by the example's own lines."""
    for program, package in PROGRAMS.items():
        require(program, package)
    folder, port = tmp_path_factory.mktemp("team"), free_port()
    host = f"127.0.0.1:{port}"

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    serving = here("registry", host).replace("docker-registry serve", "exec docker-registry serve")
    command = ["bash", "-euc", f"cd {folder}\n{serving}"]
    with running(command, ready, folder / "log", folder):
        assert shell(here("env-only", host), folder).returncode == 0
        layout = make_oci_layout(folder / "image")
        push = here("push", host).replace(
            "docker://docker.io/library/busybox", f"oci:{layout}:latest"
        )
        # a policy of signatures comes with a package that Debian's skopeo only recommends
        pushed = shell(push.replace("skopeo copy", "skopeo --insecure-policy copy"), folder)
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
    assert '"schemaVersion"' in inspected.stdout.partition("RepoTags")[2]


def test_with_a_wrong_password_the_client_is_refused(team: str, tmp_path: Path) -> None:
    script = here("env-only", team).replace("DOCKER_PASSWORD=secret", "DOCKER_PASSWORD=wrong")
    assert shell(script, tmp_path).returncode == 0
    skopeo, docker = here("client", team).splitlines()
    for client in (skopeo, docker):
        assert shell(client, tmp_path).returncode != 0


def test_nothing_of_the_first_example_can_be_committed() -> None:
    checked = subprocess.run(
        ["git", "check-ignore", "--quiet", "cfg/config.json"], cwd=ROOT, check=False
    )
    assert checked.returncode == 0


def test_the_file_that_is_made_beforehand_is_empty_and_for_its_owner_only(tmp_path: Path) -> None:
    (line,) = re.findall(r"`(install -m 600 [^`]*)`", README)
    script = line.replace("UID", str(os.getuid())).replace("FILE", "dockercfg")
    assert shell(f"umask 022; {script}", tmp_path).returncode == 0
    made = (tmp_path / "dockercfg").stat()
    assert (made.st_size, stat.S_IMODE(made.st_mode)) == (0, 0o600)


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


def test_what_the_first_example_shows_is_what_a_run_says(tmp_path: Path) -> None:
    variables = {
        "DOCKER_USERNAME": "ci",
        "DOCKER_PASSWORD": CANARY,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": CANARY,
    }
    with world(tmp_path) as clouds:
        ran = run(tmp_path / "dockercfg", environment=variables | clouds.net.environment)
    assert ran.code == 0, ran.stderr
    shown, said = (_timeless(text) for text in (BLOCKS["first-words"], ran.stderr))
    assert said.replace(str(tmp_path), "/opt/data") == shown


def _timeless(text: str) -> str:
    return re.sub(r"until [\dTZ:-]+ \([^)]*\)", "until", text).strip()


def test_the_companys_ca_is_trusted_as_the_chapter_says(tmp_path: Path) -> None:
    with world(tmp_path) as clouds:
        script = BLOCKS["company-ca"].replace("http://proxy.example:3128", clouds.net.url)
        command = f"{script}\n{COMMAND} ./dockercfg"
        variables = "export AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s\n"
        ran = shell(variables + command, tmp_path)
        assert ran.returncode == 0, ran.stderr
        refused = shell(f"{variables}export HTTPS_PROXY={clouds.net.url}\n{COMMAND} ./d", tmp_path)
    assert "tls-not-trusted" in refused.stderr


def test_every_reference_of_the_troubleshooting_table_is_one_that_a_run_can_give() -> None:
    table = README.partition("## When something goes wrong")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    references = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    folders = (ROOT / "generator", ROOT / "backends")
    source = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    assert len(references) > 20
    assert [name for name in references if f'"{name}"' not in source] == []


def test_every_heading_is_in_the_contents() -> None:
    contents = README.partition("**Contents**")[2].partition("\n## ")[0]
    linked = re.findall(r"\]\(#([\w-]+)\)", contents)
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert linked == anchors


def test_the_table_of_exit_codes_is_complete() -> None:
    table = README.partition("## Exit codes")[2].partition("##")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+)", table, re.MULTILINE)} >= set(ExitCode)
