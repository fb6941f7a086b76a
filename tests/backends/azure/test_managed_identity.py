"""Managed identities, of a machine and of an app, where azure-identity looks for them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.azure.ambient import identity_parts
from backends.azure.login import IdentityLogin, Wish
from backends.azure.sign_in import login_for
from backends.azure.token import entra_token
from backends.context import RunContext
from backends.errors import BackendError, BackendUnavailable, BadAnswer, SecretDenied
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY, make_context
from tests.parts.azure import (
    CLIENT,
    IDENTITY,
    IDENTITY_HEADER,
    REGISTRIES,
    RESOURCE,
    TENANT,
    Azure,
    azure,
    entra_error,
)
from tests.parts.http_faults import black_hole

Use = Callable[..., RunContext]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Azure]:
    with azure(tmp_path) as made:
        yield made


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Set variables as azure-identity, which looks at the process's own, and the run see them."""

    def set_all(**environment: str) -> RunContext:
        for name in ("AZURE_CLIENT_ID", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return make_context(environment)

    return set_all


def machine(cloud: Azure) -> dict[str, str]:
    return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": cloud.plain_url}


def app(cloud: Azure, header: str = IDENTITY_HEADER) -> dict[str, str]:
    return {"IDENTITY_ENDPOINT": f"{cloud.plain_url}/msi/token", "IDENTITY_HEADER": header}


async def token(context: RunContext, **wish: Any) -> Secret:
    login = await login_for(Wish("unused", **wish), {}, context, whole=False)
    assert isinstance(login, IdentityLogin)
    return await entra_token(login, "https://unused.invalid", f"{REGISTRIES}/.default", context)


WISHES: list[dict[str, str]] = [
    {},
    {"client_id": CLIENT},
    {"object_id": IDENTITY},
    {"resource_id": RESOURCE},
]


@pytest.mark.parametrize("place", [machine, app])
@pytest.mark.parametrize("wish", WISHES, ids=["system", *(n for w in WISHES for n in w)])
async def test_an_identity_of_the_system_or_a_named_one_gets_a_token(
    cloud: Azure, use: Use, place: Callable[[Azure], dict[str, str]], wish: dict[str, str]
) -> None:
    found = await token(use(**place(cloud)), **wish)
    assert found.reveal() == f"aad-{CANARY}-{REGISTRIES}"
    assert len(cloud.paths) == 1


async def test_an_arc_agent_wants_its_key_file_read(
    cloud: Azure, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity._credentials import azure_arc

    # where the agent is installed
    monkeypatch.setattr(azure_arc, "_get_key_file_path", lambda: str(tmp_path))
    cloud.arc_key = tmp_path / "agent.key"
    cloud.arc_key.write_text(CANARY)
    context = use(IDENTITY_ENDPOINT=f"{cloud.plain_url}/arc", IMDS_ENDPOINT=cloud.plain_url)
    assert (await token(context)).reveal() == f"aad-{CANARY}-{REGISTRIES}"
    assert len(cloud.paths) == 2
    cloud.arc_key = tmp_path / "elsewhere" / "agent.key"
    cloud.arc_key.parent.mkdir()
    cloud.arc_key.write_text("another")
    with pytest.raises(SecretDenied) as caught:
        await token(context)
    assert caught.value.reference == "azure-identity-denied"


async def test_a_client_id_of_the_environment_names_an_identity(cloud: Azure, use: Use) -> None:
    await token(use(**machine(cloud), AZURE_CLIENT_ID=CLIENT))
    assert f"client_id={CLIENT}" in cloud.paths[0]


async def test_the_variables_of_workload_identity_are_not_taken_for_it(
    cloud: Azure, use: Use
) -> None:
    workload = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": "/nowhere",
    }
    context = use(**machine(cloud), **workload)
    found = await token(context, method="managed_identity")
    assert found.reveal() == f"aad-{CANARY}-{REGISTRIES}"


async def test_an_identity_that_is_not_assigned_is_told(cloud: Azure, use: Use) -> None:
    with pytest.raises(SecretDenied) as caught:
        await token(use(**machine(cloud)), client_id=CLIENT.replace("2", "9"))
    assert caught.value.reference == "azure-identity-not-assigned"
    assert CANARY not in caught.value.message


async def test_an_app_that_may_not_ask_is_told(cloud: Azure, use: Use) -> None:
    with pytest.raises(SecretDenied) as caught:
        await token(use(**app(cloud, "wrong")))
    assert caught.value.reference == "azure-identity-denied"


@pytest.mark.parametrize(
    ("planned", "kind", "reference"),
    [
        ([(404, {})], BackendUnavailable, "azure-unavailable"),
        ([(410, {})], BackendUnavailable, "azure-unavailable"),
        ([(500, {})] * 3, BackendUnavailable, "azure-unavailable"),
        ([b"<html>" + CANARY.encode()], BadAnswer, "azure-answer-implausible"),
        ([(200, {"access_token": CANARY})], BadAnswer, "azure-answer-implausible"),
        ([b'{"access_token": "ey'], BadAnswer, "azure-answer-implausible"),
        ([(302, {})], BadAnswer, "azure-answer-implausible"),
        ([entra_error(500011, status=400)], SecretDenied, "azure-resource-unknown"),
        ([(400, {"error": "invalid_resource"})], SecretDenied, "azure-resource-unknown"),
    ],
)
async def test_what_its_service_answers_is_told_apart(
    cloud: Azure, use: Use, planned: list[Any], kind: type[BackendError], reference: str
) -> None:
    cloud.plans["machine"].extend(planned)
    with pytest.raises(kind) as caught:
        await token(use(**machine(cloud)))
    assert caught.value.reference == reference
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert len(cloud.paths) == len(planned)


async def test_where_nothing_is_configured_and_nobody_answers_it_takes_a_second(use: Use) -> None:
    started = time.monotonic()
    with black_hole() as url, pytest.raises(BackendUnavailable) as caught:
        await token(use(AZURE_POD_IDENTITY_AUTHORITY_HOST=url))
    assert time.monotonic() - started < 3
    assert caught.value.reference == "azure-no-identity"
    assert "AZURE_CLIENT_ID" in caught.value.hint


async def test_a_service_that_was_asked_for_by_name_is_said_to_be_away(
    cloud: Azure, use: Use
) -> None:
    context = use(AZURE_POD_IDENTITY_AUTHORITY_HOST="http://127.0.0.1:1")
    with pytest.raises(BackendUnavailable) as caught:
        await token(context, method="managed_identity")
    assert caught.value.reference == "connection-refused"


async def test_what_azure_identity_can_not_use_is_told(use: Use) -> None:
    context = use(MSI_ENDPOINT="http://127.0.0.1:1/")
    with pytest.raises(BackendError) as caught:
        await token(context, object_id=IDENTITY)
    assert caught.value.reference == "azure-settings-unusable"


def test_two_apps_are_two_identities_though_their_addresses_are_one(cloud: Azure, use: Use) -> None:
    one = identity_parts(Wish("unused"), (), use(**app(cloud)), whole=False)
    other = identity_parts(Wish("unused"), (), use(**app(cloud, "another")), whole=False)
    assert one != other
    assert CANARY not in repr(one)


def test_asking_a_machine_is_an_opaque_input(cloud: Azure) -> None:
    inputs = RecordedInputs()
    identity_parts(Wish("unused"), (), make_context(machine(cloud), inputs=inputs), whole=False)
    assert inputs.opaque_sources == {"azure-managed-identity"}
    assert {"AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT"} <= inputs.variables
