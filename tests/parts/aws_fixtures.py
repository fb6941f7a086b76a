"""Fixtures of everything that talks to AWS; a test module names this one in ``pytest_plugins``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.aws_environment import KEYS, use_environment
from tests.parts.aws_json import StandIn, running_stand_in
from tests.parts.moto import Moto, running_moto


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    with running_moto() as moto:
        yield moto


@pytest.fixture
def moto(moto_server: Moto) -> Moto:
    """AWS with nothing in it."""
    moto_server.reset()
    return moto_server


@pytest.fixture
def moto_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, moto: Moto) -> dict[str, str]:
    """Keys for moto in eu-west-1, in ``os.environ`` and for a context."""
    return use_environment(monkeypatch, tmp_path, KEYS | moto.environment)


@pytest.fixture
def aws_stand_in() -> Iterator[StandIn]:
    """AWS that says what the test tells it to."""
    with running_stand_in() as server:
        yield server


@pytest.fixture
def stand_in_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_stand_in: StandIn
) -> dict[str, str]:
    """Keys for the stand-in in eu-west-1, in ``os.environ`` and for a context."""
    environment = {**KEYS, "AWS_ENDPOINT_URL": aws_stand_in.url}
    return use_environment(monkeypatch, tmp_path, environment)
