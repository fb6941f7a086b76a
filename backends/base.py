"""The contract between secret backends and the generator.

A backend reads one kind of secret store. It is made by a factory from its settings and the
`RunContext` of the run, and answers references with whole documents::

    SecretRef  ->  SecretBackend.read  ->  SecretDocument  ->  Secret

Picking a field out of a document is `backends.document`'s work, parsing a reference is
`backends.reference`'s.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from backends.context import RunContext
from backends.inputs import InputRecorder
from backends.secret import IdentityPart, Secret

__all__ = [
    "BackendFactory",
    "IdentityPart",
    "InputRecorder",
    "Lease",
    "RunContext",
    "Secret",
    "SecretBackend",
    "SecretDocument",
    "SecretRef",
]


@dataclass(frozen=True, slots=True)
class SecretRef:
    """``BACKEND:PATH?OPTIONS#SELECTOR``, parsed; it holds no address and no credential."""

    backend: str
    path: str
    options: tuple[tuple[str, str], ...] = ()
    selector: str | None = None

    @property
    def document(self) -> "SecretRef":
        """The reference of the whole document: references that share it share one read."""
        return SecretRef(self.backend, self.path, self.options)

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.options)
        selector = "" if self.selector is None else f"#{self.selector}"
        return f"{self.backend}:{self.path}{'?' if query else ''}{query}{selector}"


@dataclass(frozen=True, slots=True)
class Lease:
    """How long the store lets a dynamic secret live, counted from the request.

    ``duration_s`` is the shorter of the lease and, where the lease dies with it, the login token.
    """

    duration_s: float


@dataclass(frozen=True, slots=True)
class SecretDocument:
    """One read of one secret: all of its fields, from one version.

    ``content`` is the text of the secret, or the object that the store keeps. A text that is a
    JSON object has its fields, too.
    """

    content: str | Mapping[str, Any] = field(repr=False)
    version: str | None = None
    lease: Lease | None = None


class SecretBackend(Protocol):
    """Reads one kind of secret store; entered once a run, asked from many tasks."""

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Say what decides which secret `read` would give: address, namespace, role, login.

        No network. A local store (a variable, a file) answers with the value itself as a
        `Secret`. A login token that a CI mints for each job stands by issuer, audience, subject
        and role, so that the next job counts as the same identity.

        Raises:
            BackendError: if a local input is missing.
        """
        ...

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Read the whole document that ``ref`` names; its selector is not looked at.

        Cancellable at any await; called once per document and run.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        ...


class BackendFactory(Protocol):
    """Makes a backend; one per type, found through `backends.loader`."""

    options: type[Any]
    """A pydantic model of the settings under ``backends: NAME:``."""

    def check(self, ref: SecretRef) -> Sequence[str]:
        """Return what is wrong with a reference to this type of store; pure, all problems."""
        ...

    def __call__(
        self, options: Any, context: RunContext, /
    ) -> AbstractAsyncContextManager[SecretBackend]:
        """Return the backend as a context manager; entering it does no I/O."""
        ...
