"""ECR registries through the command: calls counted, the cache shared, files left alone."""

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, Ran, run, start
from tests.parts.ecr import EcrStandIn

ONE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
SDKS = ("aioboto3", "aiobotocore", "botocore", "aiohttp", "hvac", "httpx2")


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


class Pipeline:
    """A folder with a config, a cache and the file to write."""

    def __init__(self, folder: Path, ecr: EcrStandIn, config: str) -> None:
        self.folder, self.ecr = folder, ecr
        self.target = folder / "dockercfg"
        self.config = folder / "registries.yaml"
        self.config.write_text(config)
        self.environment = {**ecr.environment, "DOCKERCFG_CONFIG": str(self.config)}

    def run(self, *arguments: str, **environment: str) -> Ran:
        return run(self.target, *arguments, environment=self.environment | environment)

    @property
    def auths(self) -> dict[str, str]:
        document = json.loads(self.target.read_text())["auths"]
        return {key: base64.b64decode(v["auth"]).decode() for key, v in document.items()}


@pytest.fixture
def one(tmp_path: Path, ecr: EcrStandIn) -> Pipeline:
    config = f"cache: {{dir: cache}}\nregistries:\n  prod: {{server: {ONE}}}\n"
    return Pipeline(tmp_path, ecr, config)


def test_the_first_run_fetches_and_the_second_is_cached(one: Pipeline) -> None:
    first, second = one.run(), one.run()
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert "fetched" in first.stderr
    assert "cached" in second.stderr
    assert one.ecr.token_calls == 1
    assert one.auths[ONE].startswith(f"AWS:{CANARY}")
    assert CANARY not in first.output + second.output


