"""Presets through the command: from a config, one variable, or the environment alone."""

import base64
import json
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, run

HARBOR = {
    "HARBOR_URL": "https://harbor.example:8443/",
    "HARBOR_USERNAME": "robot$team+ci",
    "HARBOR_PASSWORD": f"{CANARY}:$x",
}
REDHAT = {
    "REGISTRY_REDHAT_IO_USERNAME": "1234567|ci-puller",
    "REGISTRY_REDHAT_IO_PASSWORD": CANARY,
}
GITHUB = {"GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": CANARY}


def logins(folder: Path) -> dict[str, str]:
    auths = json.loads((folder / "dockercfg").read_text())["auths"]
    return {key: base64.b64decode(value["auth"]).decode() for key, value in auths.items()}


@pytest.mark.parametrize("way", ["config", "variable", "environment"])
def test_odd_user_names_survive_every_way(way: str, tmp_path: Path) -> None:
    config = "registries:\n  harbor: {preset: harbor}\n  redhat: {preset: redhat}\n"
    (tmp_path / "r.yaml").write_text(config)
    told = {
        "config": {"DOCKERCFG_CONFIG": str(tmp_path / "r.yaml")},
        "variable": {"DOCKERCFG_CONFIG_YAML": config},
        "environment": {"DOCKERCFG_FROM_ENV": "harbor,redhat"},
    }
    ran = run(tmp_path / "dockercfg", environment={**HARBOR, **REDHAT, **told[way]})
    assert ran.code == 0, ran.stderr
    assert logins(tmp_path) == {
        "harbor.example:8443": f"robot$team+ci:{CANARY}:$x",
        "registry.redhat.io": f"1234567|ci-puller:{CANARY}",
    }
    assert CANARY not in ran.output


@pytest.mark.parametrize("text", ["robot$ci", "'robot$ci'", '"robot$ci"', "1234567|ci", "$app"])
@pytest.mark.parametrize("in_variable", [True, False])
def test_odd_user_names_of_yaml_are_what_they_are(
    text: str, tmp_path: Path, *, in_variable: bool
) -> None:
    config = f"registries: {{r: {{server: r.io, username: {text}, credentials: env:T}}}}"
    (tmp_path / "r.yaml").write_text(config)
    told = {"DOCKERCFG_CONFIG": str(tmp_path / "r.yaml")}
    if in_variable:
        told = {"DOCKERCFG_CONFIG_YAML": config}
    ran = run(tmp_path / "dockercfg", environment={"T": CANARY, **told})
    assert ran.code == 0, ran.stderr
    assert logins(tmp_path) == {"r.io": f"{text.strip(chr(39) + chr(34))}:{CANARY}"}


def test_what_lies_around_in_a_job_is_nobodys_login(tmp_path: Path) -> None:
    ran = run(tmp_path / "dockercfg", environment={**GITHUB, **HARBOR})
    assert ran.code == 78
    assert "DOCKERCFG_FROM_ENV" in ran.stderr
    assert not (tmp_path / "dockercfg").exists()


def test_presets_and_codeships_sets_are_one_file(tmp_path: Path) -> None:
    docker = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": CANARY}
    environment = {**docker, **GITHUB, "DOCKERCFG_FROM_ENV": "docker,ghcr"}
    ran = run(tmp_path / "dockercfg", environment=environment)
    assert ran.code == 0, ran.stderr
    assert list(logins(tmp_path)) == ["ghcr.io", "https://index.docker.io/v1/"]


def test_an_optional_preset_without_its_secret_is_a_warning(tmp_path: Path) -> None:
    """A pull request from a fork has no secrets."""
    config = "registries: {a: {preset: ghcr}, b: {preset: dockerhub, optional: true}}"
    environment = {**GITHUB, "DOCKERCFG_CONFIG_YAML": config, "DOCKERHUB_TOKEN": ""}
    ran = run(tmp_path / "dockercfg", environment=environment)
    assert ran.code == 0, ran.stderr
    assert "warning: b: variable DOCKERHUB_" in ran.stderr
    assert list(logins(tmp_path)) == ["ghcr.io"]


def test_explain_tells_what_a_preset_brings_and_no_value_of_a_variable(tmp_path: Path) -> None:
    config = "registries: {gh: {preset: ghcr}, hb: {preset: harbor}}"
    environment = {**GITHUB, **HARBOR, "DOCKERCFG_CONFIG_YAML": config}
    said = run("explain", environment=environment)
    assert said.code == 0, said.stderr
    for line in (
        "provider   static, the preset ghcr",
        "setting    server = ghcr.io (preset ghcr)",
        "setting    preset = ghcr (DOCKERCFG_CONFIG_YAML:1)",
        "secret     password: env:GITHUB_TOKEN (preset ghcr): is there",
        "setting    server = harbor.example:8443 (HARBOR_URL, preset harbor)",
    ):
        assert f"  {line}\n" in said.stdout
    assert "octocat" not in said.output
    assert "robot$" not in run("explain", "--json", environment=environment).output


def test_check_finds_all_that_is_missing(tmp_path: Path) -> None:
    config = "registries: {gh: {preset: ghcr}, hb: {preset: harbor}, q: {preset: qway}}"
    ran = run("check", environment={"DOCKERCFG_CONFIG_YAML": config, "GHCR_TOKEN": CANARY})
    assert ran.code == 78
    places = [line.split(" ")[1] for line in ran.stderr.splitlines()]
    assert places == [
        "DOCKERCFG_CONFIG_YAML:1",
        "GHCR_USERNAME:",
        "HARBOR_URL:",
        "HARBOR_USERNAME:",
        "HARBOR_PASSWORD:",
    ]
    assert "did you mean quay?" in ran.stderr
