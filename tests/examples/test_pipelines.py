"""Every pipeline of ``examples/`` fits its vendor's schema, and its config loads."""

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.settings import Settings
from tests.examples.pipelines import (
    EXAMPLES,
    KUBERNETES,
    PIPELINES,
    SCHEMAS,
    config_of,
    text_of,
)

ROOT = EXAMPLES.parent
IMAGES = {"dockercfg-generator:1", "dockercfg-generator:1-nonroot"}


def check_schema(path: Path, schema: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("check-jsonschema"))]
    return subprocess.run(
        [*command, "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("pipeline", sorted(SCHEMAS))
def test_a_pipeline_fits_its_vendors_schema(pipeline: str) -> None:
    checked = check_schema(EXAMPLES / pipeline, SCHEMAS[pipeline])
    assert checked.returncode == 0, checked.stdout


def test_a_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "push.yml"
    path.write_text(text_of("github-actions/push.yml").replace("runs-on", "run-on"))
    assert check_schema(path, "vendor.github-workflows").returncode != 0


def test_the_release_workflow_fits_the_schema() -> None:
    checked = check_schema(ROOT / ".github/workflows/release.yml", "vendor.github-workflows")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_the_manifests_are_what_kubernetes_knows() -> None:
    for document in yaml.safe_load_all(text_of(KUBERNETES)):
        kubernetes_validate.validate(document, "1.34", strict=True)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_config_of_a_pipeline_loads(pipeline: str) -> None:
    config = load_config(Settings("-", config_yaml=config_of(pipeline)), {}, RecordedInputs())
    assert config.entries
    assert not config.remarks


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("codeship/*/codeship-services.yml")))
def test_the_config_of_a_codeship_service_loads(path: Path) -> None:
    environment = yaml.safe_load(path.read_text())["dockercfg_generator"]["environment"]
    text = environment.get("DOCKERCFG_CONFIG_YAML")
    if text is None:
        text = (path.parent / environment["DOCKERCFG_CONFIG"].lstrip("/")).read_text()
    config = load_config(Settings("-", config_yaml=text), {}, RecordedInputs())
    assert config.entries


def test_every_pipeline_is_checked_here() -> None:
    files = {path for path in EXAMPLES.rglob("*") if path.is_file()}
    others = {"backend-plugin", "codeship", "registry-plugin"}
    elsewhere = {path for path in files if others & set(path.parts)}
    known = {EXAMPLES / name for name in PIPELINES} | {EXAMPLES / "README.md"}
    assert files - elsewhere == known


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_image_has_one_name_and_secrets_are_never_arguments(pipeline: str) -> None:
    text = text_of(pipeline)
    named = set(re.findall(r"dockercfg-generator:[\w.-]+", text))
    assert named
    assert named <= IMAGES
    # `-e NAME` hands a variable over; `-e NAME=value` would show it to every `ps`
    assert not re.search(r"(?:-e|--env)[ =]\w+=", text)
