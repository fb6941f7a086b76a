"""What a run would do, told by the installed command: nobody asked, nothing written."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, Ran, run
from tests.parts.ecr import EcrStandIn

ONE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
TWO = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
CONFIG = f"""\
cache: {{dir: cache, min_validity: 30m}}
registries:
  prod:
    server: {ONE}
    credentials: {{access_key_id: env:CI_KEY, secret_access_key: env:CI_SECRET}}
  stage:
    provider: ecr
    server: {TWO}
    credentials: {{access_key_id: env:CI_KEY, secret_access_key: file:secret}}
  ghcr:
    server: ghcr.io
    username: ci-bot
    optional: true
    credentials: {{password: env:GHCR_TOKEN}}
"""


class Pipeline:
    """A config of three entries, and what the jobs of one host share."""

    def __init__(self, folder: Path, ecr: EcrStandIn) -> None:
        self.folder, self.ecr = folder, ecr
        self.config = folder / "registries.yaml"
        self.config.write_text(CONFIG)
        (folder / "secret").write_text(CANARY)
        self.environment = {
            **ecr.environment,
            "DOCKERCFG_CONFIG": str(self.config),
            "CI_KEY": "AKIAIOSFODNN7EXAMPLE",
            "CI_SECRET": CANARY,
            "GHCR_TOKEN": CANARY,
        }

    def run(self, *arguments: str, **environment: str) -> Ran:
        ran = run(*arguments, environment=self.environment | environment, folder=self.folder)
        assert CANARY not in ran.output
        return ran

    def explain(self, *arguments: str, **environment: str) -> dict[str, Any]:
        before = self.files()
        ran = self.run("explain", "--json", *arguments, **environment)
        assert (ran.code, ran.stderr) == (0, "")
        assert self.files() == before
        told: dict[str, Any] = json.loads(ran.stdout)
        return told

    def ways(self, *arguments: str, **environment: str) -> dict[str, str]:
        told = self.explain(*arguments, **environment)
        return {"": told["way"], **{e["name"]: e["way"] for e in told["entries"]}}

    def files(self) -> dict[str, float]:
        return {str(p): p.lstat().st_mtime for p in self.folder.rglob("*")}


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with EcrStandIn() as ecr:
        yield Pipeline(tmp_path, ecr)


def entry(told: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in told["entries"] if e["name"] == name)
    return found


def test_cold_then_warm_then_cold_for_what_changed(pipeline: Pipeline) -> None:
    assert pipeline.ways() == {"": "cold", "prod": "cold", "stage": "cold", "ghcr": "static"}
    assert pipeline.ecr.token_calls == 0
    assert pipeline.run("./dockercfg").code == 0
    stored = entry(pipeline.explain(), "prod")["grant"]
    assert stored["state"] == "fresh"
    assert stored["requested_at"] < stored["fresh_until"] < stored["expires_at"]
    assert pipeline.ways() == {"": "warm", "prod": "warm", "stage": "warm", "ghcr": "static"}

    told = pipeline.explain(CI_SECRET=f"{CANARY}-rotated")
    assert entry(told, "prod")["grant"]["changed"] == ["env:CI_SECRET"]
    assert "changed since the token of" in entry(told, "prod")["because"]
    assert entry(told, "stage")["way"] == "warm"
    assert (told["way"], told["because"]) == ("cold", "a token has to be fetched for prod")

    (pipeline.folder / "secret").write_text(f"{CANARY}-rotated")
    assert entry(pipeline.explain(), "stage")["grant"]["changed"] == ["file:secret"]
    assert pipeline.ecr.token_calls == 2


def test_a_run_that_finds_its_document_is_fast_and_else_the_reason_is_told(
    pipeline: Pipeline,
) -> None:
    path = str(pipeline.folder / "dockercfg")
    pipeline.run(path)
    told = pipeline.explain(path)
    assert told["way"] == "fast", told["because"]
    changed = pipeline.explain(path, GHCR_TOKEN=f"{CANARY}-rotated")
    assert changed["way"] == "warm"
    assert "changed: variable GHCR_TOKEN" in changed["because"]
    asked_for = pipeline.explain(path, "--format", "legacy")
    assert "options on the command line" in asked_for["because"]
    assert "DOCKERCFG_FAST" in pipeline.explain(path, DOCKERCFG_FAST="0")["because"]


def test_a_changed_setting_is_named_as_well(pipeline: Pipeline) -> None:
    pipeline.run("./dockercfg")
    role = "arn:aws:iam::123456789012:role/ci"
    pipeline.config.write_text(
        CONFIG.replace(f"server: {ONE}", f"server: {ONE}\n    role_arn: {role}")
    )
    prod = entry(pipeline.explain(), "prod")
    assert prod["grant"]["changed"] == ["role_arn"]
    setting = next(s for s in prod["settings"] if s["name"] == "role_arn")
    assert setting == {"name": "role_arn", "value": role, "origin": f"{pipeline.config}:5"}


def test_what_would_fail_is_told_with_what_to_do(pipeline: Pipeline) -> None:
    told = pipeline.explain(CI_SECRET="", GHCR_TOKEN="")
    assert told["way"] == "failing"
    assert entry(told, "prod")["because"].startswith("variable CI_SECRET is set, but empty")
    references = {r["field"]: r for r in entry(told, "prod")["references"]}
    assert references["secret_access_key"]["presence"] == "absent"
    assert references["access_key_id"]["presence"] == "present"
    # an optional entry fails alone
    assert pipeline.explain(GHCR_TOKEN="")["way"] == "cold"


def test_where_everything_comes_from(pipeline: Pipeline) -> None:
    told = pipeline.explain("./dockercfg", "--format", "legacy", DOCKERCFG_TIMEOUT="5s")
    origins = {s["name"]: (s["value"], s["origin"]) for s in told["settings"]}
    assert origins["output.format"] == ("legacy", "--format")
    assert origins["timeout"] == ("5s", "DOCKERCFG_TIMEOUT")
    assert origins["cache.min_validity"] == ("30m", f"{pipeline.config}:1")
    assert origins["output.mode"] == ("0600", "default")
    assert told["path"] == {"path": "./dockercfg", "problem": None}
    assert entry(told, "prod")["provider_because"] == "recognised from the host"
    assert entry(told, "stage")["provider_because"] == f"named at {pipeline.config}:7"
    assert entry(told, "ghcr")["provider_because"] == "no kind claims the host"
    variables = {v["name"]: v["present"] for v in entry(told, "prod")["variables"]}
    assert variables["CI_SECRET"]
    assert {"path": str(pipeline.folder / "secret"), "present": True} in entry(told, "stage")[
        "files"
    ]


def test_refresh_and_a_stricter_promise_are_reasons(pipeline: Pipeline) -> None:
    pipeline.run("./dockercfg")
    assert "--refresh" in entry(pipeline.explain("--refresh"), "prod")["because"]
    prod = entry(pipeline.explain("--min-validity", "1d"), "prod")
    assert prod["grant"]["state"] == "stale"
    assert "min_validity" in prod["because"]


def test_a_read_only_cache_and_a_missing_path_are_no_hindrance(pipeline: Pipeline) -> None:
    pipeline.run("./dockercfg")
    cache = pipeline.folder / "cache"
    cache.chmod(0o500)
    try:
        assert pipeline.ways()[""] == "warm"
    finally:
        cache.chmod(0o700)
    told = pipeline.explain("./no/dockercfg")
    assert "does not exist" in told["path"]["problem"]


def test_without_a_cache_and_with_one_that_can_not_be_used(pipeline: Pipeline) -> None:
    told = pipeline.explain(DOCKERCFG_CACHE_DIR=str(pipeline.config))
    assert "is no folder" in told["cache"]["problem"]
    pipeline.config.write_text(CONFIG.replace("dir: cache, ", ""))
    assert "--cache-dir" in entry(pipeline.explain(), "prod")["because"]


def test_why_a_warm_run_is_not_fast_is_told_for_no_folder_and_for_one_written_oddly(
    pipeline: Pipeline,
) -> None:
    hub = "registries: {hub: {server: docker.io, username: u, credentials: env:GHCR_TOKEN}}\n"
    pipeline.config.write_text(hub)
    told = pipeline.explain("./dockercfg")
    assert told["way"] == "warm"
    assert told["because"].endswith("not fast: no cache folder is named (DOCKERCFG_CACHE_DIR)")
    pipeline.config.write_text(f"{hub}cache: {{min_validity: 5m,\n  dir: cache}}\n")
    told = pipeline.explain("./dockercfg")
    assert "not fast: the config does not say cache: {dir: /cache}, plainly" in told["because"]


def test_an_address_that_a_registry_always_has_is_told(pipeline: Pipeline) -> None:
    said = run("explain", environment={"HEROKU_API_KEY": CANARY}).stdout
    assert "heroku: registry.heroku.com" in said.splitlines()
    pipeline.config.write_text("registries: {own: {provider: ecr, region: eu-west-1}}")
    said = pipeline.run("explain").stdout
    assert "own: the server address is learnt from the answer" in said.splitlines()


def test_how_a_machine_is_told_from_others_is_no_file_of_an_entry(pipeline: Pipeline) -> None:
    pipeline.config.write_text(f"registries: {{r: {{server: {ONE}}}}}")
    environment = {name: "" for name in pipeline.environment if name.startswith("AWS_")}
    told = entry(pipeline.explain(**environment), "r")
    assert told["opaque"]
    assert told["files"]
    hidden = ("/proc/", "/var/run/secrets/kubernetes.io/")
    assert not [file for file in told["files"] if file["path"].startswith(hidden)]


def test_the_text_says_the_same_to_people(pipeline: Pipeline) -> None:
    pipeline.run("./dockercfg")
    said = pipeline.run("explain").stdout
    for line in (
        f"prod: {ONE}",
        "  provider   ecr, recognised from the host",
        f"  secret     secret_access_key: env:CI_SECRET ({pipeline.config}:5): is there",
        "  next run   static: the credential is handed through as it is; nothing is stored",
        (
            "next run: warm: no registry has to be asked for a token; "
            "whether it is fast, a PATH tells"
        ),
    ):
        assert line in said.splitlines(), said


def test_variables_of_a_convention_are_named_and_not_shown(pipeline: Pipeline) -> None:
    ran = run(
        "explain",
        environment={"DOCKER_USERNAME": f"user-{CANARY}", "DOCKER_PASSWORD": CANARY},
    )
    assert ran.code == 0
    assert CANARY not in ran.output
    assert "setting    username (DOCKER_USERNAME)" in ran.stdout
    assert "provider   static, the set of variables docker" in ran.stdout


def test_a_bad_config_is_told_as_a_run_would(pipeline: Pipeline) -> None:
    pipeline.config.write_text("registries: {a: {server: a.io, usernam: x}}")
    ran = pipeline.run("explain")
    assert (ran.code, ran.stdout) == (78, "")
    assert "did you mean username?" in ran.stderr


def test_a_backend_is_told_by_where_and_as_whom_it_is_asked(pipeline: Pipeline) -> None:
    """Nobody listens at that address, and nobody is asked."""
    pipeline.config.write_text(
        """
        backends:
          vault: {address: "https://127.0.0.1:9", namespace: team, auth: {method: jwt, role: ci,
            credentials: {jwt: env:JOB_TOKEN}}}
        registries:
          hub: {server: docker.io, credentials: "vault:secret/ci/hub?version=3"}
        """
    )
    hub = entry(pipeline.explain(JOB_TOKEN=CANARY), "hub")
    (reference,) = hub["references"]
    assert reference["reference"] == "vault:secret/ci/hub?version=3"
    assert (reference["presence"], reference["backend_type"]) == ("remote", "vault")
    wanted = {"address": "https://127.0.0.1:9", "namespace": "team", "method": "jwt", "role": "ci"}
    assert wanted.items() <= reference["identity"].items()
    assert {"name": "JOB_TOKEN", "present": True} in hub["variables"]
    text = pipeline.run("explain", JOB_TOKEN=CANARY).stdout
    assert "from vault: address https://127.0.0.1:9, namespace team" in text

    absent = entry(pipeline.explain(), "hub")
    assert (absent["way"], absent["references"][0]["presence"]) == ("failing", "absent")
    assert "JOB_TOKEN" in absent["because"]


def test_a_user_name_decides_on_the_kind_and_that_is_told(pipeline: Pipeline) -> None:
    text = f"registries: {{r: {{server: {ONE}, username: AWS, credentials: env:CI_SECRET}}}}"
    pipeline.config.write_text(text)
    told = entry(pipeline.explain(), "r")
    assert told["provider"] == "static"
    assert told["provider_because"] == "a user name is given, which ecr has no use for"


def test_nothing_in_a_name_can_forge_a_line(pipeline: Pipeline) -> None:
    pipeline.config.write_text(
        'registries: {"a\\nnext run: warm": {server: a.io, username: u, credentials: env:T}}'
    )
    said = pipeline.run("explain").stdout
    assert "a?next run: warm: a.io" in said.splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_somebody_else_is_told(pipeline: Pipeline) -> None:
    pipeline.run("./dockercfg")
    os.chown(pipeline.folder / "cache", 65534, 65534)
    assert "belongs to uid 65534" in pipeline.explain()["cache"]["problem"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_told_by_both_before_anything_is_fetched(pipeline: Pipeline) -> None:
    file = pipeline.folder / "dockercfg"
    file.touch(0o600)
    os.chown(file, 12345, 12345)

    def run_without_rights(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all", COMMAND, *arguments],
            cwd=pipeline.folder,
            env=PLAIN_ENVIRONMENT | pipeline.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    explained, ran = run_without_rights("explain", "./dockercfg"), run_without_rights("./dockercfg")
    assert "  ./dockercfg: dockercfg belongs to uid 12345" in explained.stdout
    assert (ran.returncode, pipeline.ecr.token_calls) == (73, 0)
    assert "dockercfg belongs to uid 12345" in ran.stderr
