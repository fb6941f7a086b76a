"""The platform: runs generators, streams their logs, pushes and pulls with what they wrote."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.codeship.files import Service, Step, read_services, read_steps
from tests.e2e.command import Ran
from tests.parts.container import docker, flags_of

OWN_UID = 1000
"""The user that the platform's host process runs as; containers run as root."""


class StepFailed(Exception):
    """A step went wrong; its text is what the build page shows."""


@dataclass(slots=True)
class Platform:
    """One build of a checkout.

    ``secrets`` holds what is in each encrypted file. Servers of the test are on the host's
    loopback, so services share its network; linked ones are in ``tests/image/test_links.py``.
    """

    checkout: Path
    secrets: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str] = field(
        default_factory=lambda: {"{{.CommitID}}": "0123abc", "{{.Branch}}": "main"}
    )
    log: list[str] = field(default_factory=list)

    def build(self) -> None:
        """Run all steps.

        Raises:
            StepFailed: if one of them fails.
        """
        services = read_services(self.checkout)
        try:
            for name, service in services.items():
                if service.build:
                    self._make(name, service)
            for step in read_steps(self.checkout):
                self._run(step, services)
        finally:
            for name in services:
                docker("rmi", "--force", self._local_name(name))

    def pull(self, image: str, dockercfg_service: str = "dockercfg_generator") -> None:
        """Pull an image, as the next build does, with a dockercfg of its own."""
        with self._dockercfg(dockercfg_service, read_services(self.checkout)) as config:
            self._must("pull", docker("--config", config, "pull", image))
        docker("rmi", "--force", image)

    def _local_name(self, service: str) -> str:
        """Return the name of a built image, of this build alone: tests share an engine."""
        return f"codeship-{service}:{id(self):x}"

    def _make(self, name: str, service: Service) -> None:
        assert service.build is not None
        place = self.checkout / service.build.dockerfile
        tag = f"--tag={self._local_name(name)}"
        self._must(name, docker("build", "--network=none", tag, f"--file={place}", self.checkout))

    def _run(self, step: Step, services: Mapping[str, Service]) -> None:
        match step.type:
            case "parallel":
                with ThreadPoolExecutor(len(step.steps)) as pool:
                    list(pool.map(lambda inner: self._run(inner, services), step.steps))
            case "serial":
                for inner in step.steps:
                    self._run(inner, services)
            case "push":
                self._push(step, services)
            case _:
                raise StepFailed(f"{step.name}: there is no type {step.type}")

    def _push(self, step: Step, services: Mapping[str, Service]) -> None:
        tag = step.image_tag
        for variable, value in self.variables.items():
            tag = tag.replace(variable, value)
        image = f"{step.image_name}:{tag}"
        self._must(step.name, docker("tag", self._local_name(step.service), image))
        try:
            with self._dockercfg(step.dockercfg_service, services) as config:
                self._must(step.name, docker("--config", config, "push", image))
        finally:
            docker("rmi", "--force", image)

    @contextmanager
    def _dockercfg(self, name: str, services: Mapping[str, Service]) -> Iterator[Path]:
        """Ask a generator for a file, read it, delete it; yields a client's folder with it."""
        with _folder_of_the_platform() as folder:
            place = folder / "codeship-dockercfg062952626"
            self._generate(name, services[name], folder, place.name)
            content = _read_as_the_platform(place)
            place.unlink()
            if left := list(folder.iterdir()):
                raise StepFailed(f"{name} left {left}")
        with tempfile.TemporaryDirectory() as config:
            (Path(config) / "config.json").write_bytes(content)
            yield Path(config)

    def _generate(self, name: str, service: Service, folder: Path, file: str) -> None:
        secrets = self.secrets[service.encrypted_env_file] if service.encrypted_env_file else {}
        volumes: dict[Path | str, str] = {folder: "/opt/data"}
        for volume in service.volumes:
            host, _, place = volume.partition(":")
            inside = (self.checkout / host).resolve()
            # CodeShip's rule for host volumes
            assert inside.is_relative_to(self.checkout.resolve()), volume
            volumes[inside] = place
        flags = flags_of({**service.environment, **secrets}, volumes)
        job = subprocess.Popen(
            ["docker", "run", "--rm", "--network=host", *flags, service.image, f"/opt/data/{file}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert job.stdout is not None
        with job.stdout as lines:
            self.log.extend(f"{name} | {line.rstrip()}" for line in lines)
        if job.wait():
            raise StepFailed(f"{name} ended with {job.returncode}: {self.log}")

    def _must(self, name: str, ran: Ran) -> None:
        code, output = ran.code, ran.output
        self.log.extend(f"{name} | {line}" for line in output.splitlines())
        if code:
            raise StepFailed(f"{name}: {output}")


@contextmanager
def _folder_of_the_platform() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="codeship-dockercfg"))
    shutil.chown(folder, OWN_UID, OWN_UID)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _read_as_the_platform(path: Path) -> bytes:
    done = subprocess.run(
        ["cat", str(path)], user=OWN_UID, extra_groups=[], capture_output=True, check=False
    )
    if done.returncode:
        raise StepFailed(f"the dockercfg can not be read: {done.stderr.decode()}")
    return done.stdout
