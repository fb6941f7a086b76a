"""An image of one's own on top: a provider or backend from a package."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import CANARY
from tests.parts.container import HARDENED, IMAGE, ROOT, docker, run_image
from tests.parts.loopback import QuietHandler, serving

pytestmark = pytest.mark.image

OWN_IMAGE = "dockercfg-generator-with-plugin:test"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    plugin = ROOT / "examples" / "backend-plugin"
    subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(folder), str(plugin)],
        check=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture
def own_image(wheel: Path) -> Iterator[str]:
    """The README's Dockerfile; the package comes as a wheel instead of from an index."""
    readme = (ROOT / "README.md").read_text()
    after = readme.partition("<!-- test: plugin-image -->\n```Dockerfile\n")[2]
    block = after.partition("```")[0]
    assert "my-provider" in block
    dockerfile = block.replace("my-provider", f"--no-index /{wheel.name}")
    dockerfile = dockerfile.replace("\nRUN", f"\nCOPY {wheel.name} /\nRUN", 1)
    (wheel.parent / "Dockerfile").write_text(dockerfile)
    built = docker("build", "--network=none", f"--tag={OWN_IMAGE}", wheel.parent)
    assert built.code == 0, built.output
    try:
        yield OWN_IMAGE
    finally:
        docker("rmi", OWN_IMAGE)


def test_a_package_is_added_by_the_pip_of_the_base_image(own_image: str, volume: Path) -> None:
    asked: list[str] = []

    class Store(QuietHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            fields = {"username": "ci", "password": CANARY}
            self.answer(200, json.dumps({"version": "7", "fields": fields}).encode())

    with serving(Store) as url:
        config = {
            "backends": {
                "store": {"type": "json-store", "address": url, "token_variable": "STORE_TOKEN"}
            },
            "registries": {
                "harbor": {"server": "harbor.example.com", "credentials": "store:team/registry"}
            },
        }
        environment = {"DOCKERCFG_CONFIG_YAML": json.dumps(config), "STORE_TOKEN": "t"}
        ran = run_image(
            "/opt/data/dockercfg",
            environment=environment,
            volumes={volume: "/opt/data"},
            flags=(*HARDENED, "--user=1234"),
            image=own_image,
            network="host",
        )
    assert ran.code == 0, ran.stderr
    assert asked == ["/v1/secrets/team/registry Bearer t"]
    entry = json.loads((volume / "dockercfg").read_text())["auths"]["harbor.example.com"]
    assert base64.b64decode(entry["auth"]).decode() == f"ci:{CANARY}"


def test_without_the_package_its_type_is_unknown() -> None:
    config = {"backends": {"store": {"type": "json-store"}}, "registries": {}}
    ran = run_image("-", environment={"DOCKERCFG_CONFIG_YAML": json.dumps(config)}, image=IMAGE)
    assert ran.code == 78
    assert "backends.store.type: there is no such type of backend" in ran.stderr
