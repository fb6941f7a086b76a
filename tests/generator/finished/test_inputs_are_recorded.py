"""Whatever a run reads of environment and files is recorded, or the next one could be wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.backends.vault.vault import Vault
from tests.e2e.command import PLAIN_ENVIRONMENT
from tests.parts import oracle
from tests.parts.azure import CLIENT, CLIENT_SECRET, TENANT
from tests.parts.azure import HOST as ACR_HOST
from tests.parts.ecr import EcrStandIn
from tests.parts.google import google, service_account_key
from tests.parts.helper import helper, telling
from tests.parts.ibm import API_KEY
from tests.parts.keys import pkcs8
from tests.parts.moto import running_moto
from tests.parts.openbao import dev_server, namespace
from tests.parts.world import world
from tests.parts.yandex import authorized_key

ROOT = Path(__file__).parents[3]
ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "key"}

# They decide how Python and its packages run, not what they answer: the language of messages,
# whether a compiled part is used, what is traced.
OF_THE_INTERPRETER = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PATH", "SSLKEYLOGFILE"}
OF_THE_INTERPRETER |= {"LANG", "LANGUAGE", "_X_AMZN_TRACE_ID", "PYDANTIC_DISABLE_PLUGINS"}
OF_THE_INTERPRETER |= {"SPHINX_BUILD"}
BEGIN_OF_THE_INTERPRETERS = ("PYTHON", "_PYTHON", "LC_", "COVERAGE_", "COV_")
END_OF_THE_INTERPRETERS = ("_NO_EXTENSIONS", "_DISABLE_EXTENSIONS")

# Who goes through all names, and which they look for.
WHO_LISTS = {
    "generator.settings",  # DOCKERCFG_, which the index is found by
    "generator.finished.inputs",  # to look at what is recorded
    "backends.context",  # a prefix, recorded there
    "urllib.request",  # the proxies' names, recorded by who asks it
    "aiobotocore.utils",  # a copy, of which it looks at AWS_
    "botocore.utils",
}


def watched(folder: Path, environment: Mapping[str, str], config: str) -> dict[str, Any]:
    """Run with a config; return what was read and what was recorded."""
    (folder / "home").mkdir(exist_ok=True)
    (folder / "registries.yaml").write_text(f"cache: {{dir: cache}}\n{config}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.generator.finished.watched_run", str(folder / "d")],
        cwd=ROOT,
        env={
            **PLAIN_ENVIRONMENT,
            "HOME": str(folder / "home"),
            "DOCKERCFG_CONFIG": str(folder / "registries.yaml"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["code"] == 0, done.stderr
    return seen


def unrecorded(seen: Mapping[str, Any], folder: Path) -> set[str]:
    """Return the names and files that were looked at and not recorded."""
    known = ("DOCKERCFG_", *seen["prefixes"], *BEGIN_OF_THE_INTERPRETERS)
    names = {
        name
        for name in set(seen["read"]) - set(seen["variables"]) - OF_THE_INTERPRETER
        if not name.startswith(known) and not name.endswith(END_OF_THE_INTERPRETERS)
    }
    # The cache is checked grant by grant, and the target is written.
    ours = (f"{folder}/cache", f"{folder}/d", f"{folder}/.d")
    files = {
        path
        for path in set(seen["opened"]) - set(seen["files"])
        if path.startswith(f"{folder}/") and not path.startswith(ours)
    }
    return names | files


def check(folder: Path, environment: Mapping[str, str], config: str) -> None:
    known_files: list[str] = []
    for _ in ("cold", "warm"):
        seen = watched(folder, environment, config)
        # what the cold run has looked at is in the index, and looked at from then on
        known_files += seen["files"]
        seen["files"] = known_files
        assert unrecorded(seen, folder) == set()
        assert set(seen["listed_by"]) <= WHO_LISTS
        assert seen["ruled_out"] is None


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


def test_of_a_key_in_variables_a_role_and_a_password_in_a_file(
    tmp_path: Path, ecr: EcrStandIn
) -> None:
    (tmp_path / "password").write_text("secret\n")
    check(
        tmp_path,
        ecr.environment,
        "registries:\n"
        f"  prod: {{server: {ECR_HOST}, role_arn: 'arn:aws:iam::123456789012:role/x'}}\n"
        "  hub: {server: docker.io, username: ci, credentials: file:password}\n",
    )


def test_of_presets(tmp_path: Path) -> None:
    check(
        tmp_path,
        {"GITHUB_ACTOR": "octocat", "GH_TOKEN": "t", "SCW_DEFAULT_REGION": "fr-par", "ENDS": "-1"}
        | {"SCW_SECRET_KEY": "k"},
        "registries:\n"
        "  ghcr: {preset: ghcr}\n"
        "  scaleway: {preset: scaleway}\n"
        "  ends: {server: r.io, username: u, credentials: {password: env:GH_TOKEN, "
        "expires_at: env:ENDS}}\n",
    )


def test_of_sets_that_are_named_and_no_config(tmp_path: Path) -> None:
    check(
        tmp_path,
        {"DOCKERCFG_CONFIG": "", "DOCKERCFG_CACHE_DIR": str(tmp_path / "cache")}
        | {"DOCKERCFG_FROM_ENV": "ghcr,gitlab,docker", "CI_REGISTRY": "registry.gitlab.com"}
        | {"CI_REGISTRY_USER": "gitlab-ci-token", "CI_REGISTRY_PASSWORD": "p"}
        | {"GITHUB_ACTOR": "octocat", "GH_TOKEN": "t"}
        | {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "p"},
        "",
    )


def test_of_what_is_handed_through_and_leaves_no_document(tmp_path: Path) -> None:
    (tmp_path / "docker.json").write_text('{"auths": {"r.io": {"auth": "Y2k6c2VjcmV0"}}}')
    helper(tmp_path, telling("ci", "secret"))
    environment = {"PATH": f"{tmp_path}:{PLAIN_ENVIRONMENT['PATH']}", "ASKED": "1"}
    taken = "{provider: dockercfg, server: r.io, credentials: file:docker.json}"
    run = "{provider: credential-helper, server: s.io, helper: own, environment: [ASKED]}"
    for entry, because in (
        (taken, "the login of own does not come whole from variables or files"),
        (run, "credential-helper can not be compared"),
    ):
        seen = watched(tmp_path, environment, f"registries: {{own: {entry}}}\n")
        assert unrecorded(seen, tmp_path) == set()
        assert seen["ruled_out"] == because
        expected = {"PATH", "HOME", "ASKED"} if entry == run else set()
        assert expected <= set(seen["variables"])
        assert not list((tmp_path / "cache").glob("finished-*[0-9a-f]"))


def test_of_aws_files_a_bundle_and_a_proxy(tmp_path: Path, ecr: EcrStandIn) -> None:
    files = tmp_path / "home" / ".aws"
    files.mkdir(parents=True)
    (files / "config").write_text("[default]\nregion = eu-west-1\n")
    bundle = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    check(
        tmp_path,
        {
            **ecr.environment,
            "AWS_CA_BUNDLE": str(bundle),
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1",
        },
        f"registries: {{prod: {{server: {ECR_HOST}}}}}\n",
    )


def test_of_a_login_to_vault(tmp_path: Path, ecr: EcrStandIn) -> None:
    (tmp_path / "bao").mkdir()
    with dev_server(tmp_path / "bao") as server, namespace(server) as (name, operator):
        vault = Vault(server.url, name, operator, tmp_path)
        vault.put("ci/aws", access_key_id="AKIAEXAMPLE", secret_access_key="key")
        role_id, secret_id = vault.approle()
        (tmp_path / "secret-id").write_text(secret_id)
        check(
            tmp_path,
            {**ecr.environment, "ROLE_ID": role_id},
            f"backends:\n  vault: {{address: '{vault.url}', namespace: {name}, auth: {{method: "
            "approle, credentials: {role_id: env:ROLE_ID, secret_id: file:secret-id}}}\n"
            f"registries: {{prod: {{server: {ECR_HOST}, credentials: 'vault:secret/ci/aws'}}}}\n",
        )


def test_of_secrets_manager(tmp_path: Path, ecr: EcrStandIn) -> None:
    with running_moto() as moto:
        pair = json.dumps({"access_key_id": "AKIAEXAMPLE", "secret_access_key": "key"})
        moto.client("secretsmanager").create_secret(Name="ci/aws", SecretString=pair)
        check(
            tmp_path,
            {**ecr.environment, **moto.environment, **KEYS, "AWS_REGION": "eu-west-1"},
            f"registries: {{prod: {{server: {ECR_HOST}, credentials: 'aws-sm:ci/aws'}}}}\n",
        )


def test_of_a_key_of_google(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(service_account_key())
    with google() as cloud:
        check(
            tmp_path,
            {"GOOGLE_APPLICATION_CREDENTIALS": str(key)},
            f"registries: {{gar: {{server: gcr.io, endpoint: '{cloud.url}'}}}}\n",
        )


def test_of_all_clouds_through_a_proxy(tmp_path: Path) -> None:
    with world(tmp_path) as clouds:
        check(
            tmp_path,
            {
                **KEYS,
                **clouds.net.environment,
                "KEY": service_account_key(),
                "IBM": API_KEY,
                "AZURE_TENANT_ID": TENANT,
                "AZURE_CLIENT_ID": CLIENT,
                "AZURE_CLIENT_SECRET": CLIENT_SECRET,
            },
            "registries:\n"
            f"  ecr: {{server: {ECR_HOST}}}\n"
            "  gar: {server: gcr.io, credentials: env:KEY}\n"
            "  ibm: {server: us.icr.io, credentials: env:IBM}\n"
            f"  acr: {{server: {ACR_HOST}}}\n",
        )


def test_of_keys_that_the_vendors_own_variables_name(tmp_path: Path) -> None:
    yandex_key, oracle_key = tmp_path / "key.json", tmp_path / "key.pem"
    yandex_key.write_text(authorized_key())
    oracle_key.write_text(pkcs8("phrase"))
    with world(tmp_path) as clouds:
        check(
            tmp_path,
            {
                **clouds.net.environment,
                "YC_SERVICE_ACCOUNT_KEY_FILE": str(yandex_key),
                "OCI_CLI_TENANCY": oracle.TENANCY,
                "OCI_CLI_USER": oracle.USER,
                "OCI_CLI_KEY_FILE": str(oracle_key),
                "OCI_CLI_PASSPHRASE": "phrase",
            },
            "registries:\n  yandex: {server: cr.yandex}\n  ocir: {server: fra.ocir.io}\n",
        )


def test_something_that_is_not_recorded_is_found(tmp_path: Path) -> None:
    config = "registries: {hub: {server: docker.io, username: ci, credentials: env:TOKEN}}\n"
    seen = watched(tmp_path, {"TOKEN": "secret"}, config)
    seen["variables"].remove("TOKEN")
    seen["files"].remove(str(tmp_path / "registries.yaml"))
    assert unrecorded(seen, tmp_path) == {"TOKEN", str(tmp_path / "registries.yaml")}


def test_who_can_not_be_compared_rules_a_document_out(tmp_path: Path, ecr: EcrStandIn) -> None:
    environment = {k: v for k, v in ecr.environment.items() if k not in KEYS}
    credentials = tmp_path / "home" / ".aws" / "credentials"
    credentials.parent.mkdir(parents=True)
    credentials.write_text("[default]\naws_access_key_id = AKIA\naws_secret_access_key = key\n")
    seen = watched(tmp_path, environment, f"registries: {{prod: {{server: {ECR_HOST}}}}}\n")
    assert seen["opaque"] == ["aws-credential-chain"]
    assert seen["ruled_out"] == "aws-credential-chain can not be compared"
    assert not list((tmp_path / "cache").glob("finished-*[0-9a-f]"))
