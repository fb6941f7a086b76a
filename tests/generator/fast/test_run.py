"""What the fast way writes, says, and leaves to the ordinary one."""

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, PLAIN_ENVIRONMENT
from tests.generator.fast.samples import CANARY, Place

ALLOWED = {
    "_blake2",
    "_operator",
    "binascii",
    "gc",
    "generator",
    "generator.__main__",
    "generator.cache",
    "generator.cache.errors",
    "generator.cache.layout",
    "generator.cache.private",
    "generator.fast",
    "generator.fast.cache_dir",
    "generator.fast.digest",
    "generator.fast.document",
    "generator.fast.index",
    "generator.fast.inputs",
    "generator.fast.lookup",
    "generator.fast.request",
    "generator.fast.run",
    "generator.output",
    "generator.output.replace",
}


def modules_after(statement: str, environment: dict[str, str]) -> set[str]:
    """Return the modules that are there when ``statement`` ends the process."""
    script = (
        "import os, sys\n"
        "def leave(code): os.write(1, ' '.join(sys.modules).encode()); end(code)\n"
        f"end, os._exit = os._exit, leave\n{statement}\nleave(0)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_a_fast_run_imports_a_handful_of_modules(place: Place) -> None:
    statement = (
        f"sys.argv[1:] = [{str(place.target)!r}]\nfrom generator.__main__ import main\nmain()"
    )
    place.target.unlink()
    loaded = modules_after(statement, PLAIN_ENVIRONMENT | place.environment)
    assert place.target.exists()
    bare = modules_after("pass", PLAIN_ENVIRONMENT)
    assert loaded - bare <= ALLOWED
    assert "generator.fast.run" in loaded


def test_the_console_script_imports_nothing_of_its_own() -> None:
    imported = re.findall(r"^\s*(?:import|from) (\S+)", COMMAND.read_text(), re.MULTILINE)
    assert imported == ["generator.__main__"]


def test_it_says_what_a_warm_run_says(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert place.ordinary() == 0
    warm = capfd.readouterr().err
    assert place.fast()
    assert capfd.readouterr().err == warm
    assert "docker: https://index.docker.io/v1/: static, no expiry known" in warm


@pytest.mark.parametrize("silence", [{"DOCKERCFG_QUIET": "1"}, {"DOCKERCFG_LOG_LEVEL": "warning"}])
def test_it_is_as_quiet_as_it_is_told(
    place: Place, silence: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    place.environment |= silence
    assert place.ordinary() == 0
    assert place.fast()
    assert capfd.readouterr().err == ""


def test_the_static_password_is_not_in_the_cache(place: Place) -> None:
    stored = b"".join(path.read_bytes() for path in place.cache.iterdir())
    assert CANARY.encode() not in stored
    assert b"Y2k6" not in stored  # base64 of "ci:"
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.cache.iterdir()} == {0o600}


def test_the_target_is_another_one_each_time(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other" / "file"
    other.parent.mkdir()
    assert place.fast(arguments=[str(other)])
    assert other.read_bytes() == place.target.read_bytes()


def test_a_new_file_gets_the_mode_that_was_asked_for(place: Place) -> None:
    place.environment["DOCKERCFG_MODE"] = "0640"
    place.target.unlink()
    assert place.ordinary() == 0
    place.target.unlink()
    assert place.fast()
    assert stat.S_IMODE(place.target.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_an_existing_file_keeps_owner_and_mode(place: Place) -> None:
    place.target.write_text("old")
    os.chown(place.target, 1234, 1234)
    place.target.chmod(0o604)
    assert place.fast()
    status = place.target.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 1234, 0o604)
    assert b"auths" in place.target.read_bytes()


def symlink(place: Place) -> None:
    place.target.unlink()
    (place.folder / "elsewhere").write_text("as it was")
    place.target.symlink_to("elsewhere")


def folder(place: Place) -> None:
    place.target.unlink()
    place.target.mkdir()


def fifo(place: Place) -> None:
    place.target.unlink()
    os.mkfifo(place.target)


def no_parent(place: Place) -> None:
    place.folder.joinpath("dockercfg").unlink()
    place.folder = place.folder / "nowhere"


@pytest.mark.parametrize("what", [symlink, folder, fifo, no_parent])
def test_what_is_no_plain_file_is_left_to_the_ordinary_way(
    place: Place, what: Callable[[Place], None]
) -> None:
    what(place)
    assert not place.fast()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-"],
        ["--version"],
        ["generate"],
        ["word"],
        ["./d", "--quiet"],
        ["--", "./d"],
        ["./d/"],
        ["./d/.."],
        ["/dev/stdout"],
        ["/proc/self/fd/1"],
        ["./line\nbreak"],
        ["./\udcff"],
        [""],
    ],
)
def test_any_other_form_of_the_command_is_left_to_the_ordinary_way(
    place: Place, arguments: list[str]
) -> None:
    assert not place.fast(arguments=arguments)


@pytest.mark.parametrize(
    "changes",
    [
        {"DOCKERCFG_FAST": "0"},
        {"DOCKERCFG_FAST": "off"},
        {"DOCKERCFG_FAST": "perhaps"},
        {"DOCKERCFG_LOG_FORMAT": "json"},
        {"DOCKERCFG_MERGE": "1"},
        {"DOCKERCFG_REFRESH": "1"},
        {"DOCKERCFG_FORMAT": "legacy"},
        {"DOCKERCFG_CACHE_KEY": "of another version"},
        {"DOCKERCFG_UNKNOWN": ""},
        {"DOCKERCFG_CACHE_DIR": ""},
        {"DOCKERCFG_CONFIG": "/nonexistent"},
        {"DOCKER_USERNAME": ""},
        {"DOCKER_USERNAME": "a:b"},
        {"DOCKER_PASSWORD": "another"},
        {"DOCKER_PASSWORD": ""},
        {"DOCKER_REGISTRY": ""},
        {"HEROKU_API_KEY": "key"},
    ],
)
def test_another_environment_is_left_to_the_ordinary_way(
    place: Place, changes: dict[str, str]
) -> None:
    assert place.fast()
    before = place.target.read_bytes()
    assert not place.fast(place.environment | changes)
    assert place.target.read_bytes() == before


def test_what_nobody_looked_at_is_no_reason_to_go_the_ordinary_way(place: Place) -> None:
    assert place.fast(place.environment | {"BUILD_ID": "17", "DOCKERCFG_FAST": "yes"})


def test_two_mount_points_of_one_cache_share_a_document(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other-mount"
    place.cache.rename(other)
    assert place.fast(place.environment | {"DOCKERCFG_CACHE_DIR": str(other)})
    assert place.fast(place.environment | {"DOCKERCFG_CACHE_DIR": f"{other}/"})


def test_a_clock_that_jumps_is_noticed(place: Place) -> None:
    now = time.time()
    taken = {
        seconds: place.fast(clock=partial(float, now + seconds))
        for seconds in (-61, -59, 0, 86000, 86401)
    }
    assert taken == {-61: False, -59: True, 0: True, 86000: True, 86401: False}


def test_a_closed_stderr_is_no_reason_to_fail(place: Place) -> None:
    place.target.unlink()
    command = f"{COMMAND} {place.target} 2>&-"
    environment = PLAIN_ENVIRONMENT | place.environment
    subprocess.run(["bash", "-c", command], env=environment, check=True)
    assert b"auths" in place.target.read_bytes()


def test_a_reader_that_went_away_is_no_reason_to_fail(place: Place) -> None:
    place.target.unlink()
    reading, writing = os.pipe()
    os.close(reading)
    environment = PLAIN_ENVIRONMENT | place.environment
    subprocess.run([COMMAND, place.target], env=environment, stderr=writing, check=True)
    os.close(writing)
    assert b"auths" in place.target.read_bytes()
