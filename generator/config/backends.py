"""The ``backends:`` block: which secret stores there are, and how to log in."""

from collections.abc import Mapping
from typing import Any

from backends.loader import BUILT_IN, backend_type_names, load_backend_type
from generator.config.model import BackendSetup
from generator.config.problems import Path, Problems, did_you_mean
from generator.config.references import References
from generator.config.yaml_text import shown_key

# What a login is read from must not need a login itself.
_LOGIN_BACKENDS = ("env", "file")


def read_backends(value: Any, problems: Problems) -> dict[str, BackendSetup | None]:
    """Return the backends that references may name: the configured, and every built-in type.

    A built-in type stands under its own name with its default settings, unless a block of that
    name says otherwise. ``None`` stands for a block with problems, which are noted already.
    """
    setups: dict[str, BackendSetup | None] = {}
    blocks = problems.mapping(value, ("backends",))
    for name, block in blocks.items():
        setups[name] = _read(name, problems.mapping(block, ("backends", name)), problems)
    for name in BUILT_IN:
        if name not in blocks:
            factory = load_backend_type(name)
            assert factory is not None
            setups[name] = BackendSetup(name, factory, factory.options())
    return setups


def _read(name: str, block: Mapping[str, Any], problems: Problems) -> BackendSetup | None:
    path: Path = ("backends", name)
    kind = problems.text(block.get("type"), (*path, "type")) or name
    factory = load_backend_type(kind)
    if factory is None:
        problems.add(
            (*path, "type"),
            f"there is no type of backend called {shown_key(kind)}",
            did_you_mean(kind, backend_type_names(), f"known: {', '.join(backend_type_names())}"),
        )
        return None
    login = {local: load_backend_type(local) for local in _LOGIN_BACKENDS}
    references = References(login, problems)
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
