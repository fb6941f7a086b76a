"""Logins that stand in a Docker config: every form of it, and what is wrong with the others."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret, SecretRef
from backends.env import EnvironmentBackendFactory
from backends.options import BackendOptions
from backends.testing import make_context
from generator.errors import EntryError, Misconfigured, SecretMissing
from generator.model import DOCKER_HUB, Credentials, Grant, GrantRequest, RegistryEntry
from generator.output.document import Login, render
from generator.registries.base import ProviderOptions
from generator.registries.dockercfg.document import NoDockercfg, parse_dockercfg
from generator.registries.dockercfg.provider import DockercfgProvider
from generator.registries.loader import kind_of_host
from generator.resolve import Resolver
from generator.testing import CANARY, ProviderCase, ProviderContract

HOST = "r.example"


def auth(username: str = "ci", password: str = CANARY) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def entry(server: str | None = HOST) -> RegistryEntry:
    credentials = Credentials(SecretRef("env", "DOCKERCFG"))
    return RegistryEntry("own", "dockercfg", server, ProviderOptions(), credentials=credentials)


async def taken(document: Any, server: str = HOST) -> Grant:
    text = document if isinstance(document, str) else json.dumps(document)
    request = GrantRequest(entry(server), {"dockercfg": Secret(text)})
    return await DockercfgProvider().fetch(request, make_context({}))


async def refused(document: Any, server: str = HOST) -> EntryError:
    with pytest.raises(EntryError) as caught:
        await taken(document, server)
    assert CANARY not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__!r}"
    assert caught.value.hint
    return caught.value


class TestDockercfgKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(
            provider=DockercfgProvider(),
            entry=entry(),
            secrets={"dockercfg": Secret(json.dumps({"auths": {HOST: auth()}}))},
            bad_entries={"no server": entry(None)},
        )


WHOLE = json.dumps({"auths": {HOST: auth()}, "HttpHeaders": {}}, indent=2)
FLAT = json.dumps({HOST: {**auth(), "email": ""}})


@pytest.mark.parametrize(
    "document",
    [
        WHOLE,
        FLAT,
        "\ufeff" + WHOLE,
        base64.b64encode(WHOLE.encode()).decode(),
        base64.encodebytes(WHOLE.encode() * 1).decode(),
        base64.b64encode(("\ufeff" + FLAT).encode()).decode() + "\n",
        {"auths": {HOST: {"username": "ci", "password": CANARY}}},
        {"auths": {HOST: {**auth(), "username": "other", "password": "other"}}},
        {"auths": {HOST: auth(password=CANARY + "\0\0")}},
        {"auths": {HOST: auth(), "other.example": {"auth": "not base64"}, "": 7}},
        {"auths": {HOST: auth()}, "credsStore": "desktop", "credHelpers": {HOST: "pass"}},
    ],
)
async def test_each_form_of_a_document_is_read(document: Any) -> None:
    grant = await taken(document)
    assert (grant.username, grant.secret, grant.expires_at) == ("ci", Secret(CANARY), None)


async def test_a_password_comes_through_as_it_is() -> None:
    password = '{"type": "service:account"}\n :ö'
    grant = await taken({"auths": {HOST: auth("_json_key", password)}})
    assert (grant.username, grant.secret) == ("_json_key", Secret(password))


@pytest.mark.parametrize(
    ("server", "key"),
    [
        (DOCKER_HUB, "https://index.docker.io/v1/"),
        (DOCKER_HUB, "https://index.docker.io/v1"),
        (DOCKER_HUB, "index.docker.io"),
        (DOCKER_HUB, "docker.io"),
        (DOCKER_HUB, "docker.io/library/busybox"),
        (HOST, "https://r.example"),
        (HOST, "http://r.example/"),
        (HOST, "R.example"),
        (HOST, "r.example/v2/"),
        (HOST, "https://r.example/team"),
        (HOST, "r.example/team/app"),
        ("r.example:5000", "https://r.example:5000"),
        ("[::1]:5000", "[::1]:5000"),
    ],
)
async def test_a_key_is_found_by_the_server_that_it_means(server: str, key: str) -> None:
    assert (await taken({"auths": {key: auth(), "x.example": auth("x")}}, server)).username == "ci"


@pytest.mark.parametrize("key", ["r.example:443", "r.example.evil.example", "evil.r.example", ""])
async def test_another_server_is_another_server(key: str) -> None:
    assert isinstance(await refused({"auths": {key: auth()}}), SecretMissing)


async def test_the_closest_key_wins() -> None:
    keys = ["r.example", "https://r.example", "r.example/team"]
    everything = {key: auth(f"u{number}") for number, key in enumerate(keys)}
    for number, key in enumerate(keys):
        assert (await taken({"auths": everything})).username == f"u{number}"
        del everything[key]


async def test_two_logins_that_are_equally_close_are_not_chosen_from() -> None:
    keys = ("r.example/a", "r.example/b")
    assert (await taken({"auths": dict.fromkeys(keys, auth())})).username == "ci"
    error = await refused({"auths": {keys[0]: auth(), keys[1]: auth("other")}})
    assert error.reference == "dockercfg-ambiguous"


@pytest.mark.parametrize(
    ("document", "kind", "reference", "words"),
    [
        ("", Misconfigured, "dockercfg-unreadable", "is not JSON"),
        (CANARY, Misconfigured, "dockercfg-unreadable", "neither JSON nor base64"),
        ("{" + CANARY, Misconfigured, "dockercfg-unreadable", "not JSON"),
        ("[]", Misconfigured, "dockercfg-unreadable", "neither JSON nor base64"),
        (
            base64.b64encode(b"[1]").decode(),
            Misconfigured,
            "dockercfg-unreadable",
            "not a JSON object",
        ),
        (base64.b64encode(b"\xff").decode(), Misconfigured, "dockercfg-unreadable", "base64"),
        ('{"a":' * 5000, Misconfigured, "dockercfg-unreadable", "not JSON"),
        ({"auths": [CANARY]}, Misconfigured, "dockercfg-unreadable", "not a mapping"),
        ({"password": CANARY}, Misconfigured, "dockercfg-unreadable", "no auths"),
        ({}, Misconfigured, "dockercfg-unreadable", "no auths"),
        ({"auths": {}}, SecretMissing, "dockercfg-login-missing", "no login for r.example"),
        ({"auths": {HOST: {}}}, SecretMissing, "dockercfg-login-missing", "is empty"),
        ({"auths": {HOST: {"auth": ""}}}, SecretMissing, "dockercfg-login-missing", "is empty"),
        ({"auths": {HOST: 7}}, Misconfigured, "dockercfg-login-unusable", "not a mapping"),
        ({"auths": {HOST: {"auth": 7}}}, Misconfigured, "dockercfg-login-unusable", "not a text"),
        (
            {"auths": {HOST: {"username": [CANARY]}}},
            Misconfigured,
            "dockercfg-login-unusable",
            "not a text",
        ),
        (
            {"auths": {HOST: {"auth": CANARY}}},
            Misconfigured,
            "dockercfg-login-unusable",
            "not base64",
        ),
        (
            {"auths": {HOST: {"auth": base64.b64encode(CANARY.encode()).decode()}}},
            Misconfigured,
            "dockercfg-login-unusable",
            "no ':'",
        ),
        (
            {"auths": {HOST: auth("", CANARY)}},
            Misconfigured,
            "dockercfg-login-unusable",
            "user name is empty",
        ),
        (
            {"auths": {HOST: auth("ci", "")}},
            Misconfigured,
            "dockercfg-login-unusable",
            "secret is empty",
        ),
        (
            {"auths": {HOST: {"username": "ci", "password": "\ud800"}}},
            Misconfigured,
            "dockercfg-login-unusable",
            "not UTF-8",
        ),
        (
            {"auths": {HOST: {**auth("guid", ""), "identitytoken": CANARY}}},
            Misconfigured,
            "dockercfg-holds-a-token",
            "identity token",
        ),
        (
            {"auths": {HOST: {"registrytoken": CANARY}}},
            Misconfigured,
            "dockercfg-holds-a-token",
            "registry token",
        ),
        (
            {"auths": {HOST: auth("<token>")}},
            Misconfigured,
            "dockercfg-holds-a-token",
            "identity token",
        ),
        (
            {"auths": {HOST: {}}, "credsStore": "desktop"},
            SecretMissing,
            "dockercfg-secret-elsewhere",
            "helper desktop",
        ),
        (
            {"credHelpers": {"https://r.example": "ecr-login"}},
            SecretMissing,
            "dockercfg-secret-elsewhere",
            "helper ecr-login",
        ),
        (
            {"credsStore": f"{CANARY} "},
            SecretMissing,
            "dockercfg-secret-elsewhere",
            "helper …",
        ),
    ],
)
async def test_what_is_wrong_is_told(
    document: Any, kind: type[EntryError], reference: str, words: str
) -> None:
    error = await refused(document)
    assert (type(error), error.reference) == (kind, reference)
    assert words in error.message


async def test_the_hosts_that_are_there_are_named_unless_they_look_like_none() -> None:
    keys = ["a.example", "https://b.example:5000/", "docker.io", "hunter2-CANARY", "a b", "x/y"]
    keys += ["aB3dE5fG7hI9jK1lM3nO5.pQ7rS9tU1vW3xY5z"]
    error = await refused({"auths": dict.fromkeys(keys, auth())})
    assert error.message.endswith("(it has a.example, b.example:5000, https://index.docker.io/v1/)")
    many = {f"r{number}.example.com": auth() for number in range(20)}
    assert (await refused({"auths": many})).message.endswith(", …)")


@pytest.mark.parametrize(
    "value",
    [
        WHOLE,
        FLAT,
        json.dumps({".dockerconfigjson": base64.b64encode(WHOLE.encode()).decode()}),
        json.dumps({".dockercfg": FLAT}),
        json.dumps({"config.json": WHOLE, "other": "x"}),
    ],
)
async def test_a_secret_may_be_the_document_or_have_it_in_a_field(value: str) -> None:
    context = make_context({"DOCKERCFG": value})
    async with EnvironmentBackendFactory()(BackendOptions(), context) as backend:
        resolved = await Resolver({"env": backend}, context.clock).credentials(
            entry().credentials, DockercfgProvider.credential_fields
        )
    grant = await DockercfgProvider().fetch(GrantRequest(entry(), resolved.secrets), context)
    assert grant.secret == Secret(CANARY)


@given(
    st.dictionaries(st.text(), st.text().filter(lambda text: ":" not in text), max_size=4),
    st.binary(max_size=40),
)
def test_no_document_is_read_otherwise_than_it_is_or_not_at_all(
    auths: dict[str, str], noise: bytes
) -> None:
    for text in (json.dumps({"auths": auths}), noise.decode("latin-1"), json.dumps(auths)):
        try:
            document = parse_dockercfg(text)
        except NoDockercfg:
            continue
        for host in document.hosts:
            assert document.closest(host)


@given(st.text(min_size=1).filter(lambda t: ":" not in t), st.text(min_size=1))
async def test_what_we_write_we_read(username: str, password: str) -> None:
    if any("\ud800" <= c <= "\udfff" for c in username + password) or password.endswith("\0"):
        return
    written = render([Login(HOST, username, Secret(password))], "docker").decode()
    if username == "<token>":
        return
    grant = await taken(written)
    assert (grant.username, grant.secret.reveal()) == (username, password)


def test_each_server_is_a_grant_of_its_own_and_no_host_is_taken_for_one() -> None:
    provider, context = DockercfgProvider(), make_context({})
    assert provider.hands_through
    assert len({provider.grant_key(entry(s), context) for s in ("a.io", "b.io")}) == 2
    assert kind_of_host("dockercfg.example") == "static"
