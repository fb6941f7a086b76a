"""The example packages: built, installed somewhere else, found by their entry points, used."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

_EXAMPLES = Path(__file__).parents[2] / "examples"
_PLUGINS = ("backend-plugin", "registry-plugin")


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
    """A folder with nothing in it but the installed wheels."""
    pytest.importorskip("hatchling", reason="hatchling is needed to build the examples")
    wheels = tmp_path_factory.mktemp("wheels")
    target = tmp_path_factory.mktemp("site")
    offline = ("--quiet", "--no-index", "--no-deps")
    sources = [str(_EXAMPLES / plugin) for plugin in _PLUGINS]
    _run("pip", "wheel", *offline, "--no-build-isolation", "-w", str(wheels), *sources)
    _run("pip", "install", *offline, "--target", str(target), *map(str, wheels.iterdir()))
    return target


def _python(program: str, installed: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    return done.stdout.split()


def test_a_backends_type_is_found_and_checks_references(installed: Path) -> None:
    program = (
        "from backends.loader import backend_type_names, load_backend_type\n"
        "from backends.reference import parse_reference\n"
        "factory = load_backend_type('json-store')\n"
        "assert 'json-store' in backend_type_names()\n"
        "for text in ('store:team/registry#password', 'store:team/../x?versoin=1'):\n"
        "    print(len(factory.check(parse_reference(text, ['store']))))\n"
        "print(factory.__module__)\n"
    )
    assert _python(program, installed) == ["0", "2", "dockercfg_json_store.factory"]


def test_a_registry_kind_is_found_and_its_options_are_checked(installed: Path) -> None:
    text = (
        "registries: {team: {provider: token-desk, server: r.example,"
        " desk: 'https://desk.example', credentials: {key: 'env:KEY'}}}"
    )
    program = (
        "from backends.inputs import RecordedInputs\n"
        "from generator.config.load import load_config\n"
        "from generator.errors import ConfigError\n"
        "from generator.settings import Settings\n"
        f"text = {text!r}\n"
        "config = load_config(Settings('-', config_yaml=text), {}, RecordedInputs())\n"
        "print(config.entries[0].provider)\n"
        "try:\n"
        "    wrong = Settings('-', config_yaml=text.replace('desk:', 'dsek:'))\n"
        "    load_config(wrong, {}, RecordedInputs())\n"
        "except ConfigError as error:\n"
        "    print(len(error.problems))\n"
    )
    assert _python(program, installed) == ["token-desk", "2"]


@pytest.mark.parametrize("plugin", _PLUGINS)
def test_each_keeps_its_contract(installed: Path, plugin: str) -> None:
    folder = _EXAMPLES / plugin
    output = _run(
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "--rootdir",
        str(folder),
        "-c",
        str(folder / "pyproject.toml"),
        str(folder / "tests"),
        PYTHONPATH=str(installed),
    )
    assert " passed" in output
    assert "failed" not in output
    assert "skipped" not in output


def test_a_kind_of_your_own_takes_sixty_lines() -> None:
    source = _EXAMPLES / "registry-plugin" / "src" / "dockercfg_token_desk" / "provider.py"
    assert len([line for line in source.read_text().splitlines() if line.strip()]) <= 60


def test_the_steps_to_a_kind_of_your_own_lead_there(tmp_path: Path) -> None:
    """As they are written, but for the network: what is needed comes from this environment."""
    page = (_EXAMPLES / "registry-plugin" / "README.md").read_text()
    steps = page.partition("<!-- test: steps -->\n```sh\n")[2].partition("```")[0]
    assert "pip install . ../my-registry pytest" in steps
    steps = steps.replace(
        "pip install . ../my-registry pytest",
        "pip install -q --no-index --no-deps --no-build-isolation . ../my-registry",
    )
    clone = tmp_path / "clone"
    root = _EXAMPLES.parent
    ignored = shutil.ignore_patterns(".*", "dist", "__pycache__")
    shutil.copytree(root, clone, ignore=ignored)
    done = subprocess.run(
        ["bash", "-euc", steps],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "  named by: provider: token-desk" in done.stdout
