"""From references to secrets: one read per document and run."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from backends.base import IdentityPart, Secret, SecretBackend, SecretDocument, SecretRef
from backends.document import fields_of, pick
from backends.errors import BackendError
from backends.once import Once
from generator.errors import Misconfigured, SecretMissing
from generator.model import Credentials
from generator.registries.base import CredentialField


@dataclass(frozen=True, slots=True)
class ResolvedCredentials:
    """An entry's secrets by field name; ``lease_ends_at`` is when the first of their leases ends.

    It is aware UTC by this machine's clock, ``None`` if none is leased.
    """

    secrets: Mapping[str, Secret] = field(repr=False)
    lease_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A document, and when it was asked for: from then on its lease counts."""

    document: SecretDocument
    asked_at: datetime

    @property
    def lease_ends_at(self) -> datetime | None:
        lease = self.document.lease
        return None if lease is None else self.asked_at + timedelta(seconds=lease.duration_s)


class UnusableBackend:
    """Stands for a backend whose settings do not work: only who refers to it fails."""

    def __init__(self, error: BackendError) -> None:
        self._error = error

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:  # noqa: ARG002 - fails for all
        """Raise what is wrong with it."""
        raise self._error

    async def read(self, ref: SecretRef) -> SecretDocument:  # noqa: ARG002 - as above
        """Raise what is wrong with it."""
        raise self._error


class Resolver:
    """Reads documents through the run's backends, each once, whoever asks.

    Two fields of one dynamic secret must come from one read, for each read makes another user.
    """

    def __init__(
        self, backends: Mapping[str, SecretBackend], clock: Callable[[], datetime]
    ) -> None:
        self._backends = backends
        self._clock = clock
        self._reads: dict[SecretRef, Once[_Read]] = {}

    async def credentials(
        self, credentials: Credentials, fields: Sequence[CredentialField]
    ) -> ResolvedCredentials:
        """Read and bind what an entry refers to.

        Raises:
            BackendError: from reading.
            SecretMissing: if a required field is in none of the documents.
            Misconfigured: if a plain text has no field that it could be bound to.
        """
        secrets: dict[str, Secret] = {}
        reads = [await self._read(ref) for ref in credentials.references]
        for spec in fields:
            secret = await self._bind(credentials, spec, fields)
            if secret is not None:
                secrets[spec.name] = secret
        ends = [read.lease_ends_at for read in reads if read.lease_ends_at is not None]
        return ResolvedCredentials(secrets, min(ends, default=None))

    async def document(self, ref: SecretRef) -> SecretDocument:
        """Return the document of ``ref``; a failed read fails for all who refer to it.

        Raises:
            BackendError: from reading.
        """
        return (await self._read(ref)).document

    async def _read(self, ref: SecretRef) -> _Read:
        key = ref.document
        if key not in self._reads:
            self._reads[key] = Once(partial(self._ask, key))
        return await self._reads[key].get()

    async def _ask(self, ref: SecretRef) -> _Read:
        asked_at = self._clock()
        return _Read(await self._backends[ref.backend].read(ref), asked_at)

    async def _bind(
        self, credentials: Credentials, spec: CredentialField, fields: Sequence[CredentialField]
    ) -> Secret | None:
        if spec.name in credentials.fields:
            ref = credentials.fields[spec.name]
            return pick(await self.document(ref), ref, ref.selector, multiline=spec.multiline)
        if credentials.document is None:
            return None
        return _bind_document(
            await self.document(credentials.document), credentials.document, spec, fields
        )


def _bind_document(
    document: SecretDocument,
    ref: SecretRef,
    spec: CredentialField,
    fields: Sequence[CredentialField],
) -> Secret | None:
    """Bind one field from a whole document: by name, or all of its text to the primary field."""
    available = fields_of(document) if ref.selector is None else None
    if available is None:
        if not any(field.primary for field in fields):
            raise Misconfigured(
                "secret-has-no-fields",
                f"{ref}: the secret is plain text, the fields {_listed(f.name for f in fields)} "
                "are needed",
                "store a JSON object, or name one reference for each field",
            )
        return pick(document, ref, ref.selector, multiline=spec.multiline) if spec.primary else None
    names = [name for name in (spec.name, *spec.aliases) if name in available]
    if not spec.required:
        # null is how stores say that there is none, as of a session token
        names = [name for name in names if available[name] is not None]
    if names:
        return pick(document, ref, names[0], multiline=spec.multiline)
    if spec.whole:
        return pick(_as_text(document), ref, None, multiline=spec.multiline)
    if spec.required:
        raise SecretMissing(
            "field-not-found",
            f"{ref}: the secret has no field {spec.name} "
            f"(looked for {_listed((spec.name, *spec.aliases))})",
            "name it: credentials: {from: REFERENCE, fields: {" + spec.name + ": FIELD}}",
        )
    return None


def _as_text(document: SecretDocument) -> SecretDocument:
    """Return a document whose fields, if a store has parsed them, are one JSON text again."""
    if isinstance(document.content, str):
        return document
    return replace(document, content=json.dumps(dict(document.content)))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
