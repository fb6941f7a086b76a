"""What an operator lets a config name."""

from typing import Any

import pytest

from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.errors import ConfigError
from generator.settings import Settings

CONFIG = """
backends:
  vault: {address: "https://vault.example:8200/", auth: {method: agent}}
registries:
  r: {server: r.io, username: u, credentials: "vault:secret/ci/r?version=2#password"}
  e:
    server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    endpoint: https://ecr.example
    credentials: {access_key_id: env:KEY, secret_access_key: env:SECRET}
"""


def problems(**allowed: Any) -> list[str]:
    settings = Settings("-", config_yaml=CONFIG, **allowed)
    try:
        load_config(settings, {}, RecordedInputs())
    except ConfigError as error:
        return [place.partition(" ")[2] for place, _ in error.problems]
    return []


def test_unset_allows_everything() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("globs", "refused"),
    [
        (("vault:secret/ci/*", "env:*"), []),
        (("vault:secret/ci/*", "env:KEY"), ["registries.e.credentials"]),
        (("vault:secret/other/*", "env:*"), ["registries.r.credentials"]),
        ((), ["registries.r.credentials", *["registries.e.credentials"] * 2]),
    ],
)
def test_secrets_are_bound_by_name_and_path(globs: tuple[str, ...], refused: list[str]) -> None:
    assert problems(allow_secrets=globs) == refused


@pytest.mark.parametrize(
    ("globs", "refused"),
    [
        (("r.io", "*.dkr.ecr.*.amazonaws.com"), []),
        (("r.io",), ["registries.e.server"]),
    ],
)
def test_servers_are_bound_by_address(globs: tuple[str, ...], refused: list[str]) -> None:
    assert problems(allow_servers=globs) == refused


def test_docker_hub_is_bound_by_its_one_address() -> None:
    text = "registries: {r: {server: docker.io, username: u, credentials: env:T}}"
    settings = Settings("-", config_yaml=text, allow_servers=("https://index.docker.io/v1/",))
    assert load_config(settings, {}, RecordedInputs()).entries


@pytest.mark.parametrize(
    ("globs", "refused"),
    [
        (("https://vault.example:8200", "https://*.example"), []),
        (("https://vault.example:8200",), ["registries.e.endpoint"]),
        (("https://ecr.example/",), ["backends.vault.address"]),
    ],
)
def test_endpoints_are_bound_by_url(globs: tuple[str, ...], refused: list[str]) -> None:
    assert problems(allow_endpoints=globs) == refused


def problems_of(text: str, **allowed: Any) -> list[str]:
    settings = Settings("-", config_yaml=text, **allowed)
    try:
        load_config(settings, {}, RecordedInputs())
    except ConfigError as error:
        return [f"{place.partition(' ')[2]}: {p.message}" for place, p in error.problems]
    return []


def test_what_a_backend_logs_in_with_is_bound_as_well() -> None:
    text = """
backends:
  vault:
    address: https://vault.example
    auth: {method: approle, credentials: {role_id: env:ROLE, secret_id: env:OTHER}}
registries:
  r: {server: r.io, username: u, credentials: "vault:secret/ci/r#password"}
"""
    assert problems_of(text, allow_secrets=("vault:*", "env:ROLE", "env:OTHER")) == []
    (refused,) = problems_of(text, allow_secrets=("vault:*", "env:ROLE"))
    assert refused.startswith("backends.vault")


@pytest.mark.parametrize("bound", ["allow_servers", "allow_secrets", "allow_endpoints"])
def test_with_any_bound_the_hosts_own_identity_has_to_be_allowed(bound: str) -> None:
    text = "registries: {e: {server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com}}"
    assert problems_of(text) == []
    (refused,) = problems_of(text, **{bound: ("*",)} | {"allow_secrets": ("env:*",)})
    assert "identity of this host" in refused
    assert problems_of(text, **{bound: ("*",)} | {"allow_secrets": ("host:ecr",)}) == []


