"""The variables of CodeShip's six images: alone and together, read back by real clients."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, Ran, run
from tests.parts.docker_cli import docker_cli
from tests.parts.google import service_account_key
from tests.parts.ibm import API_KEY
from tests.parts.skopeo import Skopeo
from tests.parts.world import World, world

HUB = "https://index.docker.io/v1/"
OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
OTHERS = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
GCR = [f"{name}gcr.io" for name in ("", "us.", "eu.", "asia.", "b.", "bucket.", "appengine.")]

DOCKER = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": f"{CANARY} * 'x:"}
AWS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIACODESHIP",
    "AWS_SECRET_ACCESS_KEY": CANARY,
}
GOOGLE = {
    "GOOGLE_AUTH_JSON": service_account_key(),
    "GOOGLE_AUTH_EMAIL": "ci@project.iam.gserviceaccount.com",
    "GOOGLE_PROJECT_ID": "project",
}
AZURE = {
    "AZURE_USERNAME": "team",
    "AZURE_PASSWORD": CANARY,
    "AZURE_REGISTRY_NAME": "team.azurecr.io",
}
HEROKU = {"HEROKU_API_KEY": CANARY}
IBM = {"BLUEMIX_API_KEY": API_KEY}

SETS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "docker": (DOCKER, {HUB: "ci"}),
    "docker, another registry": ({**DOCKER, "DOCKER_REGISTRY": "quay.io"}, {"quay.io": "ci"}),
    "aws": (AWS, {OWN: "AWS"}),
    "aws, as a role": (
        {**AWS, "AWS_STS_ROLE": "ci", "AWS_STS_ACCOUNT": "444455556666"},
        {OTHERS: "AWS"},
    ),
    "aws, public": ({**AWS, "ECR_PUBLIC": ""}, {"public.ecr.aws": "AWS"}),
    "google": (GOOGLE, dict.fromkeys(GCR, "oauth2accesstoken")),
    "azure": (AZURE, {"team.azurecr.io": "team"}),
    "azure, as the documentation has it": (
        {
            **{name: AZURE[name] for name in ("AZURE_USERNAME", "AZURE_PASSWORD")},
            "AZURE_REGISTRY": "team.azurecr.io",
        },
        {"team.azurecr.io": "team"},
    ),
    "heroku": (HEROKU, {"registry.heroku.com": "_"}),
    "ibm": (IBM, dict.fromkeys(["us.icr.io", "registry.ng.bluemix.net"], "iambearer")),
    "all six": (
        DOCKER | AWS | GOOGLE | AZURE | HEROKU | IBM,
        {
            HUB: "ci",
            OWN: "AWS",
            **dict.fromkeys(GCR, "oauth2accesstoken"),
            "team.azurecr.io": "team",
            "registry.heroku.com": "_",
            **dict.fromkeys(["us.icr.io", "registry.ng.bluemix.net"], "iambearer"),
        },
    ),
}


@pytest.fixture(name="world")
def every_cloud(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def generate(world: World, target: Path, variables: dict[str, str]) -> Ran:
    return run(target, environment={**variables, **world.net.environment})


def users(dockercfg: Path) -> dict[str, str]:
    auths = json.loads(dockercfg.read_text())["auths"]
    pairs = {key: base64.b64decode(value["auth"]).decode() for key, value in auths.items()}
    return {key: pair.partition(":")[0] for key, pair in pairs.items()}


@pytest.mark.parametrize("name", SETS)
def test_each_set_gives_the_keys_and_users_of_its_image(
    name: str, world: World, tmp_path: Path
) -> None:
    variables, expected = SETS[name]
    target = tmp_path / "dockercfg"
    ran = generate(world, target, variables)
    assert ran.code == 0, ran.stderr
    assert users(target) == expected
    assert CANARY not in ran.output


def test_real_clients_find_every_login(world: World, tmp_path: Path) -> None:
    variables, expected = SETS["all six"]
    target = tmp_path / "dockercfg"
    assert generate(world, target, variables).code == 0
    skopeo = Skopeo(target, tmp_path)
    with docker_cli(target, tmp_path / "c") as docker:
        for address, username in expected.items():
            host = "docker.io" if address == HUB else address
            assert skopeo.login_of(host) == username, address
            assert docker.login_for(f"{host}/team/app:1") == username, address
        assert docker.login_for("registry.example/team/app:1") is None


def test_a_password_reaches_the_file_as_it_is(world: World, tmp_path: Path) -> None:
    target = tmp_path / "dockercfg"
    assert generate(world, target, DOCKER).code == 0
    auth = json.loads(target.read_text())["auths"][HUB]["auth"]
    assert base64.b64decode(auth).decode() == f"ci:{DOCKER['DOCKER_PASSWORD']}"


def test_without_the_companys_ca_nobody_is_believed(world: World, tmp_path: Path) -> None:
    environment = {**AWS, **GOOGLE, **IBM, "HTTPS_PROXY": world.net.url}
    ran = run(tmp_path / "dockercfg", environment=environment)
    assert ran.code == 69
    assert ran.stderr.count("tls-not-trusted") == 3
    assert (world.ecr.token_calls, world.google.paths, world.services["ibm"].asked) == (0, [], [])
