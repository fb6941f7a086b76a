"""All that is known of each entry, and of the run as a whole."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from backends.inputs import RecordedInputs
from generator.addresses import hostname
from generator.call import Setup
from generator.errors import EntryError
from generator.explain.grant import GrantTold, Shelf, tell_grant
from generator.explain.settings import Setting, entry_settings
from generator.explain.sources import Inputs, Reference, inputs_of, references_of
from generator.generate import opened_backends
from generator.grant_plans import GrantPlan, plan_grants
from generator.model import RegistryEntry
from generator.registries.loader import kind_of_host, provider_of
from generator.times import iso


@dataclass(frozen=True, slots=True)
class EntryTold:
    """One entry; ``provider_because`` says who decided on its kind."""

    entry: RegistryEntry
    provider_because: str
    settings: Sequence[Setting]
    references: Sequence[Reference]
    inputs: Inputs
    grant: GrantTold

    def as_json(self) -> dict[str, Any]:
        """Return it under the names that are documented."""
        entry, grant = self.entry, self.grant
        kept = grant.stored if not grant.changed else None
        return {
            "name": entry.name,
            "optional": entry.optional,
            "server_addresses": [a for a in (entry.server, *entry.aliases) if a is not None],
            "provider": entry.provider,
            "provider_because": self.provider_because,
            "settings": [asdict(setting) for setting in self.settings],
            "references": [asdict(reference) for reference in self.references],
            "variables": [{"name": n, "present": p} for n, p in self.inputs.variables.items()],
            "files": [{"path": n, "present": p} for n, p in self.inputs.files.items()],
            "opaque": list(self.inputs.opaque),
            "grant": {
                "state": grant.state,
                "requested_at": iso(kept.requested_at) if kept else None,
                "expires_at": iso(kept.expires_at) if kept else None,
                "fresh_until": iso(kept.fresh_until) if kept else None,
                "changed": list(grant.changed),
            },
            "way": grant.way,
            "because": grant.because,
        }


async def tell_entries(setup: Setup, shelf: Shelf, now: float) -> Sequence[EntryTold]:
    """Return what is known of each entry; nobody is asked, nothing locked or written.

    Args:
        setup: settings and config.
        shelf: what is stored.
        now: seconds since the epoch.
    """
    seen = [await _look(entry, setup, shelf.key) for entry in setup.config.entries]
    taken = {look.plan.name for look in seen if isinstance(look.plan, GrantPlan)}
    return [_told(look, setup, shelf, taken, now) for look in seen]


@dataclass(frozen=True, slots=True)
class _Look:
    entry: RegistryEntry
    plan: GrantPlan | EntryError
    references: Sequence[Reference]
    recorded: RecordedInputs


async def _look(entry: RegistryEntry, setup: Setup, key: bytes) -> _Look:
    """Look at an entry alone, so that what is recorded is what it depends on."""
    recorded = RecordedInputs()
    context = setup.context(recorded)
    used = {ref.backend for ref in entry.credentials.references}
    setups = {name: s for name, s in setup.config.backends.items() if name in used}
    async with opened_backends(setups, context) as backends:
        plans, failed = plan_grants([(entry, provider_of(entry))], backends, context, key)
        references = references_of(entry, setup, backends)
    return _Look(entry, plans[0] if plans else failed[entry.name], references, recorded)


def _told(look: _Look, setup: Setup, shelf: Shelf, taken: set[str], now: float) -> EntryTold:
    if isinstance(look.plan, EntryError):
        problem = f"{look.plan.message}; {look.plan.hint}".rstrip("; ")
        grant = GrantTold("unknown", "failing", problem)
    else:
        grant = tell_grant(
            look.plan,
            shelf,
            taken=taken,
            now=now,
            rule=setup.rule,
            refresh=setup.call.settings.refresh,
            static_s=setup.config.cache.static_s,
        )
    return EntryTold(
        look.entry,
        _provider_because(look.entry, setup),
        entry_settings(look.entry, setup),
        look.references,
        inputs_of(look.recorded, setup.call.environment),
        grant,
    )


def _provider_because(entry: RegistryEntry, setup: Setup) -> str:
    origin = setup.config.origin(("registries", entry.name, "provider"))
    if origin is not None:
        return f"named at {origin}"
    if (preset := getattr(entry.options, "preset", None)) and setup.config.source != "environment":
        return f"the preset {preset}"
    if setup.config.source == "environment":
        return f"the set of variables {entry.name}"
    claimed_by = kind_of_host(hostname(entry.server or ""))
    if claimed_by == entry.provider:
        return "no kind claims the host" if claimed_by == "static" else "recognised from the host"
    return f"a user name is given, which {claimed_by} has no use for"
