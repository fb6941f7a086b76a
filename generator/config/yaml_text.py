"""YAML in which every scalar is text, and every value knows its line."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from generator.config.yaml_words import syntax_problem
from generator.model import Problem
from generator.shown import NOT_SHOWN, looks_random

Path = tuple[str, ...]
_KEY = re.compile(r"[A-Za-z_][\w.-]{0,40}", re.ASCII)
# Aliases can make a small text a huge document.
_MOST_NODES = 20_000
_DEEPEST = 40


@dataclass(slots=True)
class TextDocument:
    """What a YAML text holds: mappings, lists and text; an empty value counts as absent.

    ``lines`` leads from a path to the line (from 1) that it stands on.
    """

    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of the nearest setting above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class HiddenKey(str):
    """A key that leads to its line like any other, and is not shown: it may be a secret."""

    __slots__ = ()


def shown_key(key: str) -> str:
    """Return a key for a message: one that does not look like a key may be a secret."""
    hidden = isinstance(key, HiddenKey) or not _KEY.fullmatch(key) or looks_random(key)
    return NOT_SHOWN if hidden else key


def parse_yaml(text: str) -> TextDocument:
    """Parse one YAML document; all problems are in the result, none echoes the text."""
    document = TextDocument()
    reader = _Reader(document)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        document.lines[()], problem = syntax_problem(error, text)
        document.problems.append(problem)
        return document
    except (yaml.YAMLError, RecursionError):
        document.problems.append(
            Problem((), "not YAML: it holds a character that YAML does not allow", "mend it")
        )
        return document
    if node is None:
        return document
    if not isinstance(node, yaml.MappingNode):
        document.problems.append(
            Problem((), "not a mapping", "write KEY: VALUE lines, beginning with registries:")
        )
        return document
    document.content = reader.mapping(node, ())
    return document


class _Reader:
    """Turns nodes into plain values."""

    def __init__(self, document: TextDocument) -> None:
        self._document = document
        self._nodes = 0

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(path, key_node, "a key is not a text", "write KEY: VALUE")
                continue
            key = key_node.value
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._problem(path, key_node, "merge keys (<<) are not understood", "repeat it")
                continue
            inner = (*path, key)
            if key in values:
                self._problem(
                    inner, key_node, f"{shown_key(key)} stands here twice", "keep one of the two"
                )
                continue
            self._document.lines[inner] = key_node.start_mark.line + 1
            values[key] = self._value(value_node, inner)
        return values

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            if self._nodes <= _MOST_NODES or self._nodes == _MOST_NODES + 1:
                self._problem(path, node, "the document is too large or too deep", "shorten it")
            return None
        if isinstance(node, yaml.ScalarNode):
            empty = node.value == "" or node.tag == "tag:yaml.org,2002:null"
            return None if empty else node.value
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                inner = (*path, str(index))
                self._document.lines[inner] = item.start_mark.line + 1
                items.append(self._value(item, inner))
            return items
        assert isinstance(node, yaml.MappingNode)
        return self.mapping(node, path)

    def _problem(self, path: Path, node: yaml.Node, message: str, hint: str) -> None:
        # the duplicate's own line, not the first one's
        marker = (*path, f"#{len(self._document.problems)}")
        self._document.lines[marker] = node.start_mark.line + 1
        self._document.problems.append(Problem(marker, message, hint))
