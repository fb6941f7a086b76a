"""A config as an editor sees it: YAML with numbers and booleans, held against our schema."""

import re
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from generator.config.schema import config_schema

VALIDATOR = Draft202012Validator(config_schema())


class _Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: ``yes`` is text, ``0600`` is six hundred."""


_Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
_Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def underlined(text: str) -> list[str]:
    """Return what an editor would underline in a config, read as YAML 1.1 and as 1.2."""
    problems: list[str] = []
    for loader in (yaml.SafeLoader, _Core):
        content: Any = yaml.load(text, loader)
        problems += [error.message for error in VALIDATOR.iter_errors(content)]
    return problems
