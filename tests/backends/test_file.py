"""``file:``: secrets in files."""

import os
from pathlib import Path

import anyio
import pytest

from backends.base import SecretRef
from backends.errors import BackendError, BackendMisconfigured, SecretNotFound
from backends.file import LARGEST_FILE, FileBackend, FileBackendFactory
from backends.inputs import RecordedInputs
from backends.testing import CANARY, BackendCase, BackendContract, make_context


class TestContract(BackendContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> BackendCase:
        (tmp_path / "password").write_text(f"{CANARY}\n")
        return BackendCase(
            factory=FileBackendFactory(),
            ref=SecretRef("file", "password"),
            missing=SecretRef("file", "nothing"),
            environment={},
            base_folder=tmp_path,
        )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x", "x"),
        ("x\n", "x"),
        ("x\r\n", "x"),
        ("x\n\n", "x\n"),
        (" x ", " x "),
        ("-----BEGIN\nx\n", "-----BEGIN\nx"),
    ],
)
async def test_exactly_one_line_break_is_dropped(content: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content.encode())
    backend = FileBackend(make_context({}, base_folder=tmp_path))
    assert (await backend.read(SecretRef("file", "x"))).content == text


@pytest.mark.parametrize(
    ("content", "kind", "reference"),
    [
        (b"", SecretNotFound, "file-empty"),
        (b"\n", SecretNotFound, "file-empty"),
        (b"\xff\xfe", BackendMisconfigured, "file-not-text"),
        (b"x" * (LARGEST_FILE + 1), BackendMisconfigured, "file-too-large"),
    ],
)
async def test_what_can_be_no_secret_is_refused(
    content: bytes, kind: type[BackendError], reference: str, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(content)
    backend = FileBackend(make_context({}, base_folder=tmp_path))
    with pytest.raises(kind) as caught:
        await backend.read(SecretRef("file", "x"))
    assert caught.value.reference == reference


async def test_folders_and_pipes_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    backend = FileBackend(make_context({}, base_folder=tmp_path))
    for name in ("pipe", "."):
        with pytest.raises(BackendError), anyio.fail_after(1):
            await backend.read(SecretRef("file", name))


async def test_an_absolute_path_ignores_the_base_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(CANARY)
    inputs = RecordedInputs()
    context = make_context({}, inputs=inputs, base_folder=Path("/elsewhere"))
    document = await FileBackend(context).read(SecretRef("file", str(tmp_path / "x")))
    assert document.content == CANARY
    assert inputs.files == {tmp_path / "x"}


async def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    backend = FileBackend(make_context({}, base_folder=tmp_path))
    identities = []
    for value in ("one", "two"):
        (tmp_path / "x").write_text(value)
        os.utime(tmp_path / "x", (0, 0))
        assert (await backend.read(SecretRef("file", "x"))).content == value
        identities.append(backend.identity(SecretRef("file", "x")))
    assert identities[0] != identities[1]
