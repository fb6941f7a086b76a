"""The contract that every secret backend keeps, as a suite to inherit.

A backend's test class derives from `BackendContract` and says how to reach the real store::

    class TestMyStore(BackendContract):
        @pytest.fixture
        def case(self, my_store) -> BackendCase:
            return BackendCase(factory=MyFactory(), ...)

It needs pytest with anyio's plugin (``anyio_mode = "auto"``, or mark the class with ``anyio``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from backends.aws_session import AwsSession
from backends.base import BackendFactory, RunContext, Secret, SecretDocument, SecretRef
from backends.document import pick
from backends.errors import SecretNotFound
from backends.inputs import InputRecorder, RecordedInputs
from backends.tls import TlsTrust
from backends.transport import HttpTransport

CANARY = "hunter2-CANARY"
"""The secret that suites plant, and that no message may hold."""


def make_context(
    environment: Mapping[str, str],
    *,
    inputs: InputRecorder | None = None,
    base_folder: Path | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> RunContext:
    """Return a context over ``environment`` for a test."""
    recorder = inputs or RecordedInputs()
    tls = TlsTrust(environment, recorder)
    return RunContext(
        environment=environment,
        inputs=recorder,
        clock=clock,
        aws=AwsSession(environment, recorder, tls),
        transport=HttpTransport(environment, recorder, tls),
        base_folder=base_folder or Path(),
    )


@dataclass(frozen=True, slots=True)
class BackendCase:
    """One backend with a secret in it.

    ``ref`` reads a document whose value is `CANARY`: its whole text, or the field ``selector``.
    ``missing`` refers to nothing. ``malformed`` are references that ``check`` must refuse.
    """

    factory: BackendFactory
    ref: SecretRef
    missing: SecretRef
    environment: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    malformed: tuple[SecretRef, ...] = ()
    base_folder: Path | None = None

    def context(self, inputs: InputRecorder | None = None) -> RunContext:
        """Return the run's context for this case."""
        return make_context(self.environment, inputs=inputs, base_folder=self.base_folder)

    async def read(self, ref: SecretRef, inputs: InputRecorder | None = None) -> SecretDocument:
        """Open the backend and read one document."""
        options = self.factory.options(**self.options)
        async with self.factory(options, self.context(inputs)) as backend:
            return await backend.read(ref.document)


class BackendContract:
    """What `generator` relies on; inherit it and provide the fixture ``case``."""

    async def test_reads_the_secret(self, case: BackendCase) -> None:
        """The value arrives unchanged."""
        document = await case.read(case.ref)
        assert pick(document, case.ref, case.ref.selector, multiline=False) == Secret(CANARY)

    async def test_a_missing_secret_is_named_not_shown(self, case: BackendCase) -> None:
        """The error says which secret, and what to do."""
        with pytest.raises(SecretNotFound) as caught:
            await case.read(case.missing)
        error = caught.value
        assert error.reference == error.reference.lower()
        assert " " not in error.reference
        assert error.hint
        assert CANARY not in f"{error.message}{error.hint}{error!r}{error.__cause__!r}"

    async def test_a_document_prints_no_secret(self, case: BackendCase) -> None:
        """Not by repr, not by str."""
        document = await case.read(case.ref)
        assert CANARY not in repr(document)
        assert CANARY not in f"{document}"

    async def test_what_it_depends_on_is_recorded(self, case: BackendCase) -> None:
        """A later run must be able to tell whether it would read the same."""
        inputs = RecordedInputs()
        await case.read(case.ref, inputs)
        assert inputs != RecordedInputs()

    async def test_identity_is_stable_and_hides_secrets(self, case: BackendCase) -> None:
        """Two runs of one environment are the same identity."""
        identities = []
        for _ in range(2):
            async with case.factory(
                case.factory.options(**case.options), case.context()
            ) as backend:
                identities.append(sorted(backend.identity(case.ref), key=lambda part: part[0]))
        assert identities[0] == identities[1]
        assert identities[0]
        assert CANARY not in repr(identities)

    async def test_entering_asks_nobody(self, case: BackendCase) -> None:
        """A warm run opens backends that it never asks."""
        with anyio.fail_after(5):
            async with case.factory(case.factory.options(**case.options), case.context()):
                pass

    async def test_reading_stops_when_it_is_cancelled(self, case: BackendCase) -> None:
        """A cancelled scope ends at once, whatever the backend was waiting for."""
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            scope.cancel()
            async with case.factory(
                case.factory.options(**case.options), case.context()
            ) as backend:
                await backend.read(case.ref.document)

    def test_a_good_reference_passes_the_check(self, case: BackendCase) -> None:
        """And so does the one that refers to nothing: only asking tells."""
        assert list(case.factory.check(case.ref)) == []
        assert list(case.factory.check(case.missing)) == []

    def test_a_malformed_reference_is_refused(self, case: BackendCase) -> None:
        """Unknown options at the least."""
        unknown = SecretRef(case.ref.backend, case.ref.path, (("no_such_option", "1"),))
        for ref in (unknown, *case.malformed):
            assert list(case.factory.check(ref)), ref
