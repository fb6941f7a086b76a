"""Secrets Manager and Parameter Store (moto), through the command."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, Ran, run
from tests.parts.moto import Moto, running_moto

REGISTRIES = """
registries:
  sm: {server: sm.example, credentials: 'aws-sm:ci/registry'}
  ssm: {server: ssm.example, username: ci, credentials: 'aws-ssm:/ci/password'}
"""


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with running_moto() as server:
        secrets, parameters = server.client("secretsmanager"), server.client("ssm")
        pair = json.dumps({"username": "ci", "password": CANARY})
        secrets.create_secret(Name="ci/registry", SecretString=pair)
        parameters.put_parameter(Name="/ci/password", Value=CANARY, Type="SecureString")
        yield server


def generate(moto: Moto, folder: Path, config: str, *arguments: str) -> Ran:
    path = folder / "registries.yaml"
    path.write_text(config)
    environment = {
        **moto.environment,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": f"{CANARY}-key",
    }
    ran = run(folder / "d", "--config", path, *arguments, environment=environment)
    assert CANARY not in ran.output
    assert "Traceback" not in ran.output
    return ran


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_two_stores_make_one_dockercfg_and_debug_shows_no_secret(
    moto: Moto, tmp_path: Path, log_format: str
) -> None:
    arguments = ("--log-level", "debug", "--log-format", log_format)
    ran = generate(moto, tmp_path, REGISTRIES, *arguments)
    assert ran.code == 0, ran.stderr
    auths = json.loads((tmp_path / "d").read_text())["auths"]
    assert {base64.b64decode(v["auth"]).decode() for v in auths.values()} == {f"ci:{CANARY}"}
    assert sorted(auths) == ["sm.example", "ssm.example"]


def test_what_is_missing_is_told_for_each_entry(moto: Moto, tmp_path: Path) -> None:
    config = REGISTRIES.replace("ci/registry", "ci/nope").replace("/ci/password", "/ci/nope")
    ran = generate(moto, tmp_path, config, "--log-level", "debug")
    assert ran.code == 66
    assert "aws-secret-not-found" in ran.stderr
    assert "aws-parameter-not-found" in ran.stderr
    assert not (tmp_path / "d").exists()


def test_a_secret_of_another_region_is_found_by_its_option(moto: Moto, tmp_path: Path) -> None:
    moto.client("secretsmanager", "us-east-1").create_secret(
        Name="ci/elsewhere", SecretString=CANARY
    )
    entry = "registries: {r: {server: r.example, username: u, credentials: 'aws-sm:ci/elsewhere'}}"
    assert generate(moto, tmp_path, entry).code == 66
    assert generate(moto, tmp_path, entry.replace("where'", "where?region=us-east-1'")).code == 0
