"""Real clients on real registries take what the command writes, and only with the right login."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command import CANARY, Ran, run
from tests.parts.docker_manifest import DockerRegistryClient
from tests.parts.image import make_oci_layout
from tests.parts.process import require
from tests.parts.registry import CA_FILE, registry, token_registry
from tests.parts.skopeo import Skopeo
from tests.parts.token_server import token_server

USER, PASSWORD = "robot$ci", f"{CANARY}:with:colons and space"
APP = "team/app:1"


@dataclass(frozen=True, slots=True)
class Place:
    """A registry with an image in it."""

    host: str
    folder: Path
    tls: bool

    @property
    def ca_folder(self) -> Path | None:
        """The folder of a client's private CA: nothing else may lie in it."""
        return self.folder / "trust" if self.tls else None

    @property
    def ca_file(self) -> Path | None:
        return self.folder / "trust" / CA_FILE if self.tls else None

    def generate(self, target: Path, *arguments: str, server: str = "", password: str = "") -> Ran:
        environment = {
            "DOCKER_USERNAME": USER,
            "DOCKER_PASSWORD": password or PASSWORD,
            "DOCKER_REGISTRY": server or self.host,
        }
        ran = run(target, *arguments, environment=environment)
        assert ran.code == 0, ran.stderr
        assert CANARY not in ran.output
        return ran


@pytest.fixture(scope="module", params=["htpasswd-http", "htpasswd-tls", "token-http", "token-tls"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    require("skopeo", "skopeo")
    kind, _, scheme = request.param.partition("-")
    folder = tmp_path_factory.mktemp(request.param)
    tls = scheme == "tls"
    with ExitStack() as stack:
        if kind == "token":
            known = token_server(folder, lambda user, word: (user, word) == (USER, PASSWORD))
            host = stack.enter_context(token_registry(folder, stack.enter_context(known), tls=tls))
        else:
            host = stack.enter_context(registry(folder, USER, PASSWORD, tls=tls))
        if tls:
            (folder / "trust").mkdir()
            (folder / CA_FILE).rename(folder / "trust" / CA_FILE)
        place = Place(host, folder, tls)
        place.generate(folder / "seed")
        layout = make_oci_layout(folder / "image")
        pushed = Skopeo(folder / "seed", folder, place.ca_folder).push(
            layout, f"docker://{host}/{APP}"
        )
        assert pushed.returncode == 0, pushed.stderr
        yield place


def test_skopeo_pushes_and_pulls(place: Place, tmp_path: Path) -> None:
    place.generate(tmp_path / "d")
    client = Skopeo(tmp_path / "d", tmp_path, place.ca_folder)
    pulled = client.pull(f"docker://{place.host}/{APP}", tmp_path / "pulled")
    assert pulled.returncode == 0, pulled.stderr
    pushed = client.push(tmp_path / "pulled", f"docker://{place.host}/team/copy:1")
    assert pushed.returncode == 0, pushed.stderr


def test_docker_reads(place: Place, tmp_path: Path) -> None:
    place.generate(tmp_path / "d")
    client = DockerRegistryClient.with_dockercfg(tmp_path / "d", tmp_path / "docker", place.ca_file)
    inspected = client.inspect(f"{place.host}/{APP}")
    assert inspected.returncode == 0, inspected.stderr


def test_a_wrong_password_is_refused_by_the_registry(place: Place, tmp_path: Path) -> None:
    place.generate(tmp_path / "d", password="wrong")
    skopeo = Skopeo(tmp_path / "d", tmp_path, place.ca_folder)
    refused = skopeo.inspect(f"docker://{place.host}/{APP}")
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr.lower() or "authentication" in refused.stderr
    docker = DockerRegistryClient.with_dockercfg(tmp_path / "d", tmp_path / "docker", place.ca_file)
    refused = docker.inspect(f"{place.host}/{APP}")
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr.lower() or "no such manifest" in refused.stderr


@pytest.mark.parametrize(
    "written", ["{host}", "{host}/", "http://{host}", "https://{host}/", "https://{host}/v2/"]
)
def test_however_a_server_is_written_both_clients_find_it(
    place: Place, written: str, tmp_path: Path
) -> None:
    place.generate(tmp_path / "d", server=written.format(host=place.host))
    skopeo = Skopeo(tmp_path / "d", tmp_path, place.ca_folder)
    assert skopeo.inspect(f"docker://{place.host}/{APP}").returncode == 0
    docker = DockerRegistryClient.with_dockercfg(tmp_path / "d", tmp_path / "docker", place.ca_file)
    assert docker.inspect(f"{place.host}/{APP}").returncode == 0


def test_legacy_format_is_what_skopeo_finds_in_its_home(place: Place, tmp_path: Path) -> None:
    """Docker itself has not read it since version 23."""
    place.generate(tmp_path / ".dockercfg", "--format", "legacy")
    client = Skopeo(None, tmp_path, place.ca_folder)
    inspected = client.inspect(f"docker://{place.host}/{APP}")
    assert inspected.returncode == 0, inspected.stderr
    (tmp_path / ".dockercfg").unlink()
    assert client.inspect(f"docker://{place.host}/{APP}").returncode != 0


def test_a_config_of_many_registries_gives_each_its_own(place: Place, tmp_path: Path) -> None:
    config = (
        "registries:\n"
        f"  ours: {{server: {place.host}, username: {USER}, credentials: env:OURS}}\n"
        "  hub: {server: docker.io, username: ci, credentials: env:HUB}\n"
        "  near: {server: localhost:5000, username: ci, credentials: env:HUB}\n"
    )
    environment = {"OURS": PASSWORD, "HUB": "another", "DOCKERCFG_CONFIG_YAML": config}
    assert run(tmp_path / "d", environment=environment).code == 0
    client = Skopeo(tmp_path / "d", tmp_path, place.ca_folder)
    assert client.inspect(f"docker://{place.host}/{APP}").returncode == 0
    assert client.login_of("docker.io") == "ci"
