"""What the pages of kinds that take the CI's own token tell a CI's author is what we look for."""

import re

import pytest
import yaml

from backends.ci_sources import id_token_variable
from generator.registries.job_token import OIDC_TOKEN
from generator.registries.loader import BUILT_IN, provider_named
from tests.docs.kinds import PAGES

KINDS = [
    kind
    for kind in BUILT_IN
    if OIDC_TOKEN.name in {field.name for field in provider_named(kind).credential_fields}
]


def blocks(kind: str) -> list[dict[str, object]]:
    text = (PAGES / f"{kind}.md").read_text()
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_at_github_may_ask_for_tokens_and_hands_over_what_it_asks_with(kind: str) -> None:
    permissions = [block["permissions"] for block in blocks(kind) if "permissions" in block]
    assert permissions == [{"contents": "read", "id-token": "write"}]
    text = (PAGES / f"{kind}.md").read_text()
    for name in (
        "GITHUB_ACTIONS",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ):
        assert f"-e {name} " in text


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"dockerhub"}))
def test_a_job_at_gitlab_calls_its_token_as_we_do(kind: str) -> None:
    (job,) = (block["push"] for block in blocks(kind) if "push" in block)
    assert isinstance(job, dict)
    ((name, token),) = job["id_tokens"].items()
    assert name == id_token_variable(token["aud"])
    assert f"-e {name}`" in (PAGES / f"{kind}.md").read_text()
