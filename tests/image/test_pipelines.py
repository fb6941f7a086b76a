"""The scripts of the examples' pipelines, run as they stand with the real image."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.backends.vault.vault import JwtIssuer, Vault
from tests.e2e.command import CANARY
from tests.examples.pipelines import KUBERNETES, config_of, login_script_of, text_of
from tests.parts.ci_server import running_ci_server
from tests.parts.container import run_image
from tests.parts.ecr import EcrStandIn
from tests.parts.openbao import dev_server
from tests.parts.skopeo import Skopeo

pytestmark = pytest.mark.image

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
VAULT = "https://vault.example:8200"


def run_script(
    pipeline: str, folder: Path, environment: Mapping[str, str], config: str = ""
) -> Path:
    """Run a pipeline's login script; return the config.json that it leaves.

    Its ``docker run`` gets the host's network, where the servers of the test are, and hands those
    variables through that lead AWS's SDK to them; everything else is as it stands.
    """
    shim = folder / "bin"
    shim.mkdir()
    (shim / "docker").write_text(
        '#!/bin/sh\nshift\nexec "$REAL_DOCKER" run --network=host'
        ' $(env | sed -n "s/^\\(AWS_E[A-Z0-9_]*\\)=.*/-e \\1/p") "$@"\n'
    )
    (shim / "docker").chmod(0o755)
    real = subprocess.run(["which", "docker"], capture_output=True, text=True, check=True).stdout
    left = folder / "left"
    left.mkdir()
    # some scripts remove it themselves at their end
    keep = '\ncp "$DOCKER_CONFIG/config.json" "$KEPT"'
    done = subprocess.run(
        ["bash", "-euc", login_script_of(pipeline) + keep],
        cwd=folder,
        env={
            "PATH": f"{shim}:{os.environ['PATH']}",
            "REAL_DOCKER": real.strip(),
            "DOCKER_HOST": os.environ.get("DOCKER_HOST", ""),
            "HOME": str(folder),
            "DOCKER_CONFIG": str(folder / ".docker"),
            "KEPT": str(left),
            "RUNNER_TEMP": str(folder / "runner-temp"),
            "GITHUB_ENV": str(folder / "github-env"),
            "DOCKERCFG_CONFIG_YAML": config or config_of(pipeline),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    return left / "config.json"


def logins(path: Path, *servers: str) -> list[str]:
    """Return the user names that a real client picks."""
    return [Skopeo(path, path.parent).login_of(server) for server in servers]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault with Harbor's login in it, and a policy to read it."""
    folder = tmp_path / "bao"
    folder.mkdir()
    with dev_server(folder) as bao:
        vault = Vault(bao.url, "", bao.client(), folder)
        vault.policy()
        vault.put("ci/harbor", username="robot$ci", password=CANARY)
        yield vault


def test_github_actions(vault: Vault, tmp_path: Path) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    config = config_of("github-actions/push.yml").replace(VAULT, vault.url)
    with running_ci_server({"value": issuer.token()}) as github:
        environment = {
            "GHCR_TOKEN": CANARY,
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?x=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY,
        }
        file = run_script("github-actions/push.yml", tmp_path, environment, config)
    assert github.calls[0].query["audience"] == ["https://vault.example"]
    assert logins(file, "ghcr.io", "harbor.acme.example") == ["acme-bot", "robot$ci"]


def test_gitlab_ci(vault: Vault, tmp_path: Path) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    config = config_of("gitlab-ci/.gitlab-ci.yml").replace(VAULT, vault.url)
    environment = {"CI_JOB_TOKEN": CANARY, "VAULT_ID_TOKEN": issuer.token()}
    file = run_script("gitlab-ci/.gitlab-ci.yml", tmp_path, environment, config)
    found = logins(file, "registry.gitlab.com", "harbor.acme.example")
    assert found == ["gitlab-ci-token", "robot$ci"]


def test_jenkins(tmp_path: Path) -> None:
    pairs = {"HUB_USR": "acmebot", "HARBOR_USR": "robot$ci"}
    environment = {**pairs, "HUB_PSW": CANARY, "HARBOR_PSW": CANARY}
    file = run_script("jenkins/Jenkinsfile", tmp_path, environment)
    assert logins(file, "docker.io", "harbor.acme.example") == ["acmebot", "robot$ci"]


def test_buildkite_and_its_cache(ecr: EcrStandIn, tmp_path: Path) -> None:
    file = run_script("buildkite/pipeline.yml", tmp_path, ecr.environment)
    assert logins(file, ECR, "public.ecr.aws") == ["AWS", "AWS"]
    assert list((tmp_path / ".cache" / "dockercfg").glob("grant-*"))


def test_circleci(tmp_path: Path) -> None:
    environment = {"HUB_TOKEN": CANARY, "QUAY_TOKEN": CANARY}
    file = run_script("circleci/config.yml", tmp_path, environment)
    assert logins(file, "docker.io", "quay.io") == ["acmebot", "acme+ci"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to fsGroup")
def test_the_init_container_of_kubernetes(ecr: EcrStandIn, volume: Path) -> None:
    """What the kubelet makes of the manifest, in the engine's words."""
    job = list(yaml.safe_load_all(text_of(KUBERNETES)))[-1]["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["initContainers"]
    locked, whole_pod = container["securityContext"], pod["securityContext"]
    assert locked["readOnlyRootFilesystem"]
    # an emptyDir belongs to root; fsGroup gives the group the right to write
    volume.chmod(0o2770)
    os.chown(volume, 0, whole_pod["fsGroup"])
    ran = run_image(
        *container["args"],
        environment={**_variables(container, {"harbor/password": CANARY}), **ecr.environment},
        volumes={volume: container["volumeMounts"][0]["mountPath"]},
        image=container["image"],
        flags=(
            "--read-only",
            *(f"--cap-drop={name}" for name in locked["capabilities"]["drop"]),
            f"--user={whole_pod['runAsUser']}:0",
            f"--group-add={whole_pod['fsGroup']}",
        ),
        network="host",
    )
    assert ran.code == 0, ran.stderr
    auths = json.loads((volume / ".dockerconfigjson").read_text())["auths"]
    assert sorted(auths) == [ECR, "harbor.acme.example"]


def _variables(container: Any, secrets: Mapping[str, str]) -> dict[str, str]:
    variables = {}
    for item in container["env"]:
        if "value" in item:
            variables[item["name"]] = item["value"]
        else:
            reference = item["valueFrom"]["secretKeyRef"]
            variables[item["name"]] = secrets[f"{reference['name']}/{reference['key']}"]
    return variables


def test_the_service_of_compose(volume: Path) -> None:
    service = yaml.safe_load(text_of("compose/compose.yaml"))["services"]["dockercfg"]
    assert service["read_only"]
    ran = run_image(
        *service["command"],
        environment={
            "HARBOR_PASSWORD": CANARY,
            "DOCKERCFG_CONFIG_YAML": config_of("compose/compose.yaml"),
        },
        volumes={volume: service["volumes"][0].partition(":")[2]},
        image=service["image"],
        flags=("--read-only", *(f"--cap-drop={name}" for name in service["cap_drop"])),
    )
    assert ran.code == 0, ran.stderr
    assert logins(volume / "config.json", "harbor.acme.example") == ["robot$ci"]
