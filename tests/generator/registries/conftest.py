import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.azure import Azure, azure
from tests.parts.ecr import EcrStandIn
from tests.parts.jfrog import jfrog
from tests.parts.service import Service, service


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[EcrStandIn]:
    """A stand-in for ECR and STS that the SDK finds by the process's own environment."""
    with EcrStandIn() as stand_in:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in stand_in.environment.items():
            monkeypatch.setenv(name, value)
        yield stand_in


@pytest.fixture(name="microsoft")
def stand_ins_for_azure(tmp_path: Path) -> Iterator[Azure]:
    """Stand-ins for Entra ID, a registry's exchange and managed identities."""
    with azure(tmp_path) as made:
        yield made


@pytest.fixture(name="platform")
def stand_in_for_jfrog() -> Iterator[Service]:
    with service(jfrog) as made:
        yield made
