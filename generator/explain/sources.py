"""What an entry depends on, by name: references, backends, variables, files; never a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backends.base import SecretBackend, SecretRef
from backends.errors import BackendError
from backends.host import HOST_FILES
from backends.inputs import RecordedInputs
from generator.call import Setup
from generator.explain.settings import shown
from generator.grant_inputs import LOCAL
from generator.model import RegistryEntry

# Parts of a backend's identity that say where it is asked and as what; none is a credential.
_TELLING = (
    "address",
    "namespace",
    "namespace_read",
    "method",
    "mount",
    "role",
    "username",
    "region",
    "profile",
    "role_arn",
    "endpoint",
    "audience",
    "source",
)

Presence = Literal["present", "absent", "remote"]
"""``remote``: asked for when it is needed, nobody knows before."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One secret reference of an entry; ``field`` is empty for the whole document."""

    field: str
    reference: str
    origin: str | None
    backend_type: str
    identity: Mapping[str, str]
    presence: Presence
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was looked at: variables and files, and whether they are there."""

    variables: Mapping[str, bool]
    files: Mapping[str, bool]
    opaque: Sequence[str]


def references_of(
    entry: RegistryEntry, setup: Setup, backends: Mapping[str, tuple[str, SecretBackend]]
) -> Sequence[Reference]:
    """Return the references of an entry and, as far as can be told, whether they are there."""
    credentials = entry.credentials
    named = sorted(credentials.fields.items())
    if credentials.document is not None:
        named.insert(0, ("", credentials.document))
    return [_reference(entry, field, ref, setup, backends) for field, ref in named]


def inputs_of(recorded: RecordedInputs, environment: Mapping[str, str]) -> Inputs:
    """Return what was recorded; of a prefix, the variables of that prefix that are set."""
    names = set(recorded.variables)
    for prefix in recorded.prefixes:
        names |= {name for name in environment if name.startswith(prefix)}
    # who stands behind an opaque source is told by its name; without one a pod's token is a login's
    files = recorded.files - (HOST_FILES if recorded.opaque_sources else frozenset())
    return Inputs(
        {name: bool(environment.get(name, "").strip()) for name in sorted(names)},
        {str(path): _exists(path) for path in sorted(files)},
        sorted(recorded.opaque_sources),
    )


def _reference(
    entry: RegistryEntry,
    field: str,
    ref: SecretRef,
    setup: Setup,
    backends: Mapping[str, tuple[str, SecretBackend]],
) -> Reference:
    kind, backend = backends[ref.backend]
    path = ("registries", entry.name, "credentials")
    origin = setup.config.origin
    stands_at = origin((*path, field)) or origin((*path, "fields", field)) or origin(path)
    identity: dict[str, str] = {}
    presence: Presence = "present" if kind in LOCAL else "remote"
    problem = None
    try:
        for name, value in backend.identity(ref):
            if name in _TELLING and isinstance(value, str) and value:
                identity[name] = shown(value) or ""
    except BackendError as error:
        presence, problem = "absent", error.message
    return Reference(field, str(ref), stands_at, kind, identity, presence, problem)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
