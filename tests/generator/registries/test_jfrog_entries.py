"""What an entry of a JFrog platform may say."""

from typing import Any

import pytest

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.errors import ConfigError
from generator.settings import Settings

OIDC = "provider: jfrog, server: acme.jfrog.io, provider_name: github"
MADE = "provider: jfrog, server: acme.jfrog.io, method: access_token"


def problems(entry: str, **allowed: Any) -> list[str]:
    settings = Settings("-", config_yaml=f"registries: {{r: {{{entry}}}}}", **allowed)
    try:
        load_config(settings, {}, RecordedInputs())
    except ConfigError as error:
        return [problem.path[-1] for _, problem in error.problems]
    return []


@pytest.mark.parametrize(
    "entry",
    [
        OIDC,
        f"{OIDC}, credentials: {{oidc_token: env:T}}",
        f"{OIDC}, credentials: {{from: env:T, fields: {{oidc_token: t}}}}",
        f"{OIDC}, username: ci",
        f"{MADE}, credentials: env:T",
        f"{MADE}, credentials: {{access_token: env:T}}, username: ci",
        f"{MADE}, credentials: {{username: env:U, password: env:P}}",
        f"{MADE}, credentials: {{password: env:P}}, username: ci",
        "provider: jfrog, server: 'artifacts.acme.example:8443', provider_name: github",
        f"{OIDC.replace('acme.', 'acme-docker.')}, endpoint: 'https://acme.jfrog.io'",
    ],
)
def test_what_makes_sense_is_taken(entry: str) -> None:
    assert problems(entry) == []


@pytest.mark.parametrize(
    ("entry", "places"),
    [
        ("provider: jfrog, provider_name: github", ["server"]),
        ("provider: jfrog, server: docker.io, provider_name: github", ["server"]),
        ("provider: jfrog, server: acme-docker.jfrog.io, provider_name: github", ["server"]),
        ("provider: jfrog, server: acme.jfrog.io", ["provider_name"]),
        (
            f"{OIDC}, scope: x, expires_in: 1h, description: x",
            ["scope", "expires_in", "description"],
        ),
        (f"{OIDC}, credentials: env:T", ["credentials"]),
        (f"{OIDC}, credentials: {{access_token: env:T}}", ["access_token"]),
        (f"{OIDC}, credentials: {{username: env:U, password: env:P}}", ["password", "username"]),
        (f"{OIDC}, expires_in: 1m", ["expires_in"]),
        (f"{OIDC}, username: 'a:b'", ["username"]),
        (MADE, ["credentials"]),
        (f"{MADE}, credentials: env:T, provider_name: x", ["provider_name"]),
        (f"{MADE}, credentials: env:T, identity_mapping_name: x", ["identity_mapping_name"]),
        (f"{MADE}, credentials: {{oidc_token: env:T}}", ["oidc_token", "credentials"]),
        (f"{MADE}, credentials: {{password: env:P}}", ["password"]),
        (f"{MADE}, credentials: {{username: env:P}}", ["credentials"]),
        (
            f"{MADE}, credentials: {{access_token: env:T, password: env:P, username: env:U}}",
            ["password"],
        ),
    ],
)
def test_what_contradicts_itself_is_told_all_at_once(entry: str, places: list[str]) -> None:
    assert problems(entry) == places


def test_a_user_name_makes_an_entry_static_unless_its_kind_is_named() -> None:
    entry = "server: acme.jfrog.io, username: ci, credentials: {password: env:P}"
    settings = Settings("-", config_yaml=f"registries: {{r: {{{entry}}}}}")
    assert load_config(settings, {}, RecordedInputs()).entries[0].provider == "static"


def test_where_endpoints_are_bound_the_server_that_is_asked_is_one() -> None:
    named = f"{OIDC}, credentials: {{oidc_token: env:T}}"
    assert problems(named, allow_endpoints=("https://acme.jfrog.io",)) == []
    assert problems(named, allow_endpoints=("https://*.example",)) == ["server"]
    asked = f"{named}, endpoint: 'https://jfrog.example'"
    assert problems(asked, allow_endpoints=("https://*.example",)) == []
    quay = "provider: quay, robot: acme+ci, server: evil.test, credentials: env:T"
    assert problems(quay, allow_endpoints=("https://quay.io",)) == ["server"]
