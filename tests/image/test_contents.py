"""What is in the image: byte-code, what is locked, nothing that is not needed."""

import json
import os
import re

import pytest

from image.slim import KEPT
from tests.parts.container import HARDENED, IMAGE, NONROOT, ROOT, docker, run_image

pytestmark = pytest.mark.image

LARGEST_MB = 90
SITE = "/opt/venv/lib/python3.13/site-packages"
# A tool of a terminal that a library imports if it is merely there: 50 ms of every run.
UNWANTED = {"click", "httpx", "pip", "pygments", "rich", "setuptools", "typer"}
_SHA = "find /opt/venv $(python -c 'import sysconfig; print(sysconfig.get_path(\"stdlib\"))')"
_SHA += " -type f -exec sha256sum {} + | sort -k 2"


def in_image(script: str, image: str = IMAGE) -> str:
    ran = run_image("-c", script, flags=("--entrypoint=sh",), image=image)
    assert ran.code == 0, ran.stderr
    return ran.stdout


def test_what_lies_above_the_base_is_within_its_budget() -> None:
    history = docker(
        "history", "--no-trunc", "--human=false", "--format={{.Size}} {{.CreatedBy}}", IMAGE
    ).stdout
    ours = []
    for line in history.splitlines():
        size, _, command = line.partition(" ")
        ours.append(int(size))
        if "compileall" in command:  # the first step of ours
            break
    else:
        pytest.fail(f"the first step of ours is not in the history: {history}")
    assert sum(ours) <= LARGEST_MB * 1_000_000
    # a layer of its own for each step that only describes would be something else
    assert sum(size > 0 for size in ours) == 2


def test_both_images_share_all_layers() -> None:
    layers = [
        docker("image", "inspect", "--format={{json .RootFS.Layers}}", image).stdout
        for image in (IMAGE, NONROOT)
    ]
    assert layers[0] == layers[1]
    assert len(json.loads(layers[0])) >= 3


def test_a_run_compiles_nothing() -> None:
    """``-v`` tells of each module where its code came from."""
    program = ("-I", "-v", "/opt/venv/bin/dockercfg-generator", "/nowhere/dockercfg")
    environment = {"DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "p"}
    flags = ("--entrypoint=/opt/venv/bin/python", *HARDENED)
    ran = run_image(*program, environment=environment, flags=flags)
    assert ran.code == 73
    from_source = re.findall(r"^# code object from '?(/[^\s']*\.py)'?$", ran.stderr, re.MULTILINE)
    from_cache = re.findall(r"^# code object from '?(/[^\s']*\.pyc)'?$", ran.stderr, re.MULTILINE)
    assert from_source == []
    assert any(SITE in path for path in from_cache)
    assert any(SITE not in path for path in from_cache)


def test_byte_code_is_never_checked_against_its_source() -> None:
    """A layer's times are not its source's; the second word of a .pyc says how to check it."""
    program = (
        "import pathlib\n"
        f"files = list(pathlib.Path('{SITE}').rglob('*.pyc'))\n"
        "print(len(files), {p.read_bytes()[4] for p in files})\n"
    )
    flags = ("--entrypoint=/opt/venv/bin/python",)
    number, _, kinds = run_image("-I", "-c", program, flags=flags).stdout.strip().partition(" ")
    assert int(number) > 500
    assert kinds == "{1}"


def test_every_source_of_the_venv_has_byte_code() -> None:
    sources = f"find {SITE} -name '*.py' | wc -l"
    compiled = f"find {SITE} -name '*.pyc' | wc -l"
    assert in_image(sources) == in_image(compiled)


def test_nothing_is_in_the_venv_that_only_costs_time() -> None:
    program = "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"
    flags = ("--entrypoint=/opt/venv/bin/python",)
    installed = set(run_image("-I", "-c", program, flags=flags).stdout.split())
    assert "dockercfg-generator" in installed
    assert installed & UNWANTED == set()


def test_what_is_installed_is_what_is_locked() -> None:
    program = (
        "import importlib.metadata as m\n"
        "print(*(f'{d.name.lower()}=={d.version}' for d in m.distributions()))\n"
    )
    flags = ("--entrypoint=/opt/venv/bin/python",)
    installed = set(run_image("-I", "-c", program, flags=flags).stdout.split())
    lock = (ROOT / "requirements" / "image.txt").read_text()
    locked = set(re.findall(r"^([\w.-]+==\S+)", lock, re.MULTILINE))
    names = {name.replace("_", "-") for name in installed}
    assert {n for n in names if not n.startswith("dockercfg-generator==")} == locked


def test_of_the_sdk_only_the_services_that_are_asked_are_left() -> None:
    folders = in_image(f"cd {SITE}/botocore/data && ls -d */").replace("/", "").split()
    assert {"ecr", "ecr-public", "secretsmanager", "ssm", "sso", "sso-oidc", "sts"} <= set(folders)
    assert set(folders) <= KEPT


@pytest.mark.timeout(400)
def test_the_same_commit_gives_the_same_files() -> None:
    first = in_image(_SHA)
    epoch = in_image(f"stat -c %Y {SITE}/generator/__init__.py").strip()
    flags = os.environ.get("DOCKER_BUILD_FLAGS", "").split()
    tag = "dockercfg-generator:rebuilt"
    arguments = [*flags, f"--build-arg=SOURCE_DATE_EPOCH={epoch}", f"--tag={tag}", str(ROOT)]
    built = docker("build", "--no-cache", *arguments, timeout_s=350)
    assert built.code == 0, built.output[-3000:]
    try:
        second = in_image(_SHA, tag)
    finally:
        docker("rmi", tag)
    differing = set(first.splitlines()) ^ set(second.splitlines())
    assert {line.split()[1] for line in differing} == set()
