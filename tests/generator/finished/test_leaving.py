"""When a run leaves a document, and when a warm run could write something else."""

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from generator.cache.errors import CacheUnavailable
from generator.cache.volume import CacheVolume
from generator.finished.making import LONGEST_USE_S
from tests.generator.fast.samples import CANARY, Place
from tests.parts.ecr import Answer, EcrStandIn

ECR = "{server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com}"


@pytest.fixture
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def place(tmp_path: Path, ecr: EcrStandIn) -> Place:
    return Place(tmp_path, {**ecr.environment, "TOKEN": CANARY})


def configured(place: Place, *entries: str, more: str = "") -> Place:
    lines = "".join(f"  e{number}: {entry}\n" for number, entry in enumerate(entries))
    place.environment["DOCKERCFG_CONFIG_YAML"] = f"{more}\nregistries:\n{lines}"
    return place


def test_tokens_and_static_passwords_together_leave_one(place: Place) -> None:
    configured(place, ECR, "{server: a.example, username: ci, credentials: env:TOKEN}")
    assert place.ordinary() == 0
    assert place.fast()
    assert CANARY in str(json.loads(place.target.read_text())) or place.target.exists()


@pytest.mark.parametrize(
    ("entry", "more"),
    [
        ("{server: a.example, username: ci, credentials: 'env:JSON#password'}", ""),
        ("{server: a.example, credentials: env:JSON}", ""),
        ("{server: 'a.example:443', username: ci, credentials: env:TOKEN}", ""),
        (ECR, "output: {merge: true}"),
        ("{server: a.example, username: ci, credentials: env:UNSET, optional: true}", ""),
    ],
)
def test_what_a_warm_run_could_do_otherwise_leaves_none(
    place: Place, entry: str, more: str
) -> None:
    place.environment["JSON"] = json.dumps({"username": "ci", "password": CANARY})
    configured(place, ECR.replace("1234", "4321"), entry, more=more)
    assert place.ordinary() == 0
    assert place.documents == []
    assert not place.fast()


@pytest.mark.parametrize(
    "changes",
    [
        {"DOCKERCFG_FAST": "0"},
        {"DOCKERCFG_LOG_FORMAT": "json"},
        {"DOCKERCFG_REFRESH": "1"},
        {"DOCKERCFG_MERGE": "1"},
    ],
)
def test_a_run_that_is_not_plain_leaves_none(place: Place, changes: dict[str, str]) -> None:
    assert configured(place, ECR).ordinary(**changes) == 0
    assert place.documents == []


def test_a_token_that_was_kept_leaves_none(place: Place, ecr: EcrStandIn) -> None:
    ecr.lifetime_s = 1200
    configured(place, ECR, more="cache: {max_age: 10ms}")
    assert place.ordinary() == 0
    for document in place.documents:
        document.unlink()
    ecr.fail_next(*["500"] * 3)
    assert place.ordinary() == 0
    assert place.documents == []


def test_a_clock_that_is_off_leaves_none(place: Place, ecr: EcrStandIn) -> None:
    ecr.date_offset_s = 300
    assert configured(place, ECR).ordinary() == 0
    assert place.documents == []


def test_a_failure_leaves_none_and_the_old_one_is_of_no_use(place: Place, ecr: EcrStandIn) -> None:
    assert configured(place, ECR).ordinary() == 0
    next(place.cache.glob("grant-*[0-9a-f]")).unlink()
    ecr.fail_next("denied")
    assert place.ordinary() == 77
    assert not place.fast()


def test_the_first_token_to_be_renewed_ends_the_document(place: Place, ecr: EcrStandIn) -> None:
    ecr.lifetime_s = 3600
    assert configured(place, ECR).ordinary() == 0
    now = time.time()
    # 80 % of an hour, or 10 minutes before its end
    assert place.fast(clock=lambda: now + 2870)
    assert not place.fast(clock=lambda: now + 2890)


def test_a_promise_ends_it_sooner(place: Place) -> None:
    place.environment["DOCKERCFG_MIN_VALIDITY"] = "11h"
    assert configured(place, ECR).ordinary() == 0
    now = time.time()
    assert place.fast(clock=lambda: now + 3590)
    assert not place.fast(clock=lambda: now + 3610)


