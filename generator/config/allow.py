"""What an operator lets a config name, by globs in the environment.

Servers, secrets, endpoints and programs. A config may come from a pull request, the environment
does not. Unset means that all is allowed; with any of them set, programs and what this host is by
itself have to be allowed, too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import Any

from pydantic import BaseModel

from backends.base import SecretRef
from generator.addresses import AddressProblem, canonical_address
from generator.config.model import BackendSetup
from generator.config.problems import Path, Problems
from generator.model import RegistryEntry
from generator.registries.loader import provider_of
from generator.settings import Settings

# Options of these names say where a request, and with it a secret, is sent.
_ENDPOINTS = ("address", "authority", "endpoint", "proxy", "trusted_sources")
_HOST_ENDS = re.compile(r"[/?#\\]")
SECRETS_VARIABLE = "DOCKERCFG_ALLOW_SECRETS"
ENDPOINTS_VARIABLE = "DOCKERCFG_ALLOW_ENDPOINTS"
SERVERS_VARIABLE = "DOCKERCFG_ALLOW_SERVERS"
PROGRAMS_VARIABLE = "DOCKERCFG_ALLOW_PROGRAMS"


def check_allowed(
    entries: Sequence[RegistryEntry],
    setups: Mapping[str, BackendSetup],
    settings: Settings,
    problems: Problems,
) -> None:
    """Note everything that a config names and the operator's globs do not match."""
    if settings.allow_servers is not None:
        _check_servers(entries, settings.allow_servers, problems)
    if settings.allow_secrets is not None:
        _check_secrets(entries, setups, settings.allow_secrets, problems)
    if settings.allow_endpoints is not None:
        _check_endpoints(entries, setups, settings.allow_endpoints, problems)
    if settings.bounds_configs:
        _check_host_identity(entries, settings.allow_secrets or (), problems)
        _check_programs(entries, settings.allow_programs, problems)


def _check_servers(
    entries: Sequence[RegistryEntry], globs: Sequence[str], problems: Problems
) -> None:
    for entry in entries:
        if entry.server is None:
            problems.add(
                ("registries", entry.name, "server"),
                f"with {SERVERS_VARIABLE} set, each entry has to name its server",
                "write server: HOST",
            )
        for place, addresses in (("server", [entry.server]), ("aliases", entry.aliases)):
            if any(address and not _matches(address, globs) for address in addresses):
                _refuse(("registries", entry.name, place), SERVERS_VARIABLE, "server", problems)
        asked = getattr(entry.options, "helper_server", None)
        if asked is not None and not _matches_asked(asked, globs):
            _refuse(
                ("registries", entry.name, "helper_server"), SERVERS_VARIABLE, "server", problems
            )


def _matches_asked(server: str, globs: Sequence[str]) -> bool:
    """Hold a helper's own name for a server against globs, and its host against their hosts.

    A ``*`` matches a ``/`` as well, while helpers cut off what follows a host.
    """
    if address := _canonical(server):
        return _matches(address, globs)
    origin = _origin(server)
    host = origin if _canonical(origin) else ""
    return any(_matches(server, [glob]) and fnmatchcase(host, _origin(glob)) for glob in globs)


def _canonical(server: str) -> str:
    """Return a server's address, nothing if it has none."""
    try:
        return canonical_address(server)
    except AddressProblem:
        return ""


def _check_secrets(
    entries: Sequence[RegistryEntry],
    setups: Mapping[str, BackendSetup],
    globs: Sequence[str],
    problems: Problems,
) -> None:
    """What a backend logs in with is a secret that the config names, too."""
    named: list[tuple[Path, SecretRef]] = [
        (("registries", entry.name, "credentials"), ref)
        for entry in entries
        for ref in entry.credentials.references
    ]
    named += [
        (("backends", name), ref)
        for name, setup in setups.items()
        for ref in _references_in(setup.options)
    ]
    named += [
        (("registries", entry.name, "environment"), SecretRef("env", name))
        for entry in entries
        for name in getattr(entry.options, "environment", ())
    ]
    for path, ref in named:
        if not _matches(_document(ref, setups), globs):
            _refuse(path, SECRETS_VARIABLE, "secret", problems)


