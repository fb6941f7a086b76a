"""Which upstream calls a run may need: entries that mean the same grant wait for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backends.base import RunContext, SecretBackend
from backends.errors import BackendError
from generator.errors import EntryError, from_backend
from generator.grant_inputs import GrantInputs, grant_inputs
from generator.model import RegistryEntry
from generator.registries.base import TokenProvider


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """One upstream call that may be needed, and the entries that wait for it."""

    name: str
    provider: TokenProvider
    entries: tuple[RegistryEntry, ...]
    inputs: GrantInputs

    @property
    def entry(self) -> RegistryEntry:
        """The entry that stands for all of them: what differs between them is their names."""
        return self.entries[0]


def plan_grants(
    entries: Sequence[tuple[RegistryEntry, TokenProvider]],
    backends: Mapping[str, tuple[str, SecretBackend]],
    context: RunContext,
    key: bytes,
) -> tuple[list[GrantPlan], dict[str, EntryError]]:
    """Group entries that mean the same grant; no network.

    Args:
        entries: the selected entries with their providers.
        backends: by the name in references: the type and the opened backend.
        context: the run's.
        key: what fingerprints are keyed with: the cache volume's key.

    Returns:
        The plans, and the errors of entries whose local inputs are missing, by entry name.
    """
    plans: dict[str, GrantPlan] = {}
    failed: dict[str, EntryError] = {}
    for entry, provider in entries:
        try:
            inputs = grant_inputs(entry, provider, backends, context)
            name = inputs.name(key)
        except EntryError as error:
            failed[entry.name] = error
        except BackendError as error:
            failed[entry.name] = from_backend(error)
        else:
            known = plans.get(name)
            together = (*known.entries, entry) if known else (entry,)
            plans[name] = GrantPlan(name, provider, together, inputs)
    return list(plans.values()), failed
