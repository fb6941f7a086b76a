"""The contract that the image was made for: a volume, one path, the environment."""

import base64
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, Ran
from tests.parts.container import HARDENED, IMAGE, NONROOT, ROOT, docker, run_image

pytestmark = pytest.mark.image

HUB = {"DOCKER_USERNAME": "ci-bot", "DOCKER_PASSWORD": CANARY}
TUTORIAL = "docker run -it -v /tmp/:/opt/data mygenerator /opt/data/dockercfg; cat /tmp/dockercfg"
SOMEBODY = 1234
TARGET = "/opt/data/dockercfg"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")


def generate(volume: Path, *arguments: str, image: str = IMAGE, flags: tuple[str, ...] = ()) -> Ran:
    ran = run_image(
        TARGET,
        *arguments,
        environment=HUB,
        volumes={volume: "/opt/data"},
        image=image,
        flags=flags,
    )
    assert CANARY not in ran.output
    assert "Traceback" not in ran.output
    return ran


def logins(content: str | bytes) -> dict[str, str]:
    auths = json.loads(content)["auths"]
    return {key: base64.b64decode(entry["auth"]).decode() for key, entry in auths.items()}


def owner_and_mode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, stat.S_IMODE(status.st_mode)


def read_as(uid: int, path: Path) -> "subprocess.CompletedProcess[bytes]":
    """Read a file as another user of the host would."""
    return subprocess.run(
        ["cat", str(path)], user=uid, group=uid, extra_groups=[], capture_output=True, check=False
    )


