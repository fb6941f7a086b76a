"""What an entry of an Azure registry may say, and whose token it means."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backends.base import SecretRef
from backends.secret import Secret
from backends.testing import make_context
from generator.config.allow import check_allowed
from generator.config.problems import Problems
from generator.model import Credentials, GrantKey, RegistryEntry
from generator.registries.acr.entry import AcrOptions
from generator.registries.acr.provider import AcrProvider
from generator.registries.loader import kind_of_host
from generator.settings import Settings
from tests.parts.azure import CLIENT, IDENTITY, RESOURCE, TENANT, job_jwt

PRINCIPAL = {"tenant_id": TENANT, "client_id": CLIENT}
GOOD = (
    "contoso.azurecr.io",
    "contoso-a1b2c3.azurecr.io",
    "contoso.azurecr.cn",
    "contoso.azurecr.us",
    "contoso.azurecr.de",
    "contoso.westeurope.geo.azurecr.io",
)
BAD = (
    "contoso.azurecr.io.evil.example",
    "azurecr.io.evil.example",
    "azurecr.io",
    "contoso.azurecr.io:8443",
    "-contoso.azurecr.io",
    "con_toso.azurecr.io",
)


def entry(server: str = GOOD[0], *fields: str, document: bool = False, **o: Any) -> RegistryEntry:
    refs = {name: SecretRef("env", name) for name in fields}
    whole = SecretRef("vault", "secret/azure") if document else None
    return RegistryEntry(
        "acr", "acr", server, AcrOptions(**o), credentials=Credentials(whole, refs)
    )


@pytest.mark.parametrize("host", GOOD)
def test_a_registrys_host_is_known_and_good(host: str) -> None:
    assert kind_of_host(host) == "acr"
    assert not AcrProvider().validate(entry(host))


@pytest.mark.parametrize("host", BAD)
def test_a_look_alike_reaches_the_provider_which_refuses_it(host: str) -> None:
    assert kind_of_host(host) == "acr"
    for endpoint in (None, "https://127.0.0.1:1"):
        problems = AcrProvider().validate(entry(host, endpoint=endpoint))
        assert [problem.path for problem in problems] == [("server",)]


def test_another_host_is_nobodys() -> None:
    for host in ("notazurecr.io", "azurecr.example", "registry.example.com"):
        assert kind_of_host(host) == "static"


@given(st.text(alphabet="abz09-._:/@\n\u0410", max_size=12))
def test_only_hosts_below_azures_are_good(text: str) -> None:
    for host in (f"{text}contoso.azurecr.io", f"contoso.azurecr.io{text}"):
        if not AcrProvider().validate(entry(host)):
            assert host.endswith(".azurecr.io")
            assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


@pytest.mark.parametrize(
    ("alias", "good"),
    [
        ("cr.example.com", True),
        ("contoso.westeurope.geo.azurecr.io", True),
        ("fabrikam.azurecr.io", False),
    ],
)
def test_another_registry_gets_no_token_of_this_one(alias: str, *, good: bool) -> None:
    found = replace(entry("contoso.azurecr.io"), aliases=(alias,))
    assert [p.path for p in AcrProvider().validate(found)] == ([] if good else [("aliases",)])


def test_a_private_clouds_host_is_asked_where_the_entry_says() -> None:
    assert AcrProvider().validate(entry("registry.azs.example"))
    assert not AcrProvider().validate(
        entry("registry.azs.example", endpoint="https://registry.azs.example")
    )


@pytest.mark.parametrize(
    ("authority", "trusted", "good"),
    [
        ("https://login.microsoftonline.us", (), True),
        ("https://login.chinacloudapi.cn/", (), True),
        ("https://login.azs.example", ("https://login.azs.example/",), True),
        ("https://login.azs.example", (), False),
        ("https://login.azs.example", ("https://login.azs.example.evil",), False),
        ("https://login.microsoftonline.com.evil.example", (), False),
        ("https://login.microsoftonline.com:8443", (), False),
        ("http://login.microsoftonline.com", (), False),
        ("http://login.azs.example", ("http://login.azs.example",), False),
        (f"https://login.microsoftonline.com/{TENANT}", (), False),
    ],
)
def test_a_secret_is_for_an_authority_of_microsofts_or_one_that_is_trusted_by_name(
    authority: str, trusted: tuple[str, ...], *, good: bool
) -> None:
    problems = AcrProvider().validate(entry(authority=authority, trusted_sources=trusted))
    assert [problem.path for problem in problems] == ([] if good else [("authority",)])


@pytest.mark.parametrize(
    ("fields", "options", "path"),
    [
        (("client_secret", "certificate"), {}, ("credentials", "certificate")),
        (("certificate", "federated_token"), {}, ("credentials", "federated_token")),
        (("client_secret",), {"method": "certificate"}, ("credentials", "client_secret")),
        (("client_secret",), {"method": "managed_identity"}, ("credentials", "client_secret")),
        (("tenant_id",), {"method": "managed_identity"}, ("credentials",)),
        (("client_secret",), {"object_id": IDENTITY}, ("object_id",)),
        (("certificate",), {"resource_id": RESOURCE}, ("resource_id",)),
        (("client_secret",), {"send_certificate_chain": True}, ("send_certificate_chain",)),
        (("certificate",), {"token_audience": "x"}, ("token_audience",)),
        (("tenant_id", "client_id"), {}, ("credentials",)),
        (("certificate_password", "client_secret"), {}, ("credentials", "certificate_password")),
        (("client_secret", "client_id"), PRINCIPAL, ("client_id",)),
        ((), {"client_id": CLIENT, "object_id": IDENTITY}, ("object_id",)),
        ((), {"trusted_sources": ("https://a.example",)}, ("trusted_sources",)),
    ],
)
def test_what_contradicts_itself_has_a_place_and_a_hint(
    fields: tuple[str, ...], options: dict[str, Any], path: tuple[str, ...]
) -> None:
    problems = AcrProvider().validate(entry(GOOD[0], *fields, **options))
    assert [problem.path for problem in problems] == [path]
    assert problems[0].hint


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ((), {}),
        ((), PRINCIPAL),
        (("client_secret",), PRINCIPAL),
        (("tenant_id", "client_id", "client_secret"), {}),
        (("certificate", "certificate_password"), {**PRINCIPAL, "send_certificate_chain": True}),
        (("federated_token",), {**PRINCIPAL, "method": "federated"}),
        ((), {"method": "managed_identity", "resource_id": RESOURCE}),
        ((), {"object_id": IDENTITY}),
    ],
)
def test_what_goes_together_is_no_problem(fields: tuple[str, ...], options: dict[str, Any]) -> None:
    assert not AcrProvider().validate(entry(GOOD[0], *fields, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"tenant_id": "a/b"},
        {"tenant_id": ""},
        {"client_id": "me"},
        {"client_id": f"{CLIENT}\n"},
        {"audience": "http://x"},
        {"audience": "https://x y"},
        {"resource_id": "mine"},
        {"method": "password"},
        {"authority": "login.microsoftonline.com"},
    ],
)
def test_an_option_of_no_form_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AcrOptions(**options)


@pytest.mark.parametrize("option", ["authority", "endpoint", "trusted_sources"])
def test_an_operator_bounds_where_a_token_may_go(option: str) -> None:
    url = "https://elsewhere.example"
    value: Any = (url,) if option == "trusted_sources" else url
    for globs, noted in ((("https://*.example",), 0), (("https://login.microsoftonline.*",), 1)):
        problems = Problems()
        settings = Settings("-", allow_endpoints=globs, allow_secrets=("host:acr",))
        check_allowed([entry(**{option: value})], {}, settings, problems)
        assert len(problems.found) == noted


def key(
    environment: dict[str, str], *fields: str, server: str = GOOD[0], **options: Any
) -> GrantKey:
    return AcrProvider().grant_key(entry(server, *fields, **options), make_context(environment))


AMBIENT = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_CLIENT_SECRET": "one",
}


def test_whatever_makes_the_token_another_one_tells_grants_apart() -> None:
    keys = [
        key({}, "client_secret", **PRINCIPAL),
        key({}, "client_secret", tenant_id="contoso.example", client_id=CLIENT),
        key({}, "client_secret", tenant_id=TENANT, client_id=IDENTITY),
        key({}, "client_secret", server=GOOD[1], **PRINCIPAL),
        key({}, "client_secret", audience="https://management.azure.com", **PRINCIPAL),
        key({}, "client_secret", endpoint="https://127.0.0.1:1", **PRINCIPAL),
        key({}, "client_secret", authority="https://login.microsoftonline.us", **PRINCIPAL),
        key({}, "certificate", **PRINCIPAL),
        key({}, document=True, **PRINCIPAL),
        key(AMBIENT),
        key({**AMBIENT, "AZURE_CLIENT_SECRET": "two"}),
        key({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": IDENTITY, "AZURE_CLIENT_SECRET": "one"}),
        key({}),
        key({}, object_id=IDENTITY),
        key({}, resource_id=RESOURCE),
    ]
    assert len(set(keys)) == len(keys)


def test_a_named_proof_needs_nothing_of_the_environments() -> None:
    other = {"AZURE_CLIENT_SECRET": "x", "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere"}
    assert key(other, "client_secret", **PRINCIPAL) == key({}, "client_secret", **PRINCIPAL)


def test_jobs_of_one_project_are_one_identity_and_of_another_are_not(tmp_path: Any) -> None:
    path = tmp_path / "token"
    environment = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
    }
    keys = []
    for claims in ({"jti": "1"}, {"jti": "2"}, {"subject": "project:b"}):
        path.write_text(job_jwt(**claims))
        keys.append(key(environment))
    assert keys[0] == keys[1] != keys[2]


def test_a_file_of_the_environment_counts_by_what_is_in_it(tmp_path: Any) -> None:
    path = tmp_path / "certificate"
    environment = {**AMBIENT, "AZURE_CLIENT_CERTIFICATE_PATH": str(path)}
    del environment["AZURE_CLIENT_SECRET"]
    keys = []
    for content in (b"\xff\x00one", b"\xff\x00two"):
        path.write_bytes(content)
        keys.append(key(environment))
    assert keys[0] != keys[1]
    assert any(isinstance(value, Secret) for _, value in keys[0].parts)


def test_each_cloud_has_an_authority_of_its_own() -> None:
    keys = {host: dict(key({}, "client_secret", server=host).parts) for host in GOOD}
    assert keys["contoso.azurecr.cn"]["authority"] == "https://login.chinacloudapi.cn"
    assert keys["contoso.azurecr.us"]["authority"] == "https://login.microsoftonline.us"
    assert keys["contoso.azurecr.io"]["authority"] == "https://login.microsoftonline.com"
