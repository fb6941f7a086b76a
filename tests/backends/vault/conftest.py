from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.vault.vault import Vault
from tests.parts.openbao import OpenBao, TlsServer, dev_server, namespace, tls_server


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    with dev_server(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture(scope="session")
def bao_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    with tls_server(tmp_path_factory.mktemp("bao-tls")) as server:
        yield server


@pytest.fixture
def vault(bao: OpenBao, tmp_path: Path) -> Iterator[Vault]:
    """A namespace with the secret ``ci/registry`` in it."""
    with namespace(bao) as (name, operator):
        made = Vault(bao.url, name, operator, tmp_path)
        made.put("ci/registry", username="ci", password="hunter2-CANARY")
        yield made
