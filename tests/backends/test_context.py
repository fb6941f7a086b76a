"""What a run hands to backends: everything that is read is recorded."""

import os
from pathlib import Path

import pytest

from backends.errors import BackendError, BackendMisconfigured, SecretDenied, SecretNotFound
from backends.inputs import RecordedInputs
from backends.testing import CANARY, make_context


def test_a_variable_is_given_as_it_is_and_recorded() -> None:
    inputs = RecordedInputs()
    context = make_context({"X": " x "}, inputs=inputs)
    assert (context.variable("X"), context.variable("Y")) == (" x ", None)
    assert inputs.variables == {"X", "Y"}


@pytest.mark.parametrize(
    ("value", "setting"), [("", None), ("  ", None), (" x ", "x"), (None, None)]
)
def test_a_blank_setting_counts_as_unset(value: str | None, setting: str | None) -> None:
    inputs = RecordedInputs()
    environment = {} if value is None else {"X": value}
    assert make_context(environment, inputs=inputs).setting("X") == setting
    assert inputs.variables == {"X"}


def test_a_whole_prefix_is_recorded() -> None:
    inputs = RecordedInputs()
    context = make_context({"A_1": "1", "A_2": "2", "B": "3"}, inputs=inputs)
    assert context.variables("A_") == {"A_1": "1", "A_2": "2"}
    assert inputs.prefixes == {"A_"}


def test_a_context_prints_no_environment() -> None:
    assert CANARY not in repr(make_context({"X": CANARY}))


def test_a_file_is_meant_from_the_base_folder_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"content")
    inputs = RecordedInputs()
    context = make_context({}, inputs=inputs, base_folder=tmp_path)
    assert context.read_file("x", limit=7) == b"content"
    assert inputs.files == {tmp_path / "x"}


def _make_folder(path: Path) -> None:
    path.mkdir()


def _make_pipe(path: Path) -> None:
    os.mkfifo(path)


def _make_large(path: Path) -> None:
    path.write_bytes(b"x" * 11)


def _make_loop(path: Path) -> None:
    path.symlink_to(path)


def _make_nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "kind", "reference"),
    [
        (_make_nothing, SecretNotFound, "file-not-found"),
        (_make_folder, BackendMisconfigured, "file-not-regular"),
        (_make_pipe, BackendMisconfigured, "file-not-regular"),
        (_make_large, BackendMisconfigured, "file-too-large"),
        (_make_loop, BackendError, "file-read-failed"),
    ],
)
def test_what_can_not_be_read_is_named_and_recorded(
    make: object, kind: type[BackendError], reference: str, tmp_path: Path
) -> None:
    assert callable(make)
    make(tmp_path / "x")
    inputs = RecordedInputs()
    with pytest.raises(kind) as caught:
        make_context({}, inputs=inputs, base_folder=tmp_path).read_file("x", limit=10)
    assert caught.value.reference == reference
    assert str(tmp_path / "x") in caught.value.message
    assert inputs.files == {tmp_path / "x"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_denied(tmp_path: Path) -> None:
    (tmp_path / "x").touch(mode=0)
    with pytest.raises(SecretDenied):
        make_context({}, base_folder=tmp_path).read_file("x", limit=10)
