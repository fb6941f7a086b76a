import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import Secret
from generator.errors import OutputError
from generator.output.document import Login, merge_into, render

CANARY = "hunter2-CANARY"
HUB = "https://index.docker.io/v1/"
OURS = [Login("r.example", "ci", Secret(CANARY))]


def auth(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def merged(existing: Any, logins: list[Login] = OURS) -> Any:
    return json.loads(merge_into(json.dumps(existing).encode(), logins, "docker"))


def test_the_docker_format_has_auth_and_nothing_else() -> None:
    assert json.loads(render(OURS, "docker")) == {
        "auths": {"r.example": {"auth": auth("ci", CANARY)}}
    }


def test_the_legacy_format_is_flat_with_an_empty_email() -> None:
    assert json.loads(render(OURS, "legacy")) == {
        "r.example": {"auth": auth("ci", CANARY), "email": ""}
    }


def test_the_bytes_do_not_depend_on_the_order_of_entries() -> None:
    logins = [Login(f"{host}.example", "u", Secret("p")) for host in "abc"]
    assert render(logins, "docker") == render(logins[::-1], "docker")


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda p: p[-1] != "\0"),
)
def test_every_login_comes_back_as_the_docker_cli_reads_it(username: str, password: str) -> None:
    document = json.loads(render([Login("r", username, Secret(password))], "docker"))
    decoded = base64.b64decode(document["auths"]["r"]["auth"], validate=True).decode()
    assert decoded.partition(":")[::2] == (username, password)


@pytest.mark.parametrize(
    ("username", "password"),
    [("", CANARY), ("a:b", CANARY), ("a", ""), ("a", f"{CANARY}\0")],
)
def test_a_login_that_no_client_would_read_back_is_refused(username: str, password: str) -> None:
    with pytest.raises(OutputError, match=r"r\.example") as caught:
        render([Login("r.example", username, Secret(password))], "docker")
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"


def test_two_logins_for_one_address_are_refused() -> None:
    with pytest.raises(OutputError, match="two entries"):
        render([*OURS, *OURS], "docker")


def test_a_login_prints_no_secret() -> None:
    assert CANARY not in repr(OURS)


def test_merging_keeps_what_it_does_not_know() -> None:
    existing = {
        "HttpHeaders": {"X": "y"},
        "auths": {"other": {"auth": auth("a", "b"), "email": "e"}, "r.example": {"auth": "old"}},
        "credHelpers": {"ecr.example": "ecr-login"},
        "currentContext": "c",
    }
    result = merged(existing)
    assert result["HttpHeaders"] == {"X": "y"}
    assert result["auths"]["other"] == existing["auths"]["other"]  # type: ignore[index] # a literal above
    assert result["auths"]["r.example"] == {"auth": auth("ci", CANARY)}
    assert result["credHelpers"] == {"ecr.example": "ecr-login"}


@pytest.mark.parametrize(
    "key", ["https://r.example", "http://r.example/v2/", "r.example/", "https://r.example/any"]
)
def test_another_key_of_our_host_goes_for_docker_would_pick_at_random(key: str) -> None:
    assert list(merged({"auths": {key: {"auth": auth("a", "b")}}})["auths"]) == ["r.example"]


@pytest.mark.parametrize("key", ["docker.io", "index.docker.io", "https://index.docker.io/v2/"])
def test_another_key_of_docker_hub_goes(key: str) -> None:
    logins = [Login(HUB, "ci", Secret("p"))]
    assert list(merged({"auths": {key: {"auth": auth("a", "b")}}}, logins)["auths"]) == [HUB]


def test_a_helper_for_our_host_goes_for_it_would_win() -> None:
    assert "credHelpers" not in merged({"credHelpers": {"r.example": "ecr-login"}})


@pytest.mark.parametrize("existing", [b"", b" \n"])
def test_an_empty_file_is_as_good_as_none(existing: bytes) -> None:
    assert merge_into(existing, OURS, "docker") == render(OURS, "docker")


@pytest.mark.parametrize(
    ("existing", "output_format"),
    [
        (b"{", "docker"),
        (b"[]", "docker"),
        (b'"x"', "docker"),
        (b"\xff", "docker"),
        (b"[" * 100_000, "docker"),
        (b'{"auths": []}', "docker"),
        (b'{"credHelpers": 1}', "docker"),
        (b'{"credsStore": "desktop"}', "docker"),
        (b'{"r": {"auth": "x"}}', "docker"),
        (b'{"auths": {}}', "legacy"),
    ],
)
def test_a_file_that_can_not_be_merged_into_is_refused(existing: bytes, output_format: Any) -> None:
    with pytest.raises(OutputError) as caught:
        merge_into(existing, OURS, output_format)
    assert caught.value.hint


def test_merging_twice_changes_nothing() -> None:
    once = merge_into(b'{"auths": {"other": {"auth": "x"}}}', OURS, "docker")
    assert merge_into(once, OURS, "docker") == once


def test_legacy_files_are_merged_too() -> None:
    result = json.loads(merge_into(b'{"other": {"auth": "x", "email": ""}}', OURS, "legacy"))
    assert sorted(result) == ["other", "r.example"]
