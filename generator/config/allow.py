"""What an operator lets a config name, by globs in the environment: servers, secrets, endpoints.

A config may come from a pull request, the environment does not. Unset means that all is allowed.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import Any

from backends.base import SecretRef
from generator.config.model import BackendSetup
from generator.config.problems import Path, Problems
from generator.model import RegistryEntry

# Options of these names say where a request, and with it a secret, is sent.
_ENDPOINTS = ("address", "endpoint", "proxy", "trusted_sources")
SECRETS_VARIABLE = "DOCKERCFG_ALLOW_SECRETS"
ENDPOINTS_VARIABLE = "DOCKERCFG_ALLOW_ENDPOINTS"
SERVERS_VARIABLE = "DOCKERCFG_ALLOW_SERVERS"


def check_servers(
    entries: Sequence[RegistryEntry], globs: Sequence[str] | None, problems: Problems
) -> None:
    """Note every server address, aliases included, that none of ``globs`` matches."""
    for entry in entries if globs is not None else ():
        for place, addresses in (("server", [entry.server]), ("aliases", entry.aliases)):
            if any(address and not _matches(address, globs or ()) for address in addresses):
                problems.add(
                    ("registries", entry.name, place),
                    f"{SERVERS_VARIABLE} does not allow this server address",
                    "name one that it allows, or have the operator widen it",
                )


def check_secrets(
    entries: Sequence[RegistryEntry],
    setups: Mapping[str, BackendSetup],
    globs: Sequence[str] | None,
    problems: Problems,
) -> None:
    """Note every reference whose document matches none of ``globs``."""
    for entry in entries if globs is not None else ():
        for ref in entry.credentials.references:
            if not _matches(_document(ref, setups), globs or ()):
                problems.add(
                    ("registries", entry.name, "credentials"),
                    f"{SECRETS_VARIABLE} does not allow this secret",
                    "name one that it allows, or have the operator widen it",
                )


def check_endpoints(
    entries: Sequence[RegistryEntry],
    setups: Mapping[str, BackendSetup],
    globs: Sequence[str] | None,
    problems: Problems,
) -> None:
    """Note every endpoint that a config names and none of ``globs`` matches."""
    blocks: list[tuple[Path, Any]] = [(("backends", n), s.options) for n, s in setups.items()]
    blocks += [(("registries", entry.name), entry.options) for entry in entries]
    for path, options in blocks if globs is not None else ():
        for name, url in _endpoints_of(options):
            if not _matches(url, globs or ()):
                problems.add(
                    (*path, name),
                    f"{ENDPOINTS_VARIABLE} does not allow this endpoint",
                    "name one that it allows, or have the operator widen it",
                )


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


def _matches(text: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(text.rstrip("/"), glob.rstrip("/")) for glob in globs)
