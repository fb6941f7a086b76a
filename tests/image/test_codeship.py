"""CodeShip's pipelines of ``examples/codeship``: the image, real registries, a real docker client.

Hosts of the examples stand for registries on loopback. ECR's own host can not: its registry here
is one more server address of the same token.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.codeship.files import read_services
from tests.codeship.platform import Platform, StepFailed
from tests.e2e.command import CANARY
from tests.parts.container import ROOT
from tests.parts.ecr import EcrStandIn
from tests.parts.openbao import READ_CI, OpenBao, dev_server
from tests.parts.registry import registry, token_registry
from tests.parts.token_server import token_server

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as CodeShip's own user"),
]

EXAMPLES = ROOT / "examples" / "codeship"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GHCR, HARBOR = "ghcr.io", "harbor.acme.example"
GHCR_TOKEN, HARBOR_PASSWORD = f"{CANARY}-ghcr", f"{CANARY}:harbor"


class Checkout:
    """A copy of an example, with an app to build."""

    def __init__(self, example: str, folder: Path) -> None:
        self.folder = folder / example
        shutil.copytree(EXAMPLES / example, self.folder)
        (self.folder / "hello").write_text(example)
        (self.folder / "Dockerfile").write_text("FROM scratch\nCOPY hello /\n")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text that must be there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def names_of_secrets(self, file: str) -> set[str]:
        """Return the variables that the example's template asks for."""
        lines = (self.folder / file).read_text().splitlines()
        return {line.partition("=")[0] for line in lines}


@pytest.fixture
def parts() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def ecr_registry(parts: ExitStack, tmp_path: Path) -> str:
    """A registry that takes the tokens of the stand-in for ECR's API, and no other."""

    def issued(username: str, password: str) -> bool:
        return username == "AWS" and password.startswith(f"{CANARY}-123456789012-eu-west-1-")

    (tmp_path / "ecr").mkdir()
    tokens = parts.enter_context(token_server(tmp_path / "ecr", issued))
    return parts.enter_context(token_registry(tmp_path / "ecr", tokens))


def harbor_registry(parts: ExitStack, folder: Path) -> str:
    folder.mkdir()
    tokens = parts.enter_context(
        token_server(folder, lambda user, word: (user, word) == ("robot$ci", HARBOR_PASSWORD))
    )
    return parts.enter_context(token_registry(folder, tokens))


def test_one_service_logs_in_to_three_registries_and_pushes_at_once(
    parts: ExitStack, ecr: EcrStandIn, ecr_registry: str, tmp_path: Path
) -> None:
    ghcr = parts.enter_context(registry(tmp_path / "ghcr", "acme-bot", GHCR_TOKEN))
    harbor = harbor_registry(parts, tmp_path / "harbor")
    checkout = Checkout("three-registries", tmp_path)
    registries = "dockercfg/registries.yaml"
    checkout.replace(registries, f"server: {ECR}", f"server: {ECR}\n    aliases: [{ecr_registry}]")
    checkout.replace("codeship-steps.yml", ECR, ecr_registry)
    for host, here in ((GHCR, ghcr), (HARBOR, harbor)):
        checkout.replace(registries, host, here)
        checkout.replace("codeship-steps.yml", host, here)
    secrets = {"GHCR_TOKEN": GHCR_TOKEN, "HARBOR_PASSWORD": HARBOR_PASSWORD}
    asked_for = checkout.names_of_secrets("registries.env.example")
    assert asked_for <= secrets.keys() | ecr.environment.keys()
    platform = Platform(
        checkout.folder, {"registries.env.encrypted": {**secrets, **ecr.environment}}
    )
    platform.build()
    for host in (ecr_registry, ghcr, harbor):
        platform.pull(f"{host}/acme/app:0123abc")
    assert ecr.token_calls == 6
    _show(platform)


def test_a_wrong_secret_fails_the_step_and_the_log_says_why_without_it(
    parts: ExitStack, tmp_path: Path
) -> None:
    with dev_server(_folder(tmp_path, "bao")) as bao:
        platform = _vault_pipeline(parts, bao, tmp_path)
        secrets = dict(platform.secrets["vault.env.encrypted"])
        secrets["VAULT_SECRET_ID"] = f"{CANARY}-wrong"
        platform.secrets = {"vault.env.encrypted": secrets}
        with pytest.raises(StepFailed, match="ended with 77"):
            platform.build()
    assert any("error" in line for line in platform.log)
    assert CANARY not in "".join(platform.log)


def test_vault_holds_the_login(parts: ExitStack, tmp_path: Path) -> None:
    with dev_server(_folder(tmp_path, "bao")) as bao:
        platform = _vault_pipeline(parts, bao, tmp_path)
        platform.build()
    _show(platform)


def _vault_pipeline(parts: ExitStack, bao: OpenBao, folder: Path) -> Platform:
    harbor = harbor_registry(parts, folder / "harbor")
    operator = bao.client()
    login = {"username": "robot$ci", "password": HARBOR_PASSWORD}
    operator.secrets.kv.v2.create_or_update_secret("ci/harbor", login, mount_point="secret")
    operator.sys.create_or_update_policy("ci", READ_CI)
    operator.sys.enable_auth_method("approle")
    role = operator.auth.approle
    role.create_or_update_approle("ci", token_policies=["ci"], token_ttl="5m")
    secrets = {
        "VAULT_ROLE_ID": role.read_role_id("ci")["data"]["role_id"],
        "VAULT_SECRET_ID": role.generate_secret_id("ci")["data"]["secret_id"],
    }
    checkout = Checkout("vault", folder)
    assert checkout.names_of_secrets("vault.env.example") == secrets.keys()
    checkout.replace("codeship-services.yml", "https://vault.example:8200", bao.url)
    checkout.replace("codeship-services.yml", HARBOR, harbor)
    checkout.replace("codeship-steps.yml", HARBOR, harbor)
    return Platform(checkout.folder, {"vault.env.encrypted": secrets})


def test_the_cache_on_a_host_volume_saves_all_calls_but_one(
    parts: ExitStack, ecr: EcrStandIn, ecr_registry: str, tmp_path: Path
) -> None:
    checkout = Checkout("cached", tmp_path)
    checkout.replace(
        "codeship-services.yml",
        f"{{server: {ECR}}}",
        f"{{server: {ECR}, aliases: ['{ecr_registry}']}}",
    )
    checkout.replace("codeship-steps.yml", ECR, ecr_registry)
    ecr.delay_s = 0.5
    first = Platform(checkout.folder, {"aws.env.encrypted": ecr.environment})
    first.build()
    assert ecr.token_calls == 1
    assert sum(": fetched" in line for line in first.log) == 1
    second = Platform(checkout.folder, {"aws.env.encrypted": ecr.environment})
    second.build()
    second.pull(f"{ecr_registry}/acme/app:main")
    assert ecr.token_calls == 1
    assert sum(": cached" in line for line in second.log) == 3
    assert (checkout.folder / "tmp/dockercfg-cache/.gitignore").read_text() == "*\n"
    _show(first)
    _show(second)


def test_every_generator_of_the_examples_is_the_image_and_needs_no_socket() -> None:
    for folder in EXAMPLES.glob("*/"):
        generator = read_services(folder)["dockercfg_generator"]
        assert generator.image == "dockercfg-generator:1"


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def _show(platform: Platform) -> None:
    """What a person reads on the build page; it is public."""
    text = "\n".join(platform.log)
    print(text)
    assert CANARY not in text
