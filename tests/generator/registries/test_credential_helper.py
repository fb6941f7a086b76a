"""Credential helpers: real programs, good ones and all the others."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import ValidationError

from backends.base import Secret, SecretRef
from backends.inputs import RecordedInputs
from backends.testing import make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.credential_helper.provider import (
    CredentialHelperOptions,
    CredentialHelperProvider,
)
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.ecr_helper import HELPER, PACKAGE, helper_environment
from tests.parts.helper import helper, telling
from tests.parts.process import missing

NOT_FOUND = "echo 'credentials not found in native keychain'; exit 1"


def entry(server: str | None = "r.example", **options: Any) -> RegistryEntry:
    options = options or {"helper": "own"}
    return RegistryEntry("own", "credential-helper", server, CredentialHelperOptions(**options))


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "OTHER": CANARY}


async def asked(folder: Path, one: RegistryEntry | None = None, **more: str) -> Grant:
    context = make_context({**environment(folder), **more})
    return await CredentialHelperProvider().fetch(GrantRequest(one or entry(), {}), context)


async def refused(folder: Path, one: RegistryEntry | None = None) -> EntryError:
    with pytest.raises(EntryError) as caught:
        await asked(folder, one)
    assert CANARY not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__!r}"
    assert caught.value.hint
    return caught.value


class TestCredentialHelperKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> ProviderCase:
        helper(tmp_path, telling("ci", CANARY, "r.example"))

        def writes(script: str) -> Any:
            return lambda: helper(tmp_path, script)

        return ProviderCase(
            provider=CredentialHelperProvider(),
            entry=entry(),
            secrets={},
            environment=environment(tmp_path),
            failures={
                "not found": (writes(NOT_FOUND), SecretMissing),
                "fails": (writes(f"echo {CANARY}; echo {CANARY} >&2; exit 1"), AccessDenied),
                "is killed": (writes("kill -9 $$"), AccessDenied),
                "garbage": (writes(f"echo {CANARY}"), ImplausibleAnswer),
                "no end": (writes(f"yes {CANARY} | head -c 10000000"), ImplausibleAnswer),
            },
            hang=writes("trap '' TERM; sleep 600 & sleep 600"),
            bad_entries={
                "no server": entry(None),
                "no program": entry(environment=()),
                "two programs": entry(helper="own", command=("own", "get")),
                "the whole name": entry(helper="docker-credential-own"),
                "credentials": replace(entry(), credentials=Credentials(SecretRef("env", "X"))),
            },
        )


async def test_it_is_asked_as_docker_asks(tmp_path: Path) -> None:
    script = 'printf "%s|" "$@" "$(cat)" >"$HOME/seen"\n' + telling("ci", CANARY)
    helper(tmp_path, script)
    grant = await asked(tmp_path)
    assert (grant.username, grant.secret, grant.expires_at) == ("ci", Secret(CANARY), None)
    assert (tmp_path / "seen").read_text() == "get|r.example|"
    await asked(tmp_path, entry("https://index.docker.io/v1/"))
    assert (tmp_path / "seen").read_text() == "get|https://index.docker.io/v1/|"
    await asked(tmp_path, entry(helper="own", helper_server="https://other.example/x"))
    assert (tmp_path / "seen").read_text() == "get|https://other.example/x|"
    path = str(tmp_path / "docker-credential-own")
    await asked(tmp_path, entry(command=(path, "a b", "$HOME;`id`", "get")))
    assert (tmp_path / "seen").read_text() == "a b|$HOME;`id`|get|r.example|"


async def test_it_sees_path_home_and_the_variables_that_are_named(tmp_path: Path) -> None:
    helper(tmp_path, 'env | sort >"$HOME/seen"\n' + telling("ci", CANARY))
    shell_itself = {"PWD", "SHLVL", "_", "OLDPWD"}

    def seen() -> set[str]:
        lines = (tmp_path / "seen").read_text().splitlines()
        return {line.partition("=")[0] for line in lines} - shell_itself

    await asked(tmp_path, DOCKERCFG_CACHE_KEY="x", AWS_SECRET_ACCESS_KEY="x")
    assert seen() == {"PATH", "HOME"}
    one = entry(helper="own", environment=("OTHER", "UNSET", "HOME"))
    await asked(tmp_path, one)
    assert seen() == {"PATH", "HOME", "OTHER"}


async def test_a_lifetime_that_is_stated_is_the_answers(tmp_path: Path) -> None:
    helper(tmp_path, telling("ci", CANARY))
    grant = await asked(tmp_path, entry(helper="own", lifetime="6h"))
    assert grant.expires_at is not None
    assert (grant.expires_at - grant.requested_at).total_seconds() == 6 * 3600


@pytest.mark.parametrize(
    ("script", "kind", "reference", "words"),
    [
        (NOT_FOUND, SecretMissing, "helper-has-no-login", "no login for this server"),
        (f"{NOT_FOUND} # {CANARY}", SecretMissing, "helper-has-no-login", "no login"),
        (
            "echo 'credentials not found in native keychain: x'; exit 1",
            AccessDenied,
            "helper-failed",
            "exit status 1",
        ),
        (f"echo {CANARY} >&2; exit 7", AccessDenied, "helper-failed", "exit status 7"),
        ("kill -TERM $$", AccessDenied, "helper-failed", "signal 15"),
        ("exit 0", ImplausibleAnswer, "helper-answer-implausible", "no JSON object"),
        ("echo '[1]'", ImplausibleAnswer, "helper-answer-implausible", "no JSON object"),
        ('echo \'{"Username": "ci"}\'', ImplausibleAnswer, "helper-answer-implausible", "Secret"),
        (
            'echo \'{"Username": "ci", "Secret": 7}\'',
            ImplausibleAnswer,
            "helper-answer-implausible",
            "Secret",
        ),
        (telling("ci", ""), SecretMissing, "helper-has-no-login", "no login"),
        (telling("", ""), SecretMissing, "helper-has-no-login", "no login"),
        (telling("", CANARY), ImplausibleAnswer, "helper-answer-implausible", "user name is empty"),
        (telling("a:b", CANARY), ImplausibleAnswer, "helper-answer-implausible", "':'"),
        (telling("ci", f"{CANARY}\0"), ImplausibleAnswer, "helper-answer-implausible", "NUL"),
        (telling("ci", "\ud800"), ImplausibleAnswer, "helper-answer-implausible", "UTF-8"),
        (telling("<token>", CANARY), Misconfigured, "helper-gave-a-token", "identity token"),
        (
            telling("ci", CANARY, "https://other.example"),
            ImplausibleAnswer,
            "helper-answer-implausible",
            "another server",
        ),
        (
            telling("ci", CANARY, "//a b"),
            ImplausibleAnswer,
            "helper-answer-implausible",
            "another server",
        ),
        (
            "head -c 10000000 /dev/zero",
            ImplausibleAnswer,
            "helper-answer-implausible",
            "larger than 64 KiB",
        ),
    ],
)
async def test_what_it_says_is_told_in_our_words(
    tmp_path: Path, script: str, kind: type[EntryError], reference: str, words: str
) -> None:
    helper(tmp_path, script)
    error = await refused(tmp_path)
    assert (type(error), error.reference) == (kind, reference)
    assert words in error.message
    assert error.message.startswith("docker-credential-own")


@pytest.mark.parametrize(
    "answered", ["r.example", "https://r.example", "R.example/", "http://r.example/v2/", "", " "]
)
async def test_the_server_in_the_answer_may_be_written_in_other_ways(
    tmp_path: Path, answered: str
) -> None:
    helper(tmp_path, telling("ci", CANARY, answered))
    assert (await asked(tmp_path)).username == "ci"


async def test_what_is_not_installed_is_told_from_what_may_not_be_run(tmp_path: Path) -> None:
    error = await refused(tmp_path)
    assert (type(error), error.reference) == (Misconfigured, "helper-not-installed")
    path = helper(tmp_path, "exit 0")
    path.chmod(0o600)
    assert (await refused(tmp_path)).reference == "helper-not-executable"
    path.chmod(0o700)
    path.write_bytes(b"\0no program")
    assert (await refused(tmp_path)).reference == "helper-not-executable"
    path.write_text("#!/nonexistent\n")
    assert (await refused(tmp_path)).reference == "helper-not-installed"
    below_a_file = entry(command=(f"{path}/x", "get"))
    assert (await refused(tmp_path, below_a_file)).reference == "helper-not-installed"


async def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.registries.credential_helper.provider.TIME_LIMIT_S", 0.5)
    helper(tmp_path, "trap '' TERM; sleep 600 & sleep 600")
    started = time.monotonic()
    error = await refused(tmp_path)
    assert (type(error), error.reference) == (Unavailable, "helper-timeout")
    assert time.monotonic() - started < 4


async def test_one_that_leaves_a_child_behind_has_answered(tmp_path: Path) -> None:
    helper(tmp_path, f"sleep 600 &\n{telling('ci', CANARY)}")
    with anyio.fail_after(5):
        assert (await asked(tmp_path)).username == "ci"


def test_it_can_not_be_compared_and_is_told_apart_by_what_it_sees(tmp_path: Path) -> None:
    def key(one: RegistryEntry, **more: str) -> Any:
        inputs = RecordedInputs()
        context = make_context({**environment(tmp_path), **more}, inputs=inputs)
        made = CredentialHelperProvider().grant_key(one, context)
        assert inputs.opaque_sources == {"credential-helper"}
        assert {"PATH", "HOME"} <= inputs.variables
        assert CANARY not in repr(made)
        return made

    named = entry(helper="own", environment=("OTHER",))
    keys = [
        key(entry()),
        key(named),
        key(named, OTHER="else"),
        key(entry(), HOME="/else"),
        key(entry(), PATH="/else"),
        key(entry("s.example")),
        key(entry(helper="other")),
        key(entry(helper="own", helper_server="s")),
        key(entry(helper="own", lifetime="1h")),
    ]
    assert all(keys.count(one) == 1 for one in keys)
    assert key(entry(), OTHER="else") == keys[0]
    assert kind_of_host("credential-helper.example") == "static"


@pytest.mark.parametrize(
    "options",
    [
        {"helper": "../own"},
        {"helper": "own get"},
        {"helper": ""},
        {"command": ()},
        {"command": ("",)},
        {"command": ("./docker-credential-own", "get")},
        {"command": ("checkout/docker-credential-own", "get")},
        {"command": ("own", "a\0b")},
        {"command": "docker-credential-own get"},
        {"helper": "own", "environment": ("A=b",)},
        {"helper": "own", "environment": ("",)},
        {"helper": "own", "helper_server": "a b"},
        {"helper": "own", "helper_server": "x" * 256},
        {"helper": "own", "lifetime": "3600"},
    ],
)
def test_what_can_not_be_meant_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CredentialHelperOptions(**options)


async def test_a_real_helper_is_spoken_to(tmp_path: Path) -> None:
    """Amazon's own: from its cache it answers, else it has the protocol's words for any failure."""
    if problem := missing(HELPER, PACKAGE):
        pytest.skip(problem)
    hosts = [
        f"123456789012.dkr.ecr.{region}.amazonaws.com" for region in ("eu-west-1", "us-east-1")
    ]
    sees = helper_environment(tmp_path, hosts[:1], CANARY)
    context = make_context({**sees, "PATH": os.environ["PATH"]})
    names = tuple(sorted(sees))
    provider = CredentialHelperProvider()

    def request(host: str) -> GrantRequest:
        return GrantRequest(entry(host, helper="ecr-login", environment=names), {})

    grant = await provider.fetch(request(hosts[0]), context)
    assert (grant.username, grant.secret) == ("AWS", Secret(CANARY))
    for other in (hosts[1], "r.example"):
        with pytest.raises(SecretMissing):
            await provider.fetch(request(other), context)
