"""What all kinds of registries take together: for entries whose kind nobody knows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from generator.registries.base import CredentialField, TokenProvider
from generator.registries.loader import kind_names, load_provider


def all_providers() -> Sequence[TokenProvider]:
    """Return the providers that can be loaded, built-in and installed."""
    return list(_by_kind().values())


def kinds_with(option: str) -> Sequence[str]:
    """Return the kinds that have an option."""
    return [kind for kind, one in _by_kind().items() if option in one.options.model_fields]


def _by_kind() -> Mapping[str, TokenProvider]:
    providers = {}
    for kind in kind_names():
        try:
            provider = load_provider(kind)
        except Exception:  # noqa: BLE001, S112 - a broken package is told to whoever names its kind
            continue
        if provider is not None:
            providers[kind] = provider
    return providers


def option_names(providers: Sequence[TokenProvider]) -> Sequence[str]:
    """Return the options that any of the providers has."""
    return sorted({name for provider in providers for name in provider.options.model_fields})


def credential_fields(providers: Sequence[TokenProvider]) -> Sequence[CredentialField]:
    """Return the credentials that any of the providers takes, none of them required."""
    fields = [spec for provider in providers for spec in provider.credential_fields]
    return [replace(spec, required=False) for spec in {spec.name: spec for spec in fields}.values()]
