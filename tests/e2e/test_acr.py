"""Azure's registries through the command, each answer under Microsoft's own host names."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import CANARY, Ran, run
from tests.parts.azure import (
    CLIENT,
    CLIENT_SECRET,
    HOST,
    MANAGER,
    SUBJECT,
    TENANT,
    entra_error,
    job_jwt,
    registry_error,
    unsigned_jwt,
)
from tests.parts.azure_certificates import client_certificate
from tests.parts.ci_server import running_ci_server
from tests.parts.world import World, world

IDS = f"tenant_id: {TENANT}, client_id: {CLIENT}"
SECRET = f"{{server: {HOST}, {IDS}, credentials: env:KEY}}"


class Pipeline:
    """A folder with a cache and the file to write, in a world that answers as Azure does."""

    def __init__(self, folder: Path, made: World) -> None:
        self.folder, self.world, self.azure = folder, made, made.azure
        self.target = folder / "dockercfg"

    def run(self, entry: str = SECRET, *arguments: str, **environment: str) -> Ran:
        ran = run(
            self.target,
            *arguments,
            environment={
                "KEY": CLIENT_SECRET,
                "DOCKERCFG_CONFIG_YAML": f"registries: {{r: {entry}}}",
                "DOCKERCFG_CACHE_DIR": str(self.folder / "cache"),
                **self.world.net.environment,
                **environment,
            },
        )
        assert CANARY not in ran.output
        # the beginning of every token that the stand-ins make
        assert "e30." not in ran.output
        assert "Traceback" not in ran.output
        return ran

    @property
    def auths(self) -> dict[str, str]:
        document = json.loads(self.target.read_text())["auths"]
        return {key: base64.b64decode(v["auth"]).decode() for key, v in document.items()}


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with world(tmp_path) as made:
        yield Pipeline(tmp_path, made)


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_the_first_run_makes_two_calls_and_the_second_none(
    pipeline: Pipeline, log_format: str
) -> None:
    talkative = ("--log-level", "debug", "--log-format", log_format)
    first = pipeline.run(SECRET, *talkative)
    second = pipeline.run(SECRET, *talkative)
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert ("fetched" in first.stderr, "cached" in second.stderr) == (True, True)
    assert len(pipeline.azure.paths) == 2
    assert pipeline.world.net.asked == {"login.microsoftonline.com": 1, HOST: 1}
    assert pipeline.auths[HOST].startswith("00000000-0000-0000-0000-000000000000:e30.")
    stored = b"".join(path.read_bytes() for path in (pipeline.folder / "cache").iterdir())
    assert CLIENT_SECRET.encode() not in stored


@pytest.mark.parametrize(
    ("plans", "code", "reference", "requests"),
    [
        ({"token": [entra_error(7000222)]}, 77, "azure-secret-expired", 1),
        ({"token": [entra_error(90002, status=400)]}, 77, "azure-tenant-unknown", 1),
        ({"token": [(500, {})] * 3}, 69, "azure-unavailable", 3),
        ({"token": [b"<html>"]}, 76, "azure-answer-implausible", 1),
        ({"exchange": [registry_error(401, CANARY)] * 2}, 77, "acr-not-authorized", 4),
        ({"exchange": [registry_error(403, CANARY)]}, 77, "acr-network-refused", 2),
        ({"exchange": [registry_error(404, CANARY)]}, 78, "acr-registry-unknown", 2),
        ({"exchange": [(500, {})] * 3}, 69, "acr-unavailable", 4),
        ({"exchange": [b'{"refresh_token": "e30']}, 76, "acr-answer-implausible", 2),
    ],
)
@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_failure_says_what_happened_and_leaves_the_file(
    pipeline: Pipeline,
    plans: dict[str, list[Any]],
    code: int,
    reference: str,
    requests: int,
    log_format: str,
) -> None:
    pipeline.target.write_text("as it was")
    for name, answers in plans.items():
        pipeline.azure.plans[name].extend(answers)
    ran = pipeline.run(SECRET, "--log-level", "debug", "--log-format", log_format)
    assert (ran.code, reference in ran.stderr) == (code, True), ran.stderr
    assert len(pipeline.azure.paths) == requests
    assert pipeline.target.read_text() == "as it was"


@pytest.mark.parametrize("change", [{"exp": 1}, {"exp": 32_000_000_000_000}, {"exp": None}])
def test_an_expiry_that_makes_no_sense_is_not_written(
    pipeline: Pipeline, change: dict[str, Any]
) -> None:
    pipeline.azure.exchanged = change
    ran = pipeline.run()
    assert (ran.code, pipeline.target.exists()) == (76, False)


def test_a_registry_that_takes_only_the_managers_tokens_costs_two_calls_more(
    pipeline: Pipeline,
) -> None:
    pipeline.azure.taken = (MANAGER,)
    assert pipeline.run().code == 0
    assert len(pipeline.azure.paths) == 4


def test_a_clock_ten_minutes_off_is_named_and_no_failure(pipeline: Pipeline) -> None:
    pipeline.azure.date_offset_s = 600
    ran = pipeline.run()
    assert ran.code == 0
    assert "clock" in ran.stderr


def test_a_wrong_password_of_a_certificate_asks_nobody(pipeline: Pipeline) -> None:
    credentials = "credentials: {certificate: env:PEM, certificate_password: env:PASSWORD}"
    pem = client_certificate().pem("right")
    ran = pipeline.run(f"{{server: {HOST}, {IDS}, {credentials}}}", PEM=pem, PASSWORD=CANARY)
    assert ran.code == 78
    assert "azure-certificate-unusable" in ran.stderr
    assert pipeline.world.requests == 0


def test_jobs_of_one_project_share_the_token_that_ones_oidc_token_earned(
    pipeline: Pipeline,
) -> None:
    with running_ci_server({"value": job_jwt()}) as ci:
        entry = f"{{server: {HOST}, aliases: [cr.example.com]}}"
        environment = {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci.url}/?x=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": unsigned_jwt({"oidc_sub": SUBJECT, "jti": "1"}),
        }
        first = pipeline.run(entry, **environment)
    another = unsigned_jwt({"oidc_sub": SUBJECT, "jti": "2"})
    second = pipeline.run(entry, **environment | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": another})
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert sorted(pipeline.auths) == sorted([HOST, "cr.example.com"])
    assert len(pipeline.azure.paths) == 2


def test_a_machines_identity_is_asked_where_nothing_else_is_named(pipeline: Pipeline) -> None:
    place = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": pipeline.azure.plain_url}
    ran = pipeline.run(f"{{server: {HOST}}}", **place)
    assert ran.code == 0, ran.stderr
    assert pipeline.azure.paths[0].startswith("/metadata/identity/oauth2/token")


def test_look_alikes_are_refused_before_anything_is_asked(pipeline: Pipeline) -> None:
    ran = pipeline.run(SECRET.replace(HOST, f"{HOST}.evil.example"))
    assert ran.code == 78
    assert "not a host of Azure's registries" in ran.stderr
    assert pipeline.world.requests == 0
