"""From the name of a backend type to its factory."""

from collections.abc import Sequence
from importlib import import_module
from typing import cast

from backends.base import BackendFactory

ENTRY_POINT_GROUP = "dockercfg_generator.backends"

BUILT_IN = {
    "env": "backends.env:EnvironmentBackendFactory",
    "file": "backends.file:FileBackendFactory",
    "vault": "backends.vault.backend:VaultBackendFactory",
    "openbao": "backends.vault.backend:VaultBackendFactory",
    "aws-sm": "backends.aws_secrets_manager:SecretsManagerBackendFactory",
    "aws-ssm": "backends.aws_parameter_store:ParameterStoreBackendFactory",
}


def load_backend_type(name: str) -> BackendFactory | None:
    """Return the factory of the type ``name``, ``None`` if no package has one.

    Built-in types can not be overridden: installed packages are only asked for other names.
    """
    target = BUILT_IN.get(name) or _installed(name)
    if target is None:
        return None
    module, _, attribute = target.partition(":")
    return cast(BackendFactory, getattr(import_module(module), attribute)())


def backend_type_names() -> Sequence[str]:
    """Return the names of all types there are, built-in and installed."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 14 ms that few runs need

    return [*BUILT_IN, *entry_points(group=ENTRY_POINT_GROUP).names]


def _installed(name: str) -> str | None:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 14 ms that few runs need

    found = entry_points(group=ENTRY_POINT_GROUP, name=name)
    return next(iter(found)).value if found else None
