"""Presets of a config, written out: as if each entry had said all of it itself.

They are expanded while the config is read, so that what is missing is told together with the rest,
and that every variable that was looked at, be it absent, is an input of the run.
"""

from collections.abc import Collection, Mapping
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


class Presets:
    """Expands the presets of one config.

    ``selected`` are the names of the entries that count, all of them if it is empty. ``origins``
    tells where each setting comes from that a preset has brought.
    """

    def __init__(
        self, variable: Variables, problems: Problems, selected: Collection[str] = ()
    ) -> None:
        self.origins: dict[Path, str] = {}
        self._variable = variable
        self._problems = problems
        self._selected = selected

    def expanded(
        self, block: Mapping[str, Any], path: Path, *, optional: bool = False
    ) -> Mapping[str, Any] | None:
        """Return an entry with what its preset stands for; what it says itself wins.

        Credentials that are missing of an ``optional`` entry are found missing when they are read:
        that is a warning. An entry that is not selected lacks nothing; it is ``None`` if there is
        no server address for it.
        """
        if block.get("preset") is None:
            return block
        rest = {key: value for key, value in block.items() if key != "preset"}
        if block.get("provider") not in (None, "static"):
            message = "a preset is of the kind static, and provider: says another"
            self._problems.add((*path, "preset"), message, "keep one of the two")
            return rest
        name = self._problems.text(block["preset"], (*path, "preset"))
        if name is not None and name not in PRESETS:
            self._problems.add((*path, "preset"), *_unknown_preset(name))
        if name is None or name not in PRESETS:
            return {**rest, "provider": "static"}
        entry = _Entry(
            name,
            PRESETS[name],
            path,
            self._variable,
            self._problems,
            self.origins,
            is_selected=not self._selected or path[-1] in self._selected,
            is_optional=optional,
        )
        server = block.get("server") or entry.server()
        if server is None and not entry.is_selected:
            return None
        credentials = entry.credentials(block)
        return {**block, "provider": "static", "server": server, "credentials": credentials}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry's preset."""

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


def _unknown_preset(name: str) -> tuple[str, str]:
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
