import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.addresses import (
    AddressProblem,
    canonical_address,
    hostname,
    remark,
)
from generator.model import DOCKER_HUB


@pytest.mark.parametrize(
    "text",
    [
        "",
        "docker.io",
        "Docker.IO",
        "index.docker.io",
        "registry-1.docker.io",
        "registry.hub.docker.com",
        "https://index.docker.io/v1/",
        "https://index.docker.io/v1",
        "http://docker.io/v2/",
        "docker.io/",
    ],
)
def test_every_name_of_docker_hub_is_the_one_key_that_docker_reads(text: str) -> None:
    assert canonical_address(text) == "https://index.docker.io/v1/"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://r.example.com/", "r.example.com"),
        ("r.example.com/v2/", "r.example.com"),
        ("r.example.com/v1", "r.example.com"),
        ("http://r:5000", "r:5000"),
        ("R.Example.COM", "r.example.com"),
        ("r:443", "r:443"),
        ("[::1]:5000", "[::1]:5000"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("my_linked_container:5000", "my_linked_container:5000"),
    ],
)
def test_a_registry_is_its_bare_lower_case_host(text: str, key: str) -> None:
    assert canonical_address(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "r.example.com/team/repo",
        "*.dkr.ecr.eu-west-1.amazonaws.com",
        "user:hunter2-CANARY@r.example.com",
        "ftp://r.example.com",
        "r.example.com:0",
        "r.example.com:65536",
        "r.example.com:",
        "r.example.com:http",
        "r..example.com",
        "-r.example.com",
        "r example.com",
        "r.example.com?x=1",
        "ré.example.com",
        "::1",
        "[fe80::7",
        "[::1]x",
        "[nonsense]",
        "a" * 300,
        "r.example.com\n",
    ],
)
def test_what_no_client_would_look_up_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(AddressProblem) as caught:
        canonical_address(text)
    assert text not in str(caught.value)
    assert "CANARY" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_one_stable_key_or_a_problem(text: str) -> None:
    try:
        key = canonical_address(text)
    except AddressProblem:
        return
    assert canonical_address(key) == key
    assert canonical_address(f"https://{key.removeprefix('https://')}") == key
    assert key == key.lower()


def test_a_key_with_port_443_gets_a_remark() -> None:
    assert "443" in (remark("r.example.com:443") or "")
    assert remark("r.example.com") is None
    assert remark(DOCKER_HUB) is None


@pytest.mark.parametrize(
    ("address", "host"),
    [(DOCKER_HUB, "index.docker.io"), ("r:5000", "r"), ("[::1]:5000", "[::1]"), ("r.io", "r.io")],
)
def test_the_host_of_an_address_has_no_port(address: str, host: str) -> None:
    assert hostname(address) == host