def test_with_servers_bound_an_entry_has_to_name_its_server() -> None:
    keys = "credentials: {access_key_id: env:ID, secret_access_key: env:KEY}"
    text = f"registries: {{own: {{provider: ecr, region: eu-west-1, {keys}}}}}"
    assert problems_of(text) == []
    (refused,) = problems_of(text, allow_servers=("*",))
    assert "has to name its server" in refused


def test_the_only_server_of_a_registry_is_bound_as_if_it_were_named() -> None:
    text = "registries: {h: {provider: heroku, credentials: env:KEY}}"
    assert problems_of(text, allow_servers=("*.heroku.com",)) == []
    (refused,) = problems_of(text, allow_servers=("ghcr.io",))
    assert "DOCKERCFG_ALLOW_SERVERS" in refused


@pytest.mark.parametrize(
    ("config", "globs"),
    [
        ("credentials: 'file:/run/secrets/../../etc/shadow'", ("file:/run/secrets/*",)),
        ("credentials: 'vault:/etc/shadow'", ("vault:*",)),
    ],
)
def test_neither_dots_nor_a_backends_name_get_around_it(
    config: str, globs: tuple[str, ...]
) -> None:
    text = (
        "backends: {vault: {type: file}}\n"
        f"registries: {{r: {{server: r.io, username: u, {config}}}}}\n"
    )
    with pytest.raises(ConfigError, match="problem"):
        load_config(Settings("-", config_yaml=text, allow_secrets=globs), {}, RecordedInputs())


def test_the_operators_own_variables_are_not_bounded() -> None:
    environment = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "p"}
    settings = Settings("-", allow_secrets=("vault:*",))
    assert load_config(settings, environment, RecordedInputs()).entries


HELPER = "registries: {h: {provider: credential-helper, server: r.io, helper: pass}}"


@pytest.mark.parametrize(
    ("globs", "refused"),
    [
        (("docker-credential-pass get",), 0),
        (("docker-credential-* get",), 0),
        (("/usr/bin/x", "docker-credential-pass *"), 0),
        (("*",), 0),
        (("docker-credential-pass",), 1),
        (("docker-credential-pass get *",), 1),
        (("* *  *",), 1),
        (("docker-credential-* erase",), 1),
        ((), 1),
    ],
)
def test_programs_are_bound_word_by_word(globs: tuple[str, ...], refused: int) -> None:
    problems = problems_of(HELPER, allow_programs=globs)
    assert len(problems) == refused
    assert all("DOCKERCFG_ALLOW_PROGRAMS does not allow" in problem for problem in problems)


@pytest.mark.parametrize(
    "words", ["docker-credential-pass get, x", "docker-credential-pass, erase get", "sh, -c, get"]
)
def test_no_word_of_a_command_gets_around_a_glob(words: str) -> None:
    text = HELPER.replace("helper: pass", f"command: [{words}]")
    assert problems_of(text) == []
    assert len(problems_of(text, allow_programs=("docker-credential-* get",))) == 1


@pytest.mark.parametrize("bound", ["allow_servers", "allow_secrets", "allow_endpoints"])
def test_with_any_bound_programs_have_to_be_allowed(bound: str) -> None:
    assert problems_of(HELPER) == []
    (refused,) = problems_of(HELPER, **{bound: ("*",)})
    assert "DOCKERCFG_ALLOW_PROGRAMS does not allow this program, for it is not set" in refused
    assert problems_of(HELPER, **{bound: ("*",)}, allow_programs=("*",)) == []


def test_what_a_helper_is_asked_and_shown_is_bound_as_well() -> None:
    text = HELPER.replace("pass}", "pass, helper_server: 'https://S.io/', environment: [A, B]}")
    allowed = {"allow_programs": ("*",)}
    assert problems_of(text, **allowed, allow_servers=("[rs].io",)) == []
    (refused,) = problems_of(text, **allowed, allow_servers=("r.io",))
    assert refused.startswith("registries.h.helper_server")
    odd = text.replace("https://S.io/", "s.io/a/b")
    assert len(problems_of(odd, **allowed, allow_servers=("[rs].io",))) == 1
    assert problems_of(text, **allowed, allow_secrets=("env:[AB]",)) == []
    (refused,) = problems_of(text, **allowed, allow_secrets=("env:A",))
    assert refused.startswith("registries.h.environment")


