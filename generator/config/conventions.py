"""No config: the variables of other tools are recognised.

Each set becomes an entry as if it had been written in a config; a variable that alone means
nothing is ignored, a set that is clearly meant but incomplete is a problem. Which sets there are
stands in `generator.config.codeship`; those of `generator.config.preset_entry` have to be named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.inputs import InputRecorder
from generator.config.problems import Path, did_you_mean
from generator.model import Problem


@dataclass(slots=True)
class Recognised:
    """The entries that the environment means, as a config would say it.

    ``places`` leads from a setting's path to the variable that it came from.
    """

    registries: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[tuple[str, Problem]] = field(default_factory=list)

    def refuse(self, variable: str, message: str, hint: str) -> None:
        """Note a problem of a variable."""
        self.problems.append((variable, Problem((), message, hint)))


class Variables:
    """The environment, each look at it recorded."""

    def __init__(self, environment: Mapping[str, str], inputs: InputRecorder) -> None:
        self._environment = environment
        self._inputs = inputs

    def __call__(self, name: str) -> str | None:
        """Return a variable's value, ``None`` if it is unset or blank."""
        self._inputs.variable(name)
        value = self._environment.get(name, "")
        return value if value.strip() else None

    def has(self, name: str) -> bool:
        """Tell whether a variable is set, be it to nothing."""
        self._inputs.variable(name)
        return name in self._environment

    def absence(self, name: str) -> str:
        """Return how a variable comes to have no value: for a message."""
        return "is set, but empty" if self.has(name) else "is not set"

    def first(self, names: tuple[str, ...]) -> str:
        """Return the first of ``names`` that is set, else the first of all."""
        return next((name for name in names if self(name)), names[0])

    def empty(self, names: tuple[str, ...]) -> str:
        """Return the first of ``names`` that is set to nothing, else the first of all."""
        return next((n for n in names if self.has(n) and not self(n)), names[0])


@dataclass(frozen=True, slots=True)
class VariableSet:
    """Variables that together mean one entry.

    Each of ``required`` is one variable, or several of which the first that is set counts. The set
    is meant once all variables of one of its ``clues`` are set, unless one of ``others`` is, which
    says that they are another tool's; ``entry`` says what it means. What lies around in every job
    is ``only_named``: not looked for unless the user asks for it.
    """

    clues: tuple[tuple[str, ...], ...]
    required: tuple[tuple[str, ...], ...]
    entry: Callable[[Variables, Recognised, Path], dict[str, Any]]
    others: tuple[str, ...] = ()
    only_named: bool = False


def recognise(
    variable: Variables, sets: Mapping[str, VariableSet], narrowed: tuple[str, ...] | None
) -> Recognised:
    """Return what the environment means; ``narrowed`` names the sets to look for."""
    found = Recognised()
    for name in narrowed or ():
        if name not in sets:
            hint = did_you_mean(name, sets, f"known: {', '.join(sets)}")
            found.refuse("DOCKERCFG_FROM_ENV", "names a set that does not exist", hint)
    for name, known in sets.items():
        if name in narrowed if narrowed is not None else not known.only_named:
            _recognise(name, known, variable, found, named=narrowed is not None)
    return found


def _recognise(
    name: str, known: VariableSet, variable: Variables, found: Recognised, *, named: bool
) -> None:
    missing = [names for names in known.required if not any(variable(n) for n in names)]
    hinted = any(all(variable(name) for name in clue) for clue in known.clues)
    meant = named or (hinted and not any(variable(other) for other in known.others))
    if missing and meant:
        instead = (
            f"or take {name} out of DOCKERCFG_FROM_ENV"
            if named
            else "unset the others, or name the sets to look for in DOCKERCFG_FROM_ENV"
        )
        for names in missing:
            absent = variable.empty(names)
            others = [other for other in names if other != absent]
            needed = f"needs it (or {', '.join(others)})" if others else "needs it"
            message = f"{variable.absence(absent)}, and the set of variables called {name} {needed}"
            found.refuse(absent, message, f"set it, {instead}")
    elif not missing:
        found.registries[name] = known.entry(variable, found, ("registries", name))
