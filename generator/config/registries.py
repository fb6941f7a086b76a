"""The ``registries:`` block."""

from collections.abc import Mapping, Sequence
from typing import Any

from generator.addresses import AddressProblem, canonical_address, hostname
from generator.config.kinds import all_providers, credential_fields, kinds_with, option_names
from generator.config.presets import Presets
from generator.config.problems import Path, Problems, unknown_name
from generator.config.references import References
from generator.model import Credentials, RegistryEntry
from generator.registries.base import TokenProvider
from generator.registries.loader import kind_names, kind_of_host, load_provider

_COMMON = ("provider", "server", "aliases", "optional", "credentials")
_FEW_KINDS = 3


def read_entries(
    value: Any, references: References, presets: Presets, problems: Problems
) -> list[RegistryEntry]:
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
        entry = _read(name, block, path, references, presets, problems)
        if entry is not None:
            entries.append(entry)
    _report_duplicates(entries, problems)
    return entries


def _read(
    name: str,
    written: Mapping[str, Any],
    path: Path,
    references: References,
    presets: Presets,
    problems: Problems,
) -> RegistryEntry | None:
    noted = problems.count
    optional = _flag(written.get("optional"), (*path, "optional"), problems)
    block = presets.expanded(written, path, optional=optional)
    if block is None:
        return None
    server = _address(block.get("server"), (*path, "server"), problems)
    aliases = _aliases(block.get("aliases"), (*path, "aliases"), problems)
    kind = _kind(block, server, path, problems)
    provider = load_provider(kind) if kind else None
    if kind is None or provider is None:
        _check_of_any_kind(block, path, references, problems)
        return None
    server = server or default_server(provider)
    options = _options(block, provider, path, problems)
    credentials = references.credentials(
        block.get("credentials"), (*path, "credentials"), provider.credential_fields
    )
    if options is None or credentials is None or problems.count > noted:
        return None
    entry = RegistryEntry(name, kind, server, options, aliases, optional, credentials)
    _require(entry, provider, path, problems)
    for problem in provider.validate(entry):
        problems.add((*path, *problem.path), problem.message, problem.hint)
    return entry


def _kind(
    block: Mapping[str, Any], server: str | None, path: Path, problems: Problems
) -> str | None:
    """Return the kind of an entry, ``None`` (and a problem) if it has none that there is."""
    named = block.get("provider")
    if named is None:
        if server is not None:
            return _kind_by_host(server, block)
        if block.get("server") is None:
            problems.add((*path, "server"), "no server is named", "write server: HOST[:PORT]")
        return None
    kind = problems.text(named, (*path, "provider"))
    if kind is not None and load_provider(kind) is None:
        problems.add((*path, "provider"), *_unknown_kind(kind))
        return None
    return kind


def _unknown_kind(name: str) -> tuple[str, str]:
    from generator.registries.static.presets import PRESETS  # noqa: PLC0415 - 1 ms, few need it

    if name in PRESETS:
        return f"{name} is a preset, not a kind of registry", f"write preset: {name}"
    return unknown_name("kind of registry", name, kind_names())


def _check_of_any_kind(
    block: Mapping[str, Any], path: Path, references: References, problems: Problems
) -> None:
    """Note what is wrong with an entry whatever its kind turns out to be."""
    providers = all_providers()
    known = [*_COMMON, *option_names(providers)]
    hint = f"known here: {', '.join(_COMMON)}, and the options of its kind"
    for key in block:
        if key not in known and not _misplaced(key, providers, path, problems):
            problems.unknown_key((*path, key), known, hint)
    references.credentials(
        block.get("credentials"), (*path, "credentials"), credential_fields(providers)
    )


def _misplaced(
    key: str, providers: Sequence[TokenProvider], path: Path, problems: Problems
) -> bool:
    """Tell, and note, that a key is the name of a secret: that stands under ``credentials``."""
    fields = [spec for provider in providers for spec in provider.credential_fields]
    if not any(key in (spec.name, *spec.aliases) for spec in fields):
        return False
    problems.add(
        (*path, key),
        "a secret can not be written here",
        f"write credentials: {{{key}: REFERENCE}}, as env:TOKEN is one",
    )
    return True


def _kind_by_host(server: str, block: Mapping[str, Any]) -> str:
    """Return the kind of a host; a user name that it has no use for is handed on as it is."""
    kind = kind_of_host(hostname(server))
    credentials = block.get("credentials")
    named = "username" in block or (isinstance(credentials, dict) and "username" in credentials)
    provider = load_provider(kind) if named else None
    return kind if provider is None or takes_username(provider) else "static"


def addresses_of(block: Mapping[str, Any]) -> Sequence[str]:
    """Return the server addresses that an entry names, whatever else is wrong with it.

    Its preset, if it has one, is expanded already.
    """
    unheard, path = Problems(), ()
    server = _address(block.get("server"), path, unheard)
    if server is None and isinstance(kind := block.get("provider"), str):
        provider = load_provider(kind)
        server = default_server(provider) if provider else None
    aliases = _aliases(block.get("aliases"), path, unheard)
    return [address for address in (server, *aliases) if address]


def default_server(provider: TokenProvider) -> str | None:
    """Return the server address of a provider's entries that name none, ``None`` if they must."""
    usual: str | None = getattr(provider, "default_server", None)
    return usual


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
    settings = {}
    misplaced = False
    for key, value in block.items():
        if key in _COMMON:
            continue
        if key in known:
            settings[key] = value
        else:
            misplaced = True
            if not _misplaced(key, [provider], path, problems):
                hint = "" if block.get("provider") else _kinds_that_know(key)
                problems.unknown_key((*path, key), [*_COMMON, *known], hint)
    options = problems.validated(provider.options, settings, path)
    return None if misplaced else options


def _kinds_that_know(option: str) -> str:
    """Return the hint that an option is one of other kinds, "" if it is of none, or of many."""
    kinds = kinds_with(option)
    if not 0 < len(kinds) <= _FEW_KINDS:
        return ""
    return f"it is an option of {' and '.join(kinds)}: write provider: {' or '.join(kinds)}"


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