def test_without_an_expiry_it_ends_in_a_day(place: Place) -> None:
    configured(place, "{server: a.example, username: ci, credentials: env:TOKEN}")
    assert place.ordinary() == 0
    now = time.time()
    assert place.fast(clock=lambda: now + LONGEST_USE_S - 10)
    assert not place.fast(clock=lambda: now + LONGEST_USE_S + 10)


def test_a_token_that_was_refreshed_is_what_the_next_run_writes(
    place: Place, ecr: EcrStandIn
) -> None:
    assert configured(place, ECR).ordinary() == 0
    first = place.target.read_bytes()
    assert place.ordinary(DOCKERCFG_REFRESH="1") == 0
    assert place.target.read_bytes() != first
    assert not place.fast()
    assert place.ordinary() == 0
    second = place.target.read_bytes()
    assert place.fast()
    assert place.target.read_bytes() == second != first
    assert ecr.token_calls == 2


def test_a_cache_that_was_cleared_is_cleared(place: Place) -> None:
    assert configured(place, ECR).ordinary() == 0
    for grant in place.cache.glob("grant-*[0-9a-f]"):
        grant.unlink()
    assert not place.fast()


def test_a_job_token_leaves_no_document_for_nobody(place: Place) -> None:
    claims = {"iss": "https://ci", "sub": "project", "exp": time.time() + 600}
    place.environment["TOKEN"] = jwt.encode(claims, "k" * 32)
    configured(place, "{server: a.example, username: ci, credentials: env:TOKEN}")
    assert place.ordinary() == 0
    assert place.documents == []
    claims["exp"] = time.time() + 90 * 86400
    place.environment["TOKEN"] = jwt.encode(claims, "k" * 32)
    assert place.ordinary() == 0
    assert place.fast()


@pytest.mark.parametrize("becomes", ["new", "x" * 100_000, None])
def test_a_secret_that_is_rotated_or_goes_meanwhile_leaves_none(
    place: Place, becomes: str | None
) -> None:
    secret = place.folder / "secret"
    secret.write_text("old")

    class Rotating(EcrStandIn):
        def answer(self, headers: dict[str, str], body: bytes) -> Answer | None:
            if becomes is None:
                secret.unlink(missing_ok=True)
            else:
                secret.write_text(becomes)
            return super().answer(headers, body)

    with Rotating() as ecr:
        place.environment |= ecr.environment
        path = f"'file:{secret}'"
        configured(place, ECR, f"{{server: a.example, username: ci, credentials: {path}}}")
        assert place.ordinary() == 0
    assert place.documents == []


def test_identities_that_look_at_different_inputs_do_not_take_the_index_from_each_other(
    place: Place, tmp_path: Path
) -> None:
    configured(place, ECR)
    homes = [dict(place.environment, HOME=str(tmp_path / name)) for name in ("a", "b")]
    for _ in range(2):
        for home in homes:
            place.environment = home
            assert place.ordinary() == 0
    assert [place.fast(home) for home in homes] == [True, True]


def test_a_cache_folder_that_can_only_be_read_is_read(place: Place) -> None:
    configured(place, ECR)
    assert place.ordinary() == 0
    assert place.fast()
    place.cache.chmod(0o500)
    assert place.fast()
    place.cache.chmod(0o700)


def test_the_config_may_name_the_cache_relative_to_itself(place: Place, tmp_path: Path) -> None:
    config = tmp_path / "ci" / "registries.yaml"
    config.parent.mkdir()
    config.write_text(f"cache: {{dir: ../cache}}\nregistries: {{prod: {ECR}}}\n")
    del place.environment["DOCKERCFG_CACHE_DIR"]
    place.environment["DOCKERCFG_CONFIG"] = str(config)
    assert place.ordinary() == 0
    assert place.fast()
    elsewhere = tmp_path / "other" / "registries.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text(config.read_text())
    assert not place.fast(place.environment | {"DOCKERCFG_CONFIG": str(elsewhere)})


def test_a_relative_config_is_another_one_in_another_folder(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "{server: a.example, username: ci, credentials: file:secret}"
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "r.yaml").write_text(f"registries: {{a: {entry}}}\n")
        (folder / "secret").write_text(name)
    place.environment["DOCKERCFG_CONFIG"] = "r.yaml"
    monkeypatch.chdir(tmp_path / "one")
    assert place.ordinary() == 0
    assert place.fast()
    os.chdir(tmp_path / "two")
    assert not place.fast()


