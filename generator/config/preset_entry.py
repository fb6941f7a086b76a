"""One preset: for an entry of a config, and as a set of variables that needs no config."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.addresses import AddressProblem, canonical_address
from generator.config.conventions import Recognised, Variables, VariableSet
from generator.config.problems import Path, Problems, unknown_name
from generator.config.yaml_text import shown_key
from generator.model import Problem
from generator.registries.loader import kind_names
from generator.registries.login import problem_of_username
from generator.registries.static.presets import PRESETS, Preset


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """What a preset brings to one entry."""

    name: str
    preset: Preset
    path: Path
    variable: Variables
    problems: Problems
    origins: dict[Path, str]
    is_selected: bool
    is_optional: bool

    def server(self) -> str | None:
        """Return the preset's server address, ``None`` (and perhaps a problem) if there is none."""
        fixed, place = self.preset.server, (*self.path, "server")
        if fixed is not None and "{}" not in fixed:
            self.origins[place] = f"preset {self.name}"
            return fixed
        variable = self.variable.first(self.preset.servers)
        value = self.variable(variable)
        if value is None:
            if self.is_selected:
                self._missing(self.preset.servers, "the server address", "server: HOST[:PORT]")
            return None
        self.origins[place] = f"{variable}, preset {self.name}"
        try:
            return self._address(value.strip())
        except AddressProblem as problem:
            message, _, hint = str(problem).partition("; ")
            self._refuse(variable, message, hint)
            return None

    def credentials(self, block: Mapping[str, Any]) -> Any:
        """Return the entry's own credentials, completed by the preset's unless they are whole."""
        given = block.get("credentials")
        if given is not None and (not isinstance(given, dict) or "from" in given):
            return given
        filled = dict(given or {})
        named = self.preset.username or block.get("username") or "username" in filled
        if not named:
            user = f"username: NAME ({self.preset.user})"
            if variable := self._filled(filled, "username", self.preset.usernames, user):
                self._check_username(variable)
        if "password" not in filled:
            hint = "credentials: {password: REFERENCE}"
            self._filled(filled, "password", self.preset.passwords, hint)
        return filled

    def _filled(
        self, credentials: dict[str, Any], field: str, variables: tuple[str, ...], instead: str
    ) -> str | None:
        """Let a field refer to the first variable that is set; return its name."""
        variable = self.variable.first(variables)
        is_set = self.variable(variable) is not None
        credentials[field] = f"env:{variable}"
        self.origins[(*self.path, "credentials", field)] = f"preset {self.name}"
        if not is_set and self.is_selected and not self.is_optional:
            what = {"username": "the user name"}.get(field, f"the {field}")
            self._missing(variables, what, instead)
        return variable if is_set else None

    def _address(self, value: str) -> str:
        """Return the server address that a variable stands for: a part of it, a host or a URL.

        Raises:
            AddressProblem: if it is none.
        """
        if self.preset.server is not None:
            address = canonical_address(self.preset.server.format(value))
            if not self.preset.knows(address):
                raise AddressProblem("there is no such host; mend it, or write server: HOST")
            return address
        scheme, separator, rest = value.partition("://")
        authority = (rest if separator else value).partition("/")[0]
        return canonical_address(f"{scheme if separator else 'https'}://{authority}")

    def _check_username(self, variable: str) -> None:
        problem = problem_of_username(self.variable(variable) or "")
        if problem and self.is_selected and not self.is_optional:
            self._refuse(variable, problem, "mend the user name")

    def _missing(self, variables: tuple[str, ...], what: str, instead: str) -> None:
        absent = self.variable.empty(variables)
        others = [name for name in variables if name != absent]
        where = f"it (or {', '.join(others)})" if others else "it"
        entry = f"registries.{shown_key(self.path[-1])}"
        self._refuse(
            absent,
            f"{self.variable.absence(absent)}, and the preset {self.name} of {entry} takes {what} "
            f"from {where}",
            f"set it, or write {instead}",
        )

    def _refuse(self, variable: str, message: str, hint: str) -> None:
        self.problems.outside.append((variable, Problem((), message, hint)))


def unknown_preset(name: str) -> tuple[str, str]:
    """Return what to say of a name that no preset has: a message and a hint."""
    if name in kind_names():
        return f"{name} is a kind of registry, not a preset", f"write provider: {name}"
    return unknown_name("preset", name, PRESETS)


def _set_of(name: str, preset: Preset) -> VariableSet:
    def entry(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
        found.places[path] = variable.first(preset.passwords)
        if preset.servers:
            found.places[(*path, "server")] = variable.first(preset.servers)
        return {"preset": name}

    every = (preset.servers, preset.usernames, preset.passwords)
    return VariableSet((), tuple(filter(None, every)), entry, only_named=True)


SETS: Mapping[str, VariableSet] = {name: _set_of(name, one) for name, one in PRESETS.items()}
"""The variables of each preset as a set, for a run without a config that asks for it."""