def test_twenty_entries_of_one_identity_in_two_regions_are_two_calls(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    hosts = [
        f"{100000000000 + number}.dkr.ecr.{region}.amazonaws.com"
        for number in range(10)
        for region in ("eu-west-1", "us-east-1")
    ]
    entries = "".join(f"  r{number}: {{server: {host}}}\n" for number, host in enumerate(hosts))
    pipeline = Pipeline(tmp_path, ecr, f"cache: {{dir: cache}}\nregistries:\n{entries}")
    assert pipeline.run().code == 0
    assert ecr.token_calls == 2
    assert pipeline.run().code == 0
    assert ecr.token_calls == 2
    assert sorted(pipeline.auths) == sorted(hosts)


def test_jobs_that_start_together_make_one_call(one: Pipeline, tmp_path: Path) -> None:
    one.ecr.delay_s = 0.5
    targets = [tmp_path / f"dockercfg-{number}" for number in range(4)]
    jobs = [start(target, environment=one.environment) for target in targets]
    for job in jobs:
        _, stderr = job.communicate(timeout=30)
        assert job.returncode == 0, stderr
    assert one.ecr.token_calls == 1
    assert len({target.read_bytes() for target in targets}) == 1


def test_a_warm_run_imports_no_sdk_nor_what_others_need(one: Pipeline) -> None:
    one.run()
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "generator", str(one.target)],
        env=PLAIN_ENVIRONMENT | one.environment | {"DOCKERCFG_FAST": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert "generator.generate" in imported
    assert {name for name in imported if name.partition(".")[0] in SDKS} == set()
    assert not imported & {"backends.program", "generator.registries.static.presets"}


def test_another_identity_never_gets_the_cached_token(one: Pipeline) -> None:
    one.run()
    assert "fetched" in one.run(AWS_SECRET_ACCESS_KEY="another").stderr
    assert one.ecr.token_calls == 2


def test_a_damaged_cache_is_one_warning_and_a_correct_file(one: Pipeline) -> None:
    one.run()
    for path in (one.folder / "cache").glob("grant-*[0-9a-f]"):
        path.write_bytes(path.read_bytes()[:-20])
    ran = one.run()
    assert ran.code == 0
    assert ran.stderr.count("warning:") == 1
    assert one.ecr.token_calls == 2
    assert "warning:" not in one.run().stderr


def test_a_cache_folder_that_can_not_be_used_is_one_warning(one: Pipeline) -> None:
    (one.folder / "cache").write_text("a file")
    ran = one.run()
    assert ran.code == 0
    assert ran.stderr.count("warning:") == 1


@pytest.mark.parametrize(
    ("failures", "code", "reference"),
    [
        (["denied"], 77, "aws-access-denied"),
        (["expired"], 77, "aws-credentials-expired"),
        (["500"] * 3, 69, "aws-failing"),
        (["throttled"] * 3, 69, "aws-throttled"),
        (["html-200"], 76, "ecr-answer-implausible"),
        (["empty-list"], 76, "ecr-answer-implausible"),
        (["past-expiry"], 76, "ecr-answer-implausible"),
    ],
)
@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_failure_says_what_happened_and_leaves_the_file(
    one: Pipeline, failures: list[str], code: int, reference: str, log_format: str, level: str
) -> None:
    one.target.write_text("as it was")
    one.ecr.fail_next(*failures)
    ran = one.run("--log-format", log_format, "--log-level", level)
    assert ran.code == code, ran.stderr
    assert reference in ran.stderr
    assert "Traceback" not in ran.stderr
    assert CANARY not in ran.output
    assert base64.b64encode(CANARY.encode()).decode()[:-4] not in ran.output
    assert one.target.read_text() == "as it was"


def test_throttled_twice_is_a_success(one: Pipeline) -> None:
    one.ecr.fail_next("throttled", "throttled")
    assert one.run().code == 0


def test_a_silent_endpoint_ends_with_the_deadline(one: Pipeline) -> None:
    one.target.write_text("as it was")
    one.ecr.fail_next("hang", "hang", "hang")
    started = time.monotonic()
    ran = one.run("--timeout", "2s")
    assert time.monotonic() - started < 8
    assert (ran.code, one.target.read_text()) == (69, "as it was")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_fetch_ends_within_a_second_and_leaves_nothing(
    one: Pipeline, number: signal.Signals
) -> None:
    one.ecr.fail_next("hang")
    job = start(one.target, environment=one.environment)
    deadline = time.monotonic() + 10
    while not one.ecr.token_calls and time.monotonic() < deadline:
        time.sleep(0.01)
    sent = time.monotonic()
    job.send_signal(number)
    job.communicate(timeout=20)
    # a second on an idle machine; without the signal it would wait for its deadline
    assert time.monotonic() - sent < 5
    assert job.returncode == 128 + number
    assert not one.target.exists()
    assert not list(one.folder.glob(".dockercfg*"))
    assert one.run().code == 0


def test_a_promise_that_can_not_be_kept_is_said(one: Pipeline) -> None:
    ran = one.run("--min-validity", "13h")
    assert (ran.code, one.target.exists()) == (76, False)
    assert "validity-too-short" in ran.stderr


def test_no_region_is_said_before_anything_is_asked(tmp_path: Path, ecr: EcrStandIn) -> None:
    pipeline = Pipeline(tmp_path, ecr, "registries: {prod: {provider: ecr}}\n")
    ran = pipeline.run()
    assert ran.code == 78
    assert "AWS_REGION" in ran.stderr
    assert sum(ecr.calls.values()) == 0


def test_the_account_and_its_own_registry_are_learnt_from_the_answer(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    ecr.accounts["AKIAEXAMPLE"] = "210987654321"
    config = "registries: {prod: {provider: ecr, region: eu-west-1, aliases: [cr.example.com]}}\n"
    pipeline = Pipeline(tmp_path, ecr, config)
    assert pipeline.run().code == 0
    host = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
    assert sorted(pipeline.auths) == [host, "cr.example.com"]


def test_codeships_variables_alone_make_an_ecr_entry(tmp_path: Path, ecr: EcrStandIn) -> None:
    target = tmp_path / "dockercfg"
    environment = {**ecr.environment, "AWS_REGION": "eu-west-1"}
    ran = run(target, environment=environment)
    assert ran.code == 0, ran.stderr
    assert list(json.loads(target.read_text())["auths"]) == [ONE]


def test_the_cache_keeps_tokens_and_nothing_else(one: Pipeline) -> None:
    one.run()
    stored = b"".join(path.read_bytes() for path in (one.folder / "cache").iterdir())
    assert f"{CANARY}-secret-key".encode() not in stored
    assert b"AKIAEXAMPLE" not in stored
    modes = {path.stat().st_mode & 0o777 for path in (one.folder / "cache").iterdir()}
    assert modes == {0o600}


def test_keep_going_writes_what_there_is(tmp_path: Path, ecr: EcrStandIn) -> None:
    config = (
        "registries:\n"
        f"  prod: {{server: {ONE}}}\n"
        "  hub: {server: docker.io, username: ci, credentials: env:TOKEN}\n"
    )
    pipeline = Pipeline(tmp_path, ecr, config)
    ecr.fail_next("denied")
    ran = pipeline.run("--keep-going", TOKEN="t")
    assert ran.code == 77
    assert list(pipeline.auths) == ["https://index.docker.io/v1/"]


def test_only_the_named_entries_are_asked(tmp_path: Path, ecr: EcrStandIn) -> None:
    config = (
        "registries:\n"
        f"  prod: {{server: {ONE}}}\n"
        "  hub: {server: docker.io, username: ci, credentials: env:TOKEN}\n"
    )
    pipeline = Pipeline(tmp_path, ecr, config)
    assert pipeline.run("--registry", "hub", TOKEN="t").code == 0
    assert ecr.token_calls == 0
    assert "there is no entry huh" in pipeline.run("--registry", "huh").stderr


def test_the_command_is_isolated_from_a_generator_folder_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator" / "__init__.py").write_text("raise SystemExit(99)")
    answer = subprocess.run([str(COMMAND), "--version"], cwd=tmp_path, check=False)
    assert answer.returncode == 0