def test_the_command_of_the_tutorial() -> None:
    """With a terminal, as it stands there; only the variables are ours."""
    if Path("/tmp/dockercfg").exists():
        pytest.skip("/tmp/dockercfg is somebody's")
    assert docker("tag", IMAGE, "mygenerator").code == 0
    tutorial = (
        "docker run -it -v /tmp/:/opt/data mygenerator /opt/data/dockercfg; cat /tmp/dockercfg"
    )
    command = tutorial.replace("run -it", "run -it --rm -e DOCKER_USERNAME -e DOCKER_PASSWORD")
    try:
        shown = subprocess.run(
            ["script", "-qec", command, "/dev/null"],
            env=os.environ | HUB,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
    finally:
        Path("/tmp/dockercfg").unlink(missing_ok=True)
        docker("rmi", "mygenerator")
    log, _, document = shown.partition("{")
    assert "wrote /opt/data/dockercfg: 1 server address" in log
    assert CANARY not in log
    assert logins("{" + document) == {"https://index.docker.io/v1/": f"ci-bot:{CANARY}"}


def test_the_command_of_the_readme(volume: Path) -> None:
    after = (ROOT / "README.md").read_text().partition("<!-- test: image-run -->\n```sh\n")[2]
    command = after.partition("```")[0].replace("/tmp/", f"{volume}/")
    subprocess.run(["sh", "-euc", command], env=os.environ | HUB, check=True, timeout=60)
    assert logins((volume / "dockercfg").read_bytes())


@pytest.mark.parametrize("image", [IMAGE, NONROOT])
def test_it_works_with_every_right_taken_away(volume: Path, image: str) -> None:
    ran = generate(volume, image=image, flags=HARDENED)
    assert ran.code == 0, ran.stderr
    assert ran.stdout == ""
    assert owner_and_mode(volume / "dockercfg") == (65532 if image == NONROOT else 0, 0o600)
    assert [path.name for path in volume.iterdir()] == ["dockercfg"]


@pytest.mark.parametrize("user", ["1234", "1234:0", "4242424:4242424"])
def test_any_user_will_do(volume: Path, user: str) -> None:
    assert generate(volume, flags=(f"--user={user}", *HARDENED)).code == 0
    assert owner_and_mode(volume / "dockercfg") == (int(user.partition(":")[0]), 0o600)


def test_no_home_and_no_environment_are_no_reason_to_fail(volume: Path) -> None:
    ran = run_image(
        *("-i", *(f"{name}={value}" for name, value in HUB.items())),
        *("/opt/venv/bin/python", "-I", "/opt/venv/bin/dockercfg-generator", TARGET),
        volumes={volume: "/opt/data"},
        flags=("--entrypoint=env", "--user=1234", "--read-only"),
    )
    assert ran.code == 0, ran.stderr


@needs_root
@pytest.mark.parametrize(
    ("owner", "image", "flags", "uid"),
    [
        (0, NONROOT, (), 65532),
        (0, IMAGE, ("--user=1234",), 1234),
        (SOMEBODY, NONROOT, (), 65532),
        (SOMEBODY, IMAGE, ("--cap-drop=ALL",), 0),
    ],
)
def test_a_volume_that_the_user_may_not_write_to_is_said_with_the_remedy(
    volume: Path, owner: int, image: str, flags: tuple[str, ...], uid: int
) -> None:
    volume.chmod(0o755)
    os.chown(volume, owner, owner)
    ran = generate(volume, image=image, flags=flags)
    assert ran.code == 73
    assert f"may not be written by uid {uid}" in ran.stderr
    assert "docker run --user" in ran.stderr
    assert not list(volume.iterdir())


@needs_root
@pytest.mark.parametrize("flags", [(), (f"--user={SOMEBODY}", *HARDENED)])
def test_a_volume_of_a_user_is_written_by_root_and_by_that_user(
    volume: Path, flags: tuple[str, ...]
) -> None:
    volume.chmod(0o700)
    os.chown(volume, SOMEBODY, SOMEBODY)
    assert generate(volume, flags=flags).code == 0
    assert owner_and_mode(volume / "dockercfg") == (SOMEBODY if flags else 0, 0o600)


def test_a_volume_that_is_mounted_read_only_is_said(volume: Path) -> None:
    ran = run_image(TARGET, environment=HUB, volumes={volume: "/opt/data:ro"})
    assert ran.code == 73
    assert "mount the volume writable" in ran.stderr


def test_a_volume_that_was_forgotten_is_said() -> None:
    ran = run_image(TARGET, environment=HUB)
    assert ran.code == 73
    assert "mount a volume there" in ran.stderr


@needs_root
def test_a_file_that_was_made_beforehand_keeps_owner_and_mode(volume: Path) -> None:
    target = volume / "dockercfg"
    target.touch()
    target.chmod(0o640)
    os.chown(target, SOMEBODY, SOMEBODY)
    assert generate(volume).code == 0
    assert owner_and_mode(target) == (SOMEBODY, 0o640)
    assert logins(read_as(SOMEBODY, target).stdout)


@needs_root
def test_without_the_right_to_give_files_away_it_is_written_in_place(volume: Path) -> None:
    target = volume / "dockercfg"
    target.touch()
    target.chmod(0o666)
    os.chown(target, SOMEBODY, SOMEBODY)
    inode = target.stat().st_ino
    assert generate(volume, flags=HARDENED).code == 0
    assert owner_and_mode(target) == (SOMEBODY, 0o666)
    assert target.stat().st_ino == inode
    assert logins(target.read_bytes())


@needs_root
def test_a_host_user_reads_the_file_of_root_only_with_a_mode_for_it(volume: Path) -> None:
    assert generate(volume).code == 0
    assert read_as(SOMEBODY, volume / "dockercfg").returncode != 0
    (volume / "dockercfg").unlink()
    assert generate(volume, "--mode", "0644").code == 0
    assert logins(read_as(SOMEBODY, volume / "dockercfg").stdout)


def test_a_single_file_may_be_mounted(volume: Path) -> None:
    target = volume / "config.json"
    target.touch(0o600)
    inode = target.stat().st_ino
    ran = run_image(TARGET, environment=HUB, volumes={target: TARGET}, flags=("--read-only",))
    assert ran.code == 0, ran.stderr
    assert target.stat().st_ino == inode
    assert logins(target.read_bytes())


def test_the_target_may_lie_on_a_tmpfs() -> None:
    script = f"/opt/venv/bin/python -I /opt/venv/bin/dockercfg-generator {TARGET} && cat {TARGET}"
    ran = run_image(
        *("-c", script),
        environment=HUB,
        flags=("--entrypoint=sh", "--tmpfs=/opt/data", "--read-only"),
    )
    assert ran.code == 0, ran.stderr
    assert logins(ran.stdout)


def test_merge_keeps_what_an_existing_file_says(volume: Path) -> None:
    other = {"auths": {"other.example": {"auth": "YTpi"}}, "detachKeys": "ctrl-x"}
    (volume / "dockercfg").write_text(json.dumps(other))
    assert generate(volume, "--merge").code == 0
    document = json.loads((volume / "dockercfg").read_text())
    assert document["detachKeys"] == "ctrl-x"
    assert sorted(document["auths"]) == ["https://index.docker.io/v1/", "other.example"]


def test_a_dash_is_the_containers_stdout() -> None:
    ran = run_image("-", environment=HUB, flags=HARDENED)
    assert logins(ran.stdout)
    assert CANARY not in ran.stderr


def test_no_path_is_a_wrong_command_line() -> None:
    ran = run_image()
    assert ran.code == 2
    assert "PATH" in ran.stderr


def test_variables_of_python_change_nothing(volume: Path) -> None:
    (volume / "generator.py").write_text("raise SystemExit(99)")
    environment = {**HUB, "PYTHONPATH": "/opt/data", "PYTHONSTARTUP": "/opt/data/generator.py"}
    ran = run_image(
        TARGET,
        environment=environment,
        volumes={volume: "/opt/data"},
        flags=("--workdir=/opt/data",),
    )
    assert ran.code == 0, ran.stderr
