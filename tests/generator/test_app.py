"""The command line in this process: exit codes, and what a bug may show."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from generator.app import main

CANARY = "hunter2-CANARY"
HUB = {"DOCKER_USERNAME": "ci-bot", "DOCKER_PASSWORD": CANARY}


class Broken(Mapping[str, str]):
    """An environment with a bug in it."""

    def __getitem__(self, name: str) -> str:
        raise RuntimeError(CANARY)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError(CANARY)

    def __len__(self) -> int:
        return 1


def ended(arguments: list[str], environment: Mapping[str, str]) -> int:
    codes: list[int] = []
    main(arguments, environment, leave=codes.append, started_at=time.monotonic())
    return codes[0]


def test_a_bug_shows_where_it_is_and_no_value(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(["./d"], Broken()) == 70
    said = capfd.readouterr().err
    assert "a bug: RuntimeError in __iter__" in said
    assert CANARY not in said


def test_the_way_out_is_taken_with_the_exit_code(tmp_path: Path) -> None:
    assert ended([str(tmp_path / "d")], HUB) == 0
    assert ended([str(tmp_path / "no" / "d")], HUB) == 73
    assert ended([], HUB) == 2
    assert ended([str(tmp_path / "d")], {}) == 78


@pytest.mark.parametrize(
    ("arguments", "reference"), [(["--nope"], "[usage]"), (["genrate"], "[unknown-command]")]
)
def test_a_usage_error_has_its_reference_and_names_help(
    arguments: list[str], reference: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments, {}) == 2
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first.endswith(reference)
    assert "--help" in last


def test_help_is_on_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(["--help"], {}) == 0
    assert "usage:" in capfd.readouterr().out


def test_a_failed_write_is_reported_after_the_entries(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "d"
    target.write_text('{"credsStore": "desktop"}')
    assert ended([str(target), "--merge"], HUB) == 73
    assert "credsStore" in capfd.readouterr().err
    assert target.read_text() == '{"credsStore": "desktop"}'


def test_merging_adds_to_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "d"
    target.write_text('{"auths": {"other": {"auth": "eDp5"}}}')
    assert ended([str(target), "--merge"], HUB) == 0
    assert '"other"' in target.read_text()
    assert "index.docker.io" in target.read_text()


def test_an_odd_address_is_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert ended([str(tmp_path / "d")], {**HUB, "DOCKER_REGISTRY": "r.example:443"}) == 0
    assert "warning: docker: r.example:443" in capfd.readouterr().err


def test_a_bug_leaves_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("generator.commands.generate.open_cache", broken)
    report = tmp_path / "report.json"
    assert ended([str(tmp_path / "d"), "--report", str(report)], HUB) == 70
    told = json.loads(report.read_text())
    assert (told["exit_code"], told["error"]["reference"]) == (70, "bug")
    assert CANARY not in report.read_text()