def _check_host_identity(
    entries: Sequence[RegistryEntry], globs: Sequence[str], problems: Problems
) -> None:
    """An entry without credentials uses what this machine or job is by itself.

    So does a program, which has globs of its own.
    """
    for entry in entries:
        if _uses_host(entry) and not _matches(f"host:{entry.provider}", globs):
            problems.add(
                ("registries", entry.name),
                f"{SECRETS_VARIABLE} does not allow the identity of this host",
                f"name credentials, or have the operator allow host:{entry.provider}",
            )


def _uses_host(entry: RegistryEntry) -> bool:
    if entry.options.program:
        return False
    uses_host = getattr(provider_of(entry), "uses_host", None)
    return not entry.credentials.references or (uses_host is not None and uses_host(entry))


def _check_programs(
    entries: Sequence[RegistryEntry], globs: Sequence[str] | None, problems: Problems
) -> None:
    """Hold a command against globs word by word; a last ``*`` stands for all further words."""
    why = ", for it is not set, and another DOCKERCFG_ALLOW_… variable is" if globs is None else ""
    for entry in entries:
        words = entry.options.program
        if words and not any(_match_words(words, glob.split()) for glob in globs or ()):
            problems.add(
                ("registries", entry.name),
                f"{PROGRAMS_VARIABLE} does not allow this program{why}",
                "have the operator allow its whole command, as docker-credential-pass get is one",
            )


def _match_words(words: Sequence[str], globs: Sequence[str]) -> bool:
    if globs and globs[-1] == "*" and len(words) > len(globs):
        words = words[: len(globs)]
    return len(words) == len(globs) and all(map(fnmatchcase, words, globs))


def _references_in(value: Any) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _references_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _references_in(inner)


def _check_endpoints(
    entries: Sequence[RegistryEntry],
    setups: Mapping[str, BackendSetup],
    globs: Sequence[str],
    problems: Problems,
) -> None:
    blocks: list[tuple[Path, Any]] = [(("backends", n), s.options) for n, s in setups.items()]
    blocks += [(("registries", entry.name), entry.options) for entry in entries]
    for path, options in blocks:
        for name, url in _endpoints_of(options):
            if not _matches_url(url, globs):
                _refuse((*path, name), ENDPOINTS_VARIABLE, "endpoint", problems)
    for entry in entries:
        asked = getattr(provider_of(entry), "asks_its_server", False)
        named = getattr(entry.options, "endpoint", None) is not None
        if asked and not named and not _matches_url(f"https://{entry.server}", globs):
            path = ("registries", entry.name, "server")
            _refuse(path, ENDPOINTS_VARIABLE, "endpoint", problems)


def _refuse(path: Path, variable: str, what: str, problems: Problems) -> None:
    hint = "name one that it allows, or have the operator widen it"
    problems.add(path, f"{variable} does not allow this {what}", hint)


def _endpoints_of(options: Any) -> Iterator[tuple[str, str]]:
    for name in _ENDPOINTS:
        value = getattr(options, name, None)
        for one in value if isinstance(value, tuple) else [value]:
            if isinstance(one, str):
                yield name, one


def _document(ref: SecretRef, setups: Mapping[str, BackendSetup]) -> str:
    """Return what a glob is held against: ``TYPE:PATH``, whatever a config calls its backend."""
    kind = setups[ref.backend].type_name if ref.backend in setups else ref.backend
    if kind == "file":
        return f"file:{normpath(ref.path)}"
    return f"{'vault' if kind == 'openbao' else kind}:{ref.path.strip('/')}"


def _matches_url(url: str, globs: Sequence[str]) -> bool:
    """Hold a URL against globs, and what of it leads to a host against that of the globs.

    For a ``*`` matches a ``/`` as well, and ``https://evil/.example`` is no ``https://*.example``.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:  # a file
        return _matches(url, globs)
    origin = f"{scheme}://{_HOST_ENDS.split(rest)[0]}"
    return any(_matches(url, [glob]) and fnmatchcase(origin, _origin(glob)) for glob in globs)


def _origin(glob: str) -> str:
    """Return what stands before a path."""
    scheme, separator, rest = glob.rpartition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}"


def _matches(text: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(text.rstrip("/"), glob.rstrip("/")) for glob in globs)
