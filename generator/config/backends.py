"""The ``backends:`` block: which secret stores there are, and how to log in."""

from collections.abc import Iterator, Mapping
from typing import Any

from backends.base import BackendFactory
from backends.loader import BUILT_IN, backend_type_names, load_backend_type
from generator.config.model import BackendSetup
from generator.config.problems import Path, Problems, unknown_name
from generator.config.references import References

# What a login is read from must not need a login itself.
_LOGIN_BACKENDS = ("env", "file")


class Backends(Mapping[str, BackendSetup | None]):
    """The backends that references may name: the configured ones, and every built-in type.

    A built-in type stands under its own name with its default settings, unless a block of that
    name says otherwise; it is loaded when somebody looks at it. ``None`` stands for a block with
    problems, which are noted already.
    """

    def __init__(self, configured: Mapping[str, BackendSetup | None]) -> None:
        self._setups = dict(configured)
        self._names = list(dict.fromkeys([*configured, *BUILT_IN]))

    def __getitem__(self, name: str) -> BackendSetup | None:
        if name not in self._setups:
            if name not in BUILT_IN:
                raise KeyError(name)
            factory = load_backend_type(name)
            assert factory is not None
            self._setups[name] = BackendSetup(name, factory, factory.options())
        return self._setups[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def factory_of(self, name: str) -> BackendFactory | None:
        """Return the factory of a backend, ``None`` if its block has problems."""
        setup = self[name]
        return None if setup is None else setup.factory

    @property
    def usable(self) -> dict[str, BackendSetup]:
        """Those that somebody has configured or looked at, and that have no problems."""
        return {name: setup for name, setup in self._setups.items() if setup is not None}


def read_backends(value: Any, problems: Problems) -> Backends:
    """Return the backends of a ``backends:`` block; what is wrong with it becomes problems."""
    blocks = problems.mapping(value, ("backends",))
    return Backends(
        {
            name: _read(name, problems.mapping(block, ("backends", name)), problems)
            for name, block in blocks.items()
        }
    )


def _read(name: str, block: Mapping[str, Any], problems: Problems) -> BackendSetup | None:
    path: Path = ("backends", name)
    kind = problems.text(block.get("type"), (*path, "type")) or name
    factory = load_backend_type(kind)
    if factory is None:
        unknown = unknown_name("type of backend", kind, backend_type_names())
        problems.add((*path, "type"), *unknown)
        return None
    references = References(_LOGIN_BACKENDS, load_backend_type, problems)
    settings = {key: value for key, value in block.items() if key != "type"}
    options = problems.validated(
        factory.options, _with_references(settings, path, references, problems), path
    )
    return None if options is None else BackendSetup(kind, factory, options)


def _with_references(
    block: Mapping[str, Any], path: Path, references: References, problems: Problems
) -> dict[str, Any]:
    """Return a copy of ``block`` in which everything below ``credentials`` is a reference."""
    result: dict[str, Any] = {}
    for key, value in block.items():
        inner = (*path, key)
        if key == "credentials" and isinstance(value, dict):
            parsed = {n: references.parse(v, (*inner, n)) for n, v in value.items()}
            result[key] = {n: ref for n, ref in parsed.items() if ref is not None}
        elif key == "credentials":
            result[key] = references.parse(value, inner)
        elif isinstance(value, dict):
            result[key] = _with_references(value, inner, references, problems)
        else:
            result[key] = value
    return result