def test_the_jobs_own_token_is_the_hosts_identity_beside_a_clients_secret() -> None:
    text = (
        "registries: {o: {provider: oauth2, server: r.io, username: u, endpoint: 'https://i/t', "
        "client_id: c, credentials: {client_secret: env:S}, grant_type: jwt_bearer}}"
    )
    (refused,) = problems_of(text, allow_secrets=("env:S",))
    assert "identity of this host" in refused
    assert problems_of(text, allow_secrets=("env:S", "host:oauth2")) == []
    named = text.replace("env:S}", "env:S, oidc_token: env:T}")
    assert problems_of(named, allow_secrets=("env:[ST]",)) == []
    clients = text.replace("jwt_bearer", "client_credentials")
    assert problems_of(clients, allow_secrets=("env:S",)) == []
    (refused,) = problems_of(clients, allow_secrets=("env:S",), allow_endpoints=("https://j/*",))
    assert refused.startswith("registries.o.endpoint")


OWN = "registries: {{o: {{provider: oauth2, server: r.io, username: u, endpoint: '{}', \
client_id: c, credentials: {{client_secret: env:S}}, grant_type: client_credentials}}}}"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.io/.idp.example",
        "https://evil.io?.idp.example",
        "https://evil.io/://x.idp.example",
        "https://evil.io?://x.idp.example",
        "https://evil.io:443/x.idp.example",
        "https://[::1]/.idp.example",
        "https://idp.example.evil.io/.idp.example",
    ],
)
def test_a_glob_of_hosts_is_matched_by_no_path(url: str) -> None:
    globs = ("https://*.idp.example", "https://*.idp.example/*", "http*://*.idp.example")
    (refused,) = problems_of(OWN.format(url), allow_secrets=("env:S",), allow_endpoints=globs)
    assert "DOCKERCFG_ALLOW_ENDPOINTS" in refused


@pytest.mark.parametrize(
    "glob",
    ["*", "https:*", "https://*", "*.idp.example/*", "*://?.idp.example/t", "https://a.idp.*"],
)
def test_a_glob_may_be_as_wide_as_the_operator_likes(glob: str) -> None:
    url = "https://a.idp.example/t"
    assert problems_of(OWN.format(url), allow_secrets=("*",), allow_endpoints=(glob,)) == []


def test_a_glob_of_files_goes_on_behind_a_slash() -> None:
    text = (
        "registries: {g: {server: gcr.io, credentials: env:K, trusted_sources: [/run/ci/token, "
        "'https://evil.io#.idp.example', 'https://evil.io\\.idp.example']}}"
    )
    globs = {"allow_secrets": ("env:K",), "allow_endpoints": ("/run/*", "https://*.idp.example")}
    assert len(problems_of(text, **globs)) == 2


@pytest.mark.parametrize(
    ("asked", "globs", "allowed"),
    [
        ("https://evil.io/x.s.io", ("*.s.io",), False),
        ("evil.io/x.s.io", ("*.s.io",), False),
        ("evil.io?x.s.io", ("*.s.io",), False),
        ("evil.io#x.s.io", ("*.s.io",), False),
        ("https://evil.io/://x.s.io", ("*.s.io",), False),
        ("x.s.io/group", ("*.s.io",), False),
        ("x.s.io/group", ("*.s.io/*",), True),
        ("https://index.docker.io/v1/access-token", ("https://index.docker.io/v1/*",), True),
        ("no host", ("*",), True),
    ],
)
def test_a_helper_is_asked_for_no_host_by_a_path(
    asked: str, globs: tuple[str, ...], *, allowed: bool
) -> None:
    text = HELPER.replace("pass}", f"pass, helper_server: '{asked.replace(' ', '')}'}}")
    found = problems_of(text, allow_programs=("*",), allow_servers=("r.io", *globs))
    assert (found == []) is allowed
