"""The ``registries:`` block."""

from collections.abc import Mapping, Sequence
from typing import Any

from generator.config.problems import Path, Problems, did_you_mean
from generator.config.references import References
from generator.config.yaml_text import shown_key
from generator.model import Credentials, RegistryEntry
from generator.output.addresses import AddressProblem, canonical_address, hostname
from generator.registries.base import TokenProvider
from generator.registries.loader import kind_names, kind_of_host, load_provider

_COMMON = ("provider", "server", "aliases", "optional", "credentials")


def read_entries(value: Any, references: References, problems: Problems) -> list[RegistryEntry]:
    """Return the entries; two that claim one server address are a problem."""
    blocks = problems.mapping(value, ("registries",))
    if not blocks and not problems.found:
        problems.add(
            ("registries",), "no registry is named", "write registries: {NAME: {server: …}}"
        )
    entries = []
    for name, value_of_name in blocks.items():
        path = ("registries", name)
        block = problems.mapping(value_of_name, path)
        entry = _read(name, block, path, references, problems)
        if entry is not None:
            entries.append(entry)
    _report_duplicates(entries, problems)
    return entries


def _read(
    name: str, block: Mapping[str, Any], path: Path, references: References, problems: Problems
) -> RegistryEntry | None:
    noted = len(problems.found)
    server = _address(block.get("server"), (*path, "server"), problems)
    aliases = _aliases(block.get("aliases"), (*path, "aliases"), problems)
    if block.get("provider") is None and server is None:
        if len(problems.found) == noted:
            problems.add((*path, "server"), "no server is named", "write server: HOST[:PORT]")
        return None
    kind = problems.text(block.get("provider"), (*path, "provider"))
    kind = kind or _kind_by_host(server, block)
    provider = load_provider(kind)
    if provider is None:
        known = ", ".join(kind_names())
        problems.add(
            (*path, "provider"),
            f"there is no kind of registry called {shown_key(kind)}",
            did_you_mean(kind, kind_names(), f"known: {known}"),
        )
        return None
    server = server or default_server(provider)
    optional = _flag(block.get("optional"), (*path, "optional"), problems)
    options = _options(block, provider, path, problems)
    credentials = references.credentials(
        block.get("credentials"), (*path, "credentials"), provider.credential_fields
    )
    if options is None or credentials is None or len(problems.found) > noted:
        return None
    entry = RegistryEntry(name, kind, server, options, aliases, optional, credentials)
    _require(entry, provider, path, problems)
    for problem in provider.validate(entry):
        problems.add((*path, *problem.path), problem.message, problem.hint)
    return entry


def _kind_by_host(server: str | None, block: Mapping[str, Any]) -> str:
    """Return the kind of a host; a user name that it has no use for is handed on as it is."""
    kind = kind_of_host(hostname(server or ""))
    credentials = block.get("credentials")
    named = "username" in block or (isinstance(credentials, dict) and "username" in credentials)
    provider = load_provider(kind) if named else None
    return kind if provider is None or takes_username(provider) else "static"


def addresses_of(block: Mapping[str, Any]) -> Sequence[str]:
    """Return the server addresses that an entry names, whatever else is wrong with it."""
    unheard, path = Problems(), ()
    server = _address(block.get("server"), path, unheard)
    if server is None and isinstance(kind := block.get("provider"), str):
        provider = load_provider(kind)
        server = default_server(provider) if provider else None
    aliases = _aliases(block.get("aliases"), path, unheard)
    return [address for address in (server, *aliases) if address]


def default_server(provider: TokenProvider) -> str | None:
    """Return the only address that a provider's registry has, ``None`` if there are more."""
    only: str | None = getattr(provider, "default_server", None)
    return only


def takes_username(provider: TokenProvider) -> bool:
    """Tell whether a user name means something to a provider."""
    fields = {spec.name for spec in provider.credential_fields}
    return "username" in {*fields, *provider.options.model_fields}


def _require(entry: RegistryEntry, provider: TokenProvider, path: Path, problems: Problems) -> None:
    if entry.credentials != Credentials():
        return
    for spec in provider.credential_fields:
        if spec.required:
            problems.add(
                (*path, "credentials"),
                f"no {spec.name} is given",
                f"write credentials: {{{spec.name}: REFERENCE}}, as env:TOKEN is one",
            )


def _options(
    block: Mapping[str, Any], provider: TokenProvider, path: Path, problems: Problems
) -> Any:
    known = provider.options.model_fields
    secret = {name for spec in provider.credential_fields for name in (spec.name, *spec.aliases)}
    settings = {}
    misplaced = False
    for key, value in block.items():
        if key in _COMMON:
            continue
        if key in known:
            settings[key] = value
        elif key in secret:
            misplaced = True
            problems.add(
                (*path, key),
                "a secret can not be written here",
                f"write credentials: {{{key}: REFERENCE}}, as env:TOKEN is one",
            )
        else:
            misplaced = True
            problems.unknown_key((*path, key), [*_COMMON, *known])
    options = problems.validated(provider.options, settings, path)
    return None if misplaced else options


def _address(value: Any, path: Path, problems: Problems) -> str | None:
    text = problems.text(value, path)
    if text is None:
        return None
    try:
        return canonical_address(text)
    except AddressProblem as problem:
        message, _, hint = str(problem).partition("; ")
        problems.add(path, message, hint)
        return None


def _aliases(value: Any, path: Path, problems: Problems) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        problems.add(path, "a list is needed here", "write aliases: [HOST, …]")
        return ()
    addresses = [_address(v, (*path, str(index)), problems) for index, v in enumerate(value)]
    return tuple(address for address in addresses if address)


def _flag(value: Any, path: Path, problems: Problems) -> bool:
    text = problems.text(value, path)
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if text is not None and text.lower() not in known:
        problems.add(path, "neither true nor false", "write true or false")
    return known.get((text or "").lower(), False)


def _report_duplicates(entries: list[RegistryEntry], problems: Problems) -> None:
    owners: dict[str, str] = {}
    for entry in entries:
        for address in (entry.server, *entry.aliases):
            if address is None:
                continue
            if address in owners:
                problems.add(
                    ("registries", entry.name),
                    f"{address} is an address of {owners[address]} as well",
                    "keep one of the two: a key of the dockercfg can hold one login",
                )
            else:
                owners[address] = entry.name
