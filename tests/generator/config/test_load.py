"""A config as its author writes it: what it means, and how mistakes are told."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from backends.base import Secret, SecretRef
from backends.inputs import RecordedInputs
from generator.config.load import load_config
from generator.config.model import Config
from generator.errors import ConfigError
from generator.model import DOCKER_HUB, Credentials
from generator.settings import Settings
from tests.generator.config.editor import underlined

CANARY = "hunter2-CANARY"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def load(text: str, environment: dict[str, str] | None = None, **settings: Any) -> Config:
    values = Settings("-", config_yaml=dedent(text), **settings)
    config = load_config(values, environment or {}, RecordedInputs())
    # what we take, no editor may underline
    assert underlined(dedent(text)) == []
    return config


def refused(text: str, **settings: Any) -> list[str]:
    """Return the problems as a user sees them: place, message, hint."""
    with pytest.raises(ConfigError) as caught:
        load(text, **settings)
    lines = [
        f"{place.removeprefix('DOCKERCFG_CONFIG_YAML:')}: {p.message}; {p.hint}"
        for place, p in caught.value.problems
    ]
    assert CANARY not in "".join(lines)
    return lines


def test_an_entry_has_its_kind_from_the_host() -> None:
    config = load(f"""
        registries:
          prod: {{server: {ECR}}}
          hub: {{server: docker.io, username: ci, credentials: env:TOKEN}}
    """)
    assert [(e.name, e.provider, e.server) for e in config.entries] == [
        ("prod", "ecr", ECR),
        ("hub", "static", DOCKER_HUB),
    ]
    assert config.entries[1].options.username == "ci"
    assert config.entries[1].credentials == Credentials(SecretRef("env", "TOKEN"))
    assert list(config.backends) == ["env"]


@pytest.mark.parametrize(
    "login",
    [
        "username: ci, credentials: env:TOKEN",
        "credentials: {username: env:USER, password: env:TOKEN}",
    ],
)
def test_a_user_name_that_a_hosts_kind_has_no_use_for_is_handed_on(login: str) -> None:
    config = load(f"registries: {{admin: {{server: contoso.azurecr.io, {login}}}}}")
    assert [(e.provider, e.server) for e in config.entries] == [("static", "contoso.azurecr.io")]
    kind = "provider: acr, server: contoso.azurecr.io"
    assert "username" in refused(f"registries: {{admin: {{{kind}, {login}}}}}")[0]


def test_scalars_are_text_and_mean_what_they_say() -> None:
    config = load("""
        output: {mode: 0640, format: legacy, merge: yes}
        cache: {dir: /cache, min_validity: 1h30m, max_age: 90s}
        timeout: 15s
        registries:
          no: {server: r.example, username: 0123456789012, optional: on, credentials: env:T}
    """)
    assert (config.mode, config.output_format, config.merge) == (0o640, "legacy", True)
    assert config.cache.min_validity_s == 5400
    assert config.cache.max_age_s == 90
    assert config.timeout_s == 15
    assert config.entries[0].name == "no"
    assert config.entries[0].options.username == "0123456789012"
    assert config.entries[0].optional


def test_one_document_can_give_fields_of_other_names() -> None:
    config = load("""
        registries:
          harbor:
            server: harbor.example
            credentials: {from: "file:robot.json", fields: {username: robot, password: /a/0}}
    """)
    document = SecretRef("file", "robot.json")
    assert config.entries[0].credentials == Credentials(
        document,
        {
            "username": SecretRef("file", "robot.json", (), "robot"),
            "password": SecretRef("file", "robot.json", (), "/a/0"),
        },
    )


def test_a_backend_can_have_a_name_of_its_own() -> None:
    config = load("""
        backends: {secrets: {type: file}}
        registries: {r: {server: r.example, username: u, credentials: "secrets:token"}}
    """)
    assert config.backends["secrets"].type_name == "file"


def test_relative_paths_are_meant_from_the_configs_folder(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "cache: {dir: c}\nregistries: {r: {server: r.io, username: u, credentials: env:T}}"
    )
    inputs = RecordedInputs()
    config = load_config(Settings("-", config=str(path)), {}, inputs)
    assert config.base_folder == tmp_path
    assert config.cache.dir == tmp_path / "c"
    assert inputs.files == {path}


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    text = f"""\
        cach: {{dir: /cache}}
        cache: {{min_validity: 30}}
        registries:
          prod:
            server: 12345.dkr.ecr.eu-west-1.amazonaws.com
          hub:
            server: docker.io
            username: ci:{CANARY}
            credentials: {CANARY}
          other:
            provider: statik
            server: r.example
            passwrod: {CANARY}
          wild:
            server: "*.example"
    """
    said = refused(text)
    for expected in (
        "1 cach: unknown key cach; did you mean cache?",
        "2 cache.min_validity: not a duration",
        "5 registries.prod.server: not the host of an ECR registry",
        "9 registries.hub.credentials: not a secret reference",
        (
            "11 registries.other.provider: there is no kind of registry called statik; "
            "did you mean static?"
        ),
        "15 registries.wild.server: not a host name",
    ):
        assert any(line.startswith(expected) for line in said), (expected, said)


def test_an_entry_of_no_known_kind_is_checked_as_far_as_it_goes() -> None:
    said = refused(f"""\
        registries:
          typo:
            servr: ghcr.io
            credentails: {CANARY}
            region: eu-west-1
            pasword: {CANARY}
            password: {CANARY}
            optional: perhaps
            aliases: r.io
          kind:
            provider: ECR
            servr: {CANARY}
            credentials:
              pasword: env:T
              tokem: {CANARY}
              password: {CANARY}
    """)
    for expected in (
        "2 registries.typo.server: no server is named",
        "3 registries.typo.servr: unknown key servr; did you mean server?",
        "4 registries.typo.credentails: unknown key credentails; did you mean credentials?",
        "6 registries.typo.pasword: unknown key pasword; known here: provider, server, aliases,",
        "7 registries.typo.password: a secret can not be written here",
        "8 registries.typo.optional: neither true nor false",
        "9 registries.typo.aliases: a list is needed here",
        "11 registries.kind.provider: there is no kind of registry called ECR; did you mean ecr?",
        "12 registries.kind.servr: unknown key servr; did you mean server?",
        "14 registries.kind.credentials.pasword: unknown credential pasword; did you mean pass",
        "15 registries.kind.credentials.tokem: unknown credential tokem; ",
        "15 registries.kind.credentials.tokem: not a secret reference",
        "16 registries.kind.credentials.password: not a secret reference",
    ):
        assert any(line.startswith(expected) for line in said), (expected, said)
    assert not any(line.startswith("5") for line in said)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f"provider: {CANARY}", "there is no such kind of registry; known: static, acr"),
        (f"server: r.io, username: u, credentials: {{{CANARY}: env:T}}", "(not shown); it takes"),
        (f"provider: no, credentials: {{{CANARY}: env:T}}", "unknown credential (not shown)"),
        (
            f"server: r.io, username: u, credentials: {{from: env:T, {CANARY}: x}}",
            "unknown key (not shown); known here: from, fields",
        ),
        (
            f"server: r.io, username: u, credentials: {{from: env:T, fields: {{{CANARY}: x}}}}",
            "unknown credential (not shown)",
        ),
        (
            "server: r.io, ghp_16C7e42F292c6912E7710c838347Ae178B4: x",
            "unknown key (not shown)",
        ),
    ],
)
def test_what_is_close_to_no_known_name_is_not_shown(entry: str, said: str) -> None:
    lines = "\n".join(refused(f"registries: {{r: {{{entry}}}}}"))
    assert said in lines
    assert "ghp_" not in lines


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("server: quay.io, robot: a+b", "it is an option of quay: write provider: quay"),
        (
            "server: docker.io, organization: acme",
            "it is an option of cloudsmith and dockerhub: write provider: cloudsmith or dockerhub",
        ),
        # of a kind that is named, and of what half of them have, the own ones say more
        ("provider: static, server: quay.io, robot: a+b", "known here: provider, server"),
        ("server: quay.io, endpoint: https://quay.io", "known here: provider, server"),
    ],
)
def test_an_option_of_a_kind_that_nobody_named_says_whose_it_is(entry: str, hint: str) -> None:
    said = refused(f"registries: {{r: {{{entry}, username: u, credentials: env:T}}}}")
    assert hint in said[0]


def test_a_literal_user_name_is_told_where_it_may_stand() -> None:
    (said,) = refused(
        "registries: {r: {server: r.io, credentials: {username: ci-bot, password: env:T}}}"
    )
    assert said.endswith("a user name may stand beside credentials: username: NAME")


def test_a_type_of_backend_that_is_close_to_none_names_those_there_are() -> None:
    said = refused("backends: {x: {type: 1password}}\nregistries: {r: {server: r.io}}")
    assert said[0].startswith("1 backends.x.type: there is no such type of backend; known: env,")


@pytest.mark.parametrize("named_by", ["--config", "DOCKERCFG_CONFIG"])
def test_a_secret_that_stands_for_the_configs_file_is_not_shown(named_by: str) -> None:
    secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    settings = Settings("-", config=secret, origins={"config": named_by})
    with pytest.raises(ConfigError) as caught:
        load_config(settings, {}, RecordedInputs())
    assert [place for place, _ in caught.value.problems] == [f"the file that {named_by} names"]
    assert secret not in repr(caught.value.problems)


def test_unknown_keys_of_an_entry_name_the_one_that_was_meant() -> None:
    said = refused("registries: {r: {server: r.io, usernam: u, credentials: env:T}}")
    assert said == ["1 registries.r.usernam: unknown key usernam; did you mean username?"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("owner: a/b", "owner: has another form; it must match ^[A-Za-z0-9_-]+$"),
        ("installation_id: x", "installation_id: a whole number is needed here; "),
        (
            "permissions: read",
            "permissions: a mapping is needed here; write KEY: VALUE lines below it",
        ),
        ("repositories: a", "repositories: a list is needed here; write [VALUE, …]"),
        (
            "permissions: {package: read}",
            "permissions.package: unknown key package; did you mean packages?",
        ),
    ],
)
def test_a_value_of_another_form_is_told_what_it_must_be(option: str, said: str) -> None:
    text = f"registries: {{r: {{provider: ghcr, app_id: 12, {option}, credentials: env:KEY}}}}"
    assert refused(text) == [f"1 registries.r.{said}"]


def test_an_unknown_key_of_a_backends_block_is_told_with_those_of_the_block() -> None:
    said = refused("""\
        backends: {v: {type: vault, address: "https://v.example", auth: {methd: jwt}}}
        registries: {r: {server: r.io, username: u, credentials: env:T}}
    """)
    assert "1 backends.v.auth.methd: unknown key methd; did you mean method?" in said


def test_a_number_may_stand_where_a_text_is_meant() -> None:
    config = load("""
        registries:
          r: {provider: ghcr, app_id: 0123, installation_id: 42, credentials: env:KEY}
    """)
    assert (config.entries[0].server, config.entries[0].options.app_id) == ("ghcr.io", "0123")


@pytest.mark.parametrize("key", ["password", "token"])
def test_a_secret_in_the_wrong_place_is_told_where_to_go(key: str) -> None:
    said = refused(f"registries: {{r: {{server: r.io, username: u, {key}: {CANARY}}}}}")
    assert "credentials" in said[0]


@pytest.mark.parametrize(
    "credentials",
    [
        CANARY,
        f"{{password: {CANARY}}}",
        f"{{from: {CANARY}}}",
        f"[{CANARY}]",
        f"{{password: {{x: {CANARY}}}}}",
        f"{{{CANARY}!: env:T}}",
        f"vault:{CANARY}#a#b",
        f"env:{CANARY}",
    ],
)
def test_a_literal_secret_is_refused_and_never_shown(credentials: str) -> None:
    refused(f"registries: {{r: {{server: r.io, username: u, credentials: {credentials}}}}}")


def test_names_of_one_registry_are_one_server_address() -> None:
    said = refused("""\
        registries:
          a: {server: docker.io, username: u, credentials: env:T}
          b: {server: "https://index.docker.io/v1/", username: u, credentials: env:T}
          c: {server: r.io, aliases: [docker.io], username: u, credentials: env:T}
    """)
    assert [line.partition(":")[0] for line in said] == ["3 registries.b", "4 registries.c"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no registry is named"),
        ("registries: {}", "no registry is named"),
        ("- a", "not a mapping"),
        ("a: b: c", "not YAML"),
        ("registries:\n\tr: x", "tab"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("registries: {r: {server: a, server: b}}", "stands here twice"),
        ("registries: {r: {<<: {server: a}}}", "merge keys"),
        ("registries: {r: text}", "a mapping is needed"),
        ("registries: {r: {server: [a]}}", "a single value is needed"),
        ("registries: {r: {}}", "no server is named"),
        ("registries: {r: {server: r.io, aliases: a, username: u, credentials: env:T}}", "a list"),
        (
            "registries: {r: {server: r.io, optional: maybe, username: u, credentials: env:T}}",
            "neither true nor false",
        ),
        ("registries: {r: {server: r.io, username: u}}", "no password is given"),
        ("registries: {r: {server: r.io, credentials: {password: env:T}}}", "no user name"),
        (
            "registries: {r: {server: r.io, username: u, credentials: {pasword: env:T}}}",
            "did you mean password?",
        ),
        (
            "registries: {r: {server: r.io, username: u, credentials: {username: env:T}}}",
            "is missing",
        ),
        (
            "registries: {r: {server: r.io, username: u, credentials: {from: 'env:T#a'}}}",
            "names one field",
        ),
        ("backends: {v: {type: valt}}\nregistries: {r: {server: r.io}}", "no type of backend"),
        ("backends: {f: {type: file, x: 1}}\nregistries: {r: {server: r.io}}", "unknown key x"),
        ("output: {format: json}\nregistries: {r: {server: r.io}}", "not one of docker or legacy"),
        ("output: {mode: 0200}\nregistries: {r: {server: r.io}}", "not a file mode"),
        (f"a: &a [{'x,' * 50}]\nb: &b [{'*a,' * 50}]\nc: [{'*b,' * 50}]", "too large"),
        ("a: \x07", "does not allow"),
    ],
)
def test_a_mistake_is_told_in_words(text: str, said: str) -> None:
    assert said in " ".join(refused(text))


def test_selecting_an_unknown_entry_names_those_there_are() -> None:
    text = "registries: {prod: {server: r.io, username: u, credentials: env:T}}"
    assert refused(text, registries=("prd",)) == [
        "--registry: there is no entry prd; there are prod"
    ]
    twin = {"registries": "DOCKERCFG_REGISTRY"}
    (said,) = refused(text, registries=("prd",), origins=twin)
    assert said.startswith("DOCKERCFG_REGISTRY: there is no entry prd")


def test_a_selection_keeps_only_what_it_names() -> None:
    config = load(
        """
        registries:
          a: {server: a.io, username: u, credentials: env:T}
          b: {server: b.io, username: u, credentials: "file:x"}
        """,
        registries=("b",),
    )
    assert [entry.name for entry in config.entries] == ["b"]
    assert list(config.backends) == ["file"]


@pytest.mark.parametrize("content", [None, "folder", b"\xff\xfe", b"x" * (1024 * 1024 + 1)])
def test_a_config_file_that_can_not_be_read_is_one_problem(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(Settings("-", config=str(path)), {}, RecordedInputs())
    assert [place for place, _ in caught.value.problems] == [str(path)]


@pytest.mark.parametrize("name", ["config", "cache_key_file"])
def test_a_path_from_a_working_directory_that_is_gone_is_one_problem(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    text = "registries: {r: {server: r.example, username: u, credentials: env:T}}"
    (problem,) = refused(text, **{name: "file"})
    assert "working directory that does not exist any more" in problem


def test_an_odd_address_is_remarked_not_refused() -> None:
    config = load("registries: {r: {server: 'r.io:443', username: u, credentials: env:T}}")
    assert "443" in config.remarks[0]


STATIC = "cache: {static: 1h}\nregistries: {a: {server: r.example, credentials: vault:s/a}}\n"
CACHE_KEY = "0a" * 32


def test_static_secrets_are_kept_only_if_there_is_a_key(tmp_path: Path) -> None:
    (problem,) = refused(STATIC)
    assert problem.startswith("1 cache.static: a secret without expiry is kept encrypted only")
    config = load(STATIC, cache_key=Secret(CACHE_KEY))
    assert config.cache.static_s == 3600
    file = tmp_path / "key"
    file.write_text(CACHE_KEY + "\n")
    keys = load(STATIC, cache_key_file=str(file)).cache.keys
    assert keys is not None
    assert keys.current == Secret(CACHE_KEY)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cache_key": Secret(CACHE_KEY), "cache_key_file": "/x"}, "DOCKERCFG_CACHE_KEY is set as"),
        ({"cache_key_file": "/nonexistent"}, "/nonexistent does not exist"),
        ({"cache_key_file": "/dev/null"}, "/dev/null is not a regular file"),
        ({"cache_key_file": "/etc/hostname"}, "/etc/hostname is not 32 bytes"),
        ({"cache_key_previous": Secret(CACHE_KEY)}, "there is no DOCKERCFG_CACHE_KEY"),
    ],
)
def test_keys_that_can_not_be_meant_are_told(settings: dict[str, Any], message: str) -> None:
    problems = refused("registries: {a: {server: r.example, credentials: env:T}}", **settings)
    assert len(problems) == 1
    assert message in problems[0]
    assert problems[0].startswith("DOCKERCFG_CACHE_KEY_")


def test_a_key_of_another_kind_of_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for content in (b"\xff\xfe", CANARY.encode() * 1000):
        file.write_bytes(content)
        (problem,) = refused(
            "registries: {a: {server: r.example, credentials: env:T}}", cache_key_file=str(file)
        )
        assert str(file) in problem
