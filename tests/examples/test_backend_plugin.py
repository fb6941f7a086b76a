"""The example package: built, installed somewhere else, found by its entry point, used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_EXAMPLE = Path(__file__).parents[2] / "examples" / "backend-plugin"


def _run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        timeout=50,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but the installed wheel."""
    pytest.importorskip("hatchling", reason="hatchling is needed to build the example")
    wheels = tmp_path_factory.mktemp("wheels")
    target = tmp_path_factory.mktemp("site")
    offline = ("--quiet", "--no-index", "--no-deps")
    _run("pip", "wheel", *offline, "--no-build-isolation", "-w", str(wheels), str(_EXAMPLE))
    (wheel,) = wheels.iterdir()
    _run("pip", "install", *offline, "--target", str(target), str(wheel))
    return target


def test_its_type_is_found_and_checks_references(installed: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from backends.loader import backend_type_names, load_backend_type\n"
        "from backends.reference import parse_reference\n"
        "factory = load_backend_type('json-store')\n"
        "assert 'json-store' in backend_type_names()\n"
        "for text in ('store:team/registry#password', 'store:team/../x?versoin=1'):\n"
        "    print(len(factory.check(parse_reference(text, ['store']))))\n"
        "print(factory.__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert done.stdout.split() == ["0", "2", "dockercfg_json_store.factory"]


def test_it_keeps_the_contract_of_backends(installed: Path) -> None:
    output = _run(
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "--rootdir",
        str(_EXAMPLE),
        "-c",
        str(_EXAMPLE / "pyproject.toml"),
        str(_EXAMPLE / "tests"),
        PYTHONPATH=str(installed),
    )
    assert " passed" in output
    assert "failed" not in output
    assert "skipped" not in output
