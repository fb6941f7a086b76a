"""Collecting everything that is wrong, instead of stopping at the first of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from generator.config.yaml_text import shown_key
from generator.model import Problem

Path = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Problems:
    """The problems of one configuration, each with the path of the setting."""

    found: list[Problem] = field(default_factory=list)
    outside: list[tuple[str, Problem]] = field(default_factory=list)
    """Those that stand on the command line or in a variable, each with its place."""

    @property
    def count(self) -> int:
        """How many there are, wherever they stand."""
        return len(self.found) + len(self.outside)

    def add(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem."""
        self.found.append(Problem(path, message, hint))

    def unknown_key(self, path: Path, known: Collection[str], expected: str = "") -> None:
        """Note that the last part of ``path`` is not among the keys that are ``known`` there.

        ``expected`` is the hint where none of them is close.
        """
        if not expected:
            expected = f"known here: {', '.join(known)}" if known else "nothing is expected here"
        self.add(
            path, f"unknown key {shown_key(path[-1])}", did_you_mean(path[-1], known, expected)
        )

    def mapping(self, value: Any, path: Path) -> Mapping[str, Any]:
        """Return ``value`` if it is a mapping, an empty one (and a problem) if it is not."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.add(path, "a mapping is needed here", "write KEY: VALUE lines below it")
            return {}
        return value

    def text(self, value: Any, path: Path) -> str | None:
        """Return ``value`` if it is a text, ``None`` if it is absent or (a problem) no text."""
        if value is None or isinstance(value, str):
            return value
        self.add(path, "a single value is needed here", "write it on the same line")
        return None

    def validated(self, model: type[Model], values: Mapping[str, Any], path: Path) -> Model | None:
        """Return ``values`` as a ``model``; what does not fit becomes problems below ``path``."""
        try:
            return model(**{key: value for key, value in values.items() if value is not None})
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                where = (*path, *(str(part) for part in detail["loc"]))
                if detail["type"] == "extra_forbidden":
                    self.unknown_key(where, _keys_at(model, detail["loc"][:-1]))
                else:
                    self.add(where, *_words(detail))
            return None


def did_you_mean(name: str, known: Collection[str], otherwise: str = "") -> str:
    """Return a hint that names the known name closest to ``name``."""
    close = closest(name, known)
    return f"did you mean {close}?" if close else otherwise


def closest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that ``name`` is close to, be it in capitals."""
    lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), lower, 1)
    return lower[close[0]] if close else None


def unknown_name(what: str, name: str, known: Collection[str]) -> tuple[str, str]:
    """Return message and hint about a name that is not among the known ones of ``what``.

    What is close to none may be a secret that went astray: it is not shown.
    """
    if closest(name, known) is None:
        return f"there is no such {what}", f"known: {', '.join(known)}"
    return f"there is no {what} called {shown_key(name)}", did_you_mean(name, known)


def _keys_at(model: type[BaseModel], path: Collection[str | int]) -> Sequence[str]:
    """Return the keys that a model knows, or the one within it that a path leads to."""
    inner = model
    for part in path:
        held = inner.model_fields.get(str(part))
        annotation = held.annotation if held else None
        for kind in (annotation, *get_args(annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                inner = kind
    return list(inner.model_fields)


_MAPPING = ("a mapping is needed here", "write KEY: VALUE lines below it")
_LIST = ("a list is needed here", "write [VALUE, …]")
_NUMBER = ("a whole number is needed here", "")
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "add it"),
    "int_parsing": _NUMBER,
    "int_type": _NUMBER,
    "model_type": _MAPPING,
    "string_type": ("a text is needed here", ""),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
}


def _words(detail: Any) -> tuple[str, str]:
    """Return message and hint for one of pydantic's errors; never the input."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "value_error":
        return str(context.get("error", "has another form")), ""
    if kind == "literal_error":
        return f"not one of {str(context.get('expected', '')).replace(chr(39), '')}", ""
    if kind == "string_pattern_mismatch":
        return "has another form", f"it must match {context.get('pattern')}"
    if kind.startswith("bool"):
        return "neither true nor false", "write true or false"
    return str(detail["msg"]).lower(), ""
