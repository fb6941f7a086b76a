"""Runs that ask servers: the SDK as it is in the image, the cache between containers, signals."""

import base64
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, Ran
from tests.parts.container import HARDENED, IMAGE, docker, flags_of, run_image
from tests.parts.ecr import EcrStandIn
from tests.parts.moto import running_moto

pytestmark = pytest.mark.image

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
EVERY_SERVICE = f"""
backends:
  sm: {{type: aws-sm, role_arn: 'arn:aws:iam::123456789012:role/reader'}}
registries:
  private: {{server: {ECR}, role_arn: 'arn:aws:iam::210987654321:role/ci'}}
  public: {{server: public.ecr.aws}}
  sm: {{server: sm.example, credentials: 'sm:ci/registry'}}
  ssm: {{server: ssm.example, username: ci, credentials: 'aws-ssm:/ci/password'}}
"""


def logins(path: Path) -> dict[str, str]:
    auths = json.loads(path.read_text())["auths"]
    return {key: base64.b64decode(entry["auth"]).decode() for key, entry in auths.items()}


def test_every_service_of_aws_that_is_asked_answers(volume: Path, ecr: EcrStandIn) -> None:
    with running_moto() as moto:
        pair = json.dumps({"username": "ci", "password": CANARY})
        moto.client("secretsmanager").create_secret(Name="ci/registry", SecretString=pair)
        moto.client("ssm").put_parameter(Name="/ci/password", Value=CANARY, Type="SecureString")
        ran = run_image(
            "/opt/data/dockercfg",
            environment={
                **ecr.environment,
                "AWS_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url,
                "AWS_ENDPOINT_URL_SSM": moto.url,
                "DOCKERCFG_CONFIG_YAML": EVERY_SERVICE,
            },
            volumes={volume: "/opt/data"},
            flags=HARDENED,
            network="host",
        )
    assert ran.code == 0, ran.stderr
    assert CANARY not in ran.output
    found = logins(volume / "dockercfg")
    assert sorted(found) == [ECR, "public.ecr.aws", "sm.example", "ssm.example"]
    assert found["sm.example"] == found["ssm.example"] == f"ci:{CANARY}"
    assert found[ECR].startswith(f"AWS:{CANARY}-")


def start_beside(volume: Path, ecr: EcrStandIn, cache_at: str, number: int) -> Ran:
    """Run a job whose cache is the same folder of the host, mounted at a path of its own."""
    return run_image(
        f"/opt/data/dockercfg-{number}",
        environment={
            **ecr.environment,
            "DOCKERCFG_CACHE_DIR": cache_at,
            "DOCKERCFG_CONFIG_YAML": f"registries: {{prod: {{server: {ECR}}}}}",
        },
        volumes={volume: "/opt/data", volume / "cache": cache_at},
        flags=HARDENED,
        network="host",
    )


def test_containers_that_start_together_share_one_call_although_paths_differ(
    volume: Path, ecr: EcrStandIn
) -> None:
    (volume / "cache").mkdir(0o700)
    ecr.delay_s = 1.0
    places = ["/cache", "/srv/tokens", "/var/cache/dockercfg"]
    with ThreadPoolExecutor() as pool:
        jobs = pool.map(lambda n: start_beside(volume, ecr, places[n], n), range(len(places)))
        codes = [job.code for job in jobs]
    assert codes == [0, 0, 0]
    assert ecr.token_calls == 1
    documents = {(volume / f"dockercfg-{n}").read_bytes() for n in range(len(places))}
    assert len(documents) == 1
    ecr.delay_s = 0
    later = start_beside(volume, ecr, "/elsewhere", 3)
    assert "cached" in later.stderr
    assert ecr.token_calls == 1


def test_a_run_like_the_last_one_is_a_fast_one(volume: Path, ecr: EcrStandIn) -> None:
    (volume / "cache").mkdir(0o700)
    for _ in range(2):
        assert start_beside(volume, ecr, "/cache", 1).code == 0
    (volume / "dockercfg-1").unlink()
    program = ("-I", "-X", "importtime", "/opt/venv/bin/dockercfg-generator")
    ran = run_image(
        *(*program, "/opt/data/dockercfg-1"),
        environment={
            **ecr.environment,
            "DOCKERCFG_CACHE_DIR": "/cache",
            "DOCKERCFG_CONFIG_YAML": f"registries: {{prod: {{server: {ECR}}}}}",
        },
        volumes={volume: "/opt/data", volume / "cache": "/cache"},
        flags=(*HARDENED, "--entrypoint=/opt/venv/bin/python"),
    )
    assert ran.code == 0, ran.stderr
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "generator.fast.run" in imported
    assert {"re", "json", "anyio", "generator.app"} & imported == set()
    assert list(logins(volume / "dockercfg-1")) == [ECR]
    assert ecr.token_calls == 1


def test_docker_stop_ends_a_waiting_run_at_once(volume: Path, ecr: EcrStandIn) -> None:
    """It is process 1, which ignores every signal that it has no handler for."""
    ecr.fail_next("hang")
    environment = {
        **ecr.environment,
        "DOCKERCFG_CONFIG_YAML": f"registries: {{prod: {{server: {ECR}}}}}",
    }
    flags = flags_of(environment, {volume: "/opt/data"})
    started = docker("run", "--detach", "--network=host", *flags, IMAGE, "/opt/data/dockercfg")
    assert started.code == 0, started.stderr
    name = started.stdout.strip()
    try:
        deadline = time.monotonic() + 20
        while not ecr.token_calls and time.monotonic() < deadline:
            time.sleep(0.02)
        asked = time.monotonic()
        assert docker("stop", "--time=30", name).code == 0
        # a moment; without a handler it would be the 30 s, and 137
        assert time.monotonic() - asked < 15
        assert docker("inspect", "--format={{.State.ExitCode}}", name).stdout.strip() == "143"
        assert "stopped by signal 15" in docker("logs", name).stderr
    finally:
        docker("rm", "--force", name)
    assert not list(volume.iterdir())


def test_the_log_comes_while_it_runs_and_the_secret_never(volume: Path) -> None:
    """CI shows the log of the container as it comes: nothing may wait in a buffer."""
    fifo = volume / "fifo"
    subprocess.run(["mkfifo", str(fifo)], check=True)
    environment = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": CANARY}
    flags = flags_of(environment, {volume: "/opt/data"})
    job = subprocess.Popen(
        ["docker", "run", "--rm", "--network=none", *flags, IMAGE, "/opt/data/fifo"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert job.stderr is not None
    # the pipe has no reader yet: the run waits for one, and has said what it is about to write
    first = job.stderr.readline()
    assert "https://index.docker.io/v1/" in first
    assert (
        CANARY
        in base64.b64decode(json.loads(fifo.read_text())["auths"].popitem()[1]["auth"]).decode()
    )
    _, rest = job.communicate(timeout=20)
    assert job.returncode == 0
    assert CANARY not in first + rest
