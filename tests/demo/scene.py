"""The parts of the demo, with secrets in them."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.parts.ecr import CANARY, EcrStandIn
from tests.parts.moto import Moto, running_moto
from tests.parts.openbao import READ_CI, OpenBao, dev_server
from tests.parts.registry import registry

__all__ = ["CANARY", "ECR_HOST", "Scene", "set_up"]

ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
_CONFIG = """\
cache: {{dir: cache}}
backends:
  vault:
    address: {vault}
    auth:
      method: approle
      credentials: {{role_id: env:VAULT_ROLE_ID, secret_id: file:secret-id}}
registries:
  prod:
    server: {ecr}
    credentials: vault:secret/ci/aws
  team:
    server: {team}
    username: ci-bot
    credentials: {{password: env:TEAM_PASSWORD}}
  partner:
    server: {partner}
    credentials: aws-sm:ci/partner
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that runs, and the environment of a job among it."""

    folder: Path
    bao: OpenBao
    moto: Moto
    ecr: EcrStandIn
    team: str
    partner: str
    config: Path
    environment: dict[str, str]


def set_up(stack: ExitStack, folder: Path) -> Scene:
    """Start all parts, and put secrets where the config says they are."""
    (folder / "bao").mkdir()
    bao = stack.enter_context(dev_server(folder / "bao"))
    moto = stack.enter_context(running_moto())
    ecr = stack.enter_context(EcrStandIn())
    team = stack.enter_context(registry(folder / "team", "ci-bot", f"{CANARY}:team"))
    partner = stack.enter_context(registry(folder / "partner", "robot$ci", f"{CANARY}-partner"))
    role_id = _store_aws_keys(bao, folder)
    pair = {"username": "robot$ci", "password": f"{CANARY}-partner"}
    secrets = moto.client("secretsmanager")
    secrets.create_secret(Name="ci/partner", SecretString=json.dumps(pair))
    config = folder / "registries.yaml"
    config.write_text(_CONFIG.format(vault=bao.url, ecr=ECR_HOST, team=team, partner=partner))
    environment = {
        **ecr.environment,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url,
        "AWS_REGION": "eu-west-1",
        "DOCKERCFG_CONFIG": str(config),
        "TEAM_PASSWORD": f"{CANARY}:team",
        "VAULT_ROLE_ID": role_id,
    }
    return Scene(folder, bao, moto, ecr, team, partner, config, environment)


def _store_aws_keys(bao: OpenBao, folder: Path) -> str:
    """Put AWS keys into KV v2, readable by one approle; return its role_id."""
    operator = bao.client()
    keys = {"access_key_id": "AKIADEMO", "secret_access_key": f"{CANARY}-aws"}
    operator.secrets.kv.v2.create_or_update_secret("ci/aws", keys, mount_point="secret")
    operator.sys.create_or_update_policy("ci", READ_CI)
    operator.sys.enable_auth_method("approle")
    role = operator.auth.approle
    role.create_or_update_approle("ci", token_policies=["ci"], token_ttl="5m")
    secret_id = folder / "secret-id"
    secret_id.write_text(role.generate_secret_id("ci")["data"]["secret_id"])
    secret_id.chmod(0o600)
    return str(role.read_role_id("ci")["data"]["role_id"])
