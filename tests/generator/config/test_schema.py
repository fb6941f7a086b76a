"""The schema takes what we take, and refuses what can be told from the text alone."""

import json
import re
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
from jsonschema import Draft202012Validator

import generator.config
from generator.config.schema import config_schema
from tests.generator.config.editor import underlined

ROOT = Path(__file__).parents[3]
STORED = Path(generator.config.__file__).with_name("schema.json")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def texts() -> list[str]:
    """Return every config that the README, the pages and the examples show."""
    folders = (ROOT / "examples", ROOT / "docs")
    pages = [ROOT / "README.md", *(page for folder in folders for page in folder.rglob("*.md"))]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"```ya?ml\n(.*?)```", page.read_text(), re.DOTALL)
    ]
    files = [path.read_text() for path in (ROOT / "examples").rglob("*.y*ml")]
    configs = [text for text in (*blocks, *files) if re.search(r"^registries:", text, re.MULTILINE)]
    # another package's kinds are in the schema of who has it installed
    return [text for text in configs if not any(kind in text for kind in kinds_of_examples())]


def kinds_of_examples() -> set[str]:
    projects = [tomllib.loads(p.read_text()) for p in (ROOT / "examples").rglob("pyproject.toml")]
    groups = [group for p in projects for group in p["project"]["entry-points"].values()]
    return {kind for group in groups for kind in group}


def test_the_stored_schema_is_the_true_one() -> None:
    told = "run: make docs"
    assert json.loads(STORED.read_text()) == config_schema(), told


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(config_schema())


@pytest.mark.parametrize("text", texts())
def test_every_example_is_good(text: str) -> None:
    assert underlined(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "registries: {r: {server: r.io, username: 0123, credentials: env:T, optional: yes}}",
        "registries: {r: {server: https://PUBLIC.ecr.aws/, role_arn: }}",
        f"registries: {{r: {{server: 'https://{ECR}/', role_duration: 1h30m, role_chain: []}}}}",
        "registries: {r: {provider: ecr, region: eu-west-1}}",
        "registries: {r: {provider: , server: r.io, username: no, credentials: 'file:a b'}}",
        "registries: {r: {server: gcr.io, method: json_key, credentials: {key: 'file:k'}}}",
        "registries: {r: {server: us.icr.io, credentials: {from: 'file:k', fields: {api_key: 1}}}}",
        "registries: {r: {preset: ghcr}, s: {preset: quay, provider: static, username: a+b}}",
        "registries: {r: {preset: nvidia, server: n.io, credentials: {username: env:U}}}",
        "registries: {r: {preset: , server: r.io, credentials: env:T}}",
        "registries: {r: {server: r.io, credentials: {password: env:T, expires_at: env:E}}}",
        f"registries: {{r: {{server: {ECR}, allow_http: off, endpoint: 'http://[::1]:1/x'}}}}",
        """
        output: {mode: 0600, format: legacy, merge: on}
        cache: {dir: 2024, min_validity: 1h, max_age: }
        timeout: 90s
        backends:
          env:
          vault: {address: https://v:8200, skip_verify: false, auth: {method: jwt, role: 7}}
          other:
            type: openbao
            auth: {method: approle, credentials: {role_id: env:R, secret_id: env:S}}
          shop: {type: aws-sm, region: eu-west-1}
        registries: {r: {server: r.io, credentials: arn:aws:ssm:eu-west-1:1:parameter/x}}
        """,
    ],
)
def test_what_we_take_is_not_underlined(text: str) -> None:
    assert underlined(dedent(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "registries: {}",
        "registries: [a]",
        "registries: {r: {username: u}}",
        "registries: {r: {server: r.io, credentials: hunter2}}",
        "registries: {r: {server: r.io, username: u}}",
        "registries: {r: {server: r.io, password: env:T, credentials: env:T}}",
        "registries: {r: {server: r.io, usernam: u, credentials: env:T}}",
        "registries: {r: {server: r.io, provider: statik, credentials: env:T}}",
        "registries: {r: {server: r.io, optional: perhaps, credentials: env:T}}",
        "registries: {r: {server: r.io, aliases: s.io, credentials: env:T}}",
        "registries: {r: {server: r.io, credentials: {passwrod: env:T}}}",
        "registries: {r: {server: r.io, credentials: {from: env:T, field: {}}}}",
        "registries: {r: {preset: gchr}}",
        "registries: {r: {preset: ghcr, provider: ecr}}",
        "registries: {r: {preset: ghcr, region: eu-west-1}}",
        "registries: {r: {preset: ghcr, credentials: hunter2}}",
        "registries: {r: {preset: }}",
        "registries: {r: {provider: ecr, region: Ireland}}",
        f"registries: {{r: {{server: {ECR}, role_arn: ci}}}}",
        f"registries: {{r: {{server: {ECR}, username: u}}}}",
        f"registries: {{r: {{server: {ECR}, endpoint: ftp://x}}}}",
        "cach: {}\nregistries: {r: {server: r.io, credentials: env:T}}",
        "timeout: 60\nregistries: {r: {server: r.io, credentials: env:T}}",
        "output: {mode: 8}\nregistries: {r: {server: r.io, credentials: env:T}}",
        "output: {format: xml}\nregistries: {r: {server: r.io, credentials: env:T}}",
        "backends: {v: {address: x}}\nregistries: {r: {server: r.io, credentials: env:T}}",
        "backends: {v: {type: volt}}\nregistries: {r: {server: r.io, credentials: env:T}}",
        "backends: {vault: {addres: x}}\nregistries: {r: {server: r.io, credentials: env:T}}",
        """
        backends: {vault: {auth: {credentials: {token: hunter2}}}}
        registries: {r: {server: r.io, credentials: env:T}}
        """,
    ],
)
def test_what_the_text_alone_tells_is_underlined(text: str) -> None:
    assert underlined(dedent(text))


def test_settings_are_described_by_their_docstrings() -> None:
    ecr = config_schema()["$defs"]["registry.ecr"]["properties"]
    assert ecr["role_arn"]["description"] == "A role to assume first."
    assert ecr["region"]["description"].startswith("Only where no server is named")
