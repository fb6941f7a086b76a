"""``env:``: secrets in variables."""

import pytest

from backends.base import SecretRef
from backends.env import EnvironmentBackend, EnvironmentBackendFactory
from backends.errors import SecretNotFound
from backends.inputs import RecordedInputs
from backends.testing import CANARY, BackendCase, BackendContract, make_context

_FACTORY = EnvironmentBackendFactory()


class TestContract(BackendContract):
    @pytest.fixture
    def case(self) -> BackendCase:
        return BackendCase(
            factory=_FACTORY,
            ref=SecretRef("env", "PASSWORD"),
            missing=SecretRef("env", "NOTHING"),
            environment={"PASSWORD": CANARY},
            malformed=(SecretRef("env", "1ST"), SecretRef("env", "A-B"), SecretRef("env", "Ä")),
        )


@pytest.mark.parametrize("value", [f" {CANARY} ", f"{CANARY}\n", f"{CANARY}\r\n"])
async def test_nothing_is_trimmed(value: str) -> None:
    backend = EnvironmentBackend(make_context({"X": value}))
    assert (await backend.read(SecretRef("env", "X"))).content == value


async def test_an_empty_variable_is_told_from_a_missing_one() -> None:
    backend = EnvironmentBackend(make_context({"X": ""}))
    with pytest.raises(SecretNotFound) as empty:
        await backend.read(SecretRef("env", "X"))
    with pytest.raises(SecretNotFound) as missing:
        await backend.read(SecretRef("env", "Y"))
    assert (empty.value.reference, missing.value.reference) == (
        "variable-empty",
        "variable-not-set",
    )


async def test_a_variable_that_is_missing_is_recorded_as_well() -> None:
    inputs = RecordedInputs()
    backend = EnvironmentBackend(make_context({}, inputs=inputs))
    with pytest.raises(SecretNotFound):
        await backend.read(SecretRef("env", "X"))
    assert inputs.variables == {"X"}


def test_a_secret_pasted_as_a_name_is_not_echoed() -> None:
    (problem,) = _FACTORY.check(SecretRef("env", CANARY))
    assert CANARY not in problem


def test_identity_is_the_value() -> None:
    one, two = (EnvironmentBackend(make_context({"X": value})) for value in ("a", "b"))
    assert one.identity(SecretRef("env", "X")) != two.identity(SecretRef("env", "X"))