def test_a_disk_that_fills_up_meanwhile_is_no_reason_to_fail_or_to_warn(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write = CacheVolume.write

    def full(volume: CacheVolume, name: str, content: bytes, **options: float | None) -> None:
        if name.startswith("finished-"):
            raise CacheUnavailable("full")
        write(volume, name, content, **options)

    monkeypatch.setattr(CacheVolume, "write", full)
    assert configured(place, ECR).ordinary() == 0
    assert place.documents == []
    assert "warning" not in capfd.readouterr().err


def test_a_folder_where_a_file_is_looked_for_leaves_none(place: Place) -> None:
    (place.folder / ".aws" / "models").mkdir(parents=True)
    assert configured(place, ECR).ordinary() == 0
    assert place.documents == []


def test_an_index_that_would_grow_without_end_begins_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.finished.leaving._MOST_INPUTS", 20)
    configured(place, ECR)
    for number in range(8):
        place.environment["HOME"] = str(place.folder / f"home-{number}")
        assert place.ordinary() == 0
        assert place.fast()
    lines = place.indexes[0].read_bytes().split(b"\n\n")[0].splitlines()
    assert len(lines) <= 21


def test_a_neighbours_newer_token_is_not_passed_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(place, ECR)

    def renewed(*_arguments: object) -> None:
        return None

    monkeypatch.setattr("generator.cache.store.GrantStore.load", renewed)
    assert place.ordinary() == 0
    assert place.documents == []


ENDS = "{server: a.example, username: ci, credentials: {password: env:TOKEN, expires_at: env:ENDS}}"


def test_a_password_that_ends_is_not_in_the_document_and_ends_it(place: Place) -> None:
    ends_at = int(time.time()) + 3600
    # the tokens of the others, which are stored, hold the usual canary
    place.environment |= {"ENDS": str(ends_at), "TOKEN": "hunter2-STATIC"}
    assert configured(place, ENDS, ECR).ordinary() == 0
    written = place.target.read_bytes()
    place.target.unlink()
    assert place.fast()
    assert place.target.read_bytes() == written
    secret = b"hunter2-STATIC"
    for stored in place.cache.iterdir():
        content = stored.read_bytes()
        assert secret not in content
        assert base64.b64encode(b"ci:" + secret) not in content
    assert place.fast(clock=lambda: ends_at - 1800.0)
    # by default ten minutes, or the last fifth of its life, are not for a run that only looks
    assert not place.fast(clock=lambda: ends_at - 599.0)
    assert not place.fast(clock=lambda: ends_at + 1.0)


def test_a_password_that_ends_within_minutes_leaves_none(place: Place) -> None:
    place.environment["ENDS"] = str(int(time.time()) + 90)
    place.environment["DOCKERCFG_MIN_VALIDITY"] = "80s"
    assert configured(place, ENDS).ordinary() == 0
    now = time.time()
    assert not place.fast(clock=lambda: now + 12)


def test_a_password_of_a_document_with_an_expiry_leaves_none(place: Place) -> None:
    ends_at = int(time.time()) + 3600
    place.environment["JSON"] = json.dumps({"password": CANARY, "expires_at": ends_at})
    configured(place, "{server: a.example, username: ci, credentials: env:JSON}")
    assert place.ordinary() == 0
    assert place.documents == []


@pytest.mark.parametrize("named", ["config", "environment"])
def test_a_preset_leaves_one_that_another_variable_ends(place: Place, named: str) -> None:
    place.environment |= {"GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": CANARY}
    if named == "config":
        configured(place, "{preset: ghcr}")
    else:
        place.environment["DOCKERCFG_FROM_ENV"] = "ghcr"
    assert place.ordinary() == 0
    assert place.fast()
    for earlier in ("GHCR_USERNAME", "GHCR_TOKEN", "CR_PAT"):
        assert not place.fast({**place.environment, earlier: "other"})
    # after the one that counts nothing was looked at
    assert place.fast({**place.environment, "GH_TOKEN": "other"})
