"""Where each setting comes from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.durations import written_duration
from generator.call import Setup
from generator.model import RegistryEntry

DEFAULT = "default"
_CONVENTION = "the set of variables"
_USER_IN_URL = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; ``value`` is ``None`` where it is nobody's business, or there is none."""

    name: str
    value: str | None
    origin: str


def entry_settings(entry: RegistryEntry, setup: Setup) -> Sequence[Setting]:
    """Return the settings of an entry, credentials aside."""
    return list(_entry_settings(entry, setup))


def run_settings(setup: Setup) -> Sequence[Setting]:
    """Return the settings of the run as a whole, as they count."""
    config, rule = setup.config, setup.rule
    rows: list[tuple[str, str, tuple[str, ...], Any]] = [
        ("cache.dir", "cache_dir", ("cache", "dir"), setup.cache_folder),
        ("cache.min_validity", "min_validity_s", ("cache", "min_validity"), rule.min_validity_s),
        ("cache.max_age", "", ("cache", "max_age"), rule.max_age_s),
        ("output.format", "output_format", ("output", "format"), setup.output_format),
        ("output.mode", "mode", ("output", "mode"), _octal(setup.mode)),
        ("output.merge", "merge", ("output", "merge"), setup.merge),
        ("timeout", "timeout_s", ("timeout",), setup.timeout_s),
    ]
    return [
        Setting(
            name,
            shown(value),
            setup.call.settings.origins.get(field) or config.origin(path) or DEFAULT,
        )
        for name, field, path, value in rows
    ]


def shown(value: Any) -> str | None:
    """Return a literal setting as text, without a user name in a URL; a float is a duration."""
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return written_duration(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items()) or None
    if isinstance(value, tuple | list):
        return ", ".join(filter(None, map(shown, value)))
    return _USER_IN_URL.sub("//***@", str(value))


def _entry_settings(entry: RegistryEntry, setup: Setup) -> Iterator[Setting]:
    path = ("registries", entry.name)
    values: dict[str, Any] = {
        "server": entry.server,
        "aliases": entry.aliases,
        "optional": entry.optional,
        **{name: getattr(entry.options, name) for name in type(entry.options).model_fields},
    }
    defaults = {
        "optional": False,
        **{name: field.default for name, field in type(entry.options).model_fields.items()},
    }
    literal = setup.config.source != "environment"
    for name, value in values.items():
        origin = setup.config.origin((*path, name))
        public = literal or name in ("server", "aliases")
        if origin is None:
            usual = value is None or value == () or value == defaults.get(name)
            # what a set of variables implies stands under no variable of its own
            origin = DEFAULT if literal or usual else f"{_CONVENTION} {entry.name}"
            public = public or usual
        yield Setting(name, shown(value) if public else None, origin)


def _octal(mode: int | None) -> str:
    return f"{0o600 if mode is None else mode:04o}"
