"""AWS on loopback: moto's server in a thread."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from moto.server import ThreadedMotoServer


@dataclass(frozen=True, slots=True)
class Moto:
    """A running server; ``environment`` sends every AWS client to it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Return what code under test needs to find it."""
        return {"AWS_ENDPOINT_URL": self.url}

    def reset(self) -> None:
        """Forget everything that was stored."""
        requests.post(f"{self.url}/moto-api/reset", timeout=5).raise_for_status()

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        """Return a plain boto3 client, to put secrets in with."""
        import boto3  # type: ignore[import-untyped]  # its stubs are not worth a dependency

        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@contextmanager
def running_moto() -> Iterator[Moto]:
    """Run moto on a free port of 127.0.0.1, with nothing in it."""
    # its web server logs every request to stderr
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        made = Moto(f"http://{host}:{port}")
        # its servers share what they store: all of a process are one
        made.reset()
        yield made
    finally:
        server.stop()
