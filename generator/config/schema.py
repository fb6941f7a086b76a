"""The JSON schema of a config (draft 2020-12), made of the models that read it.

An editor underlines with it what the config would be refused for, as far as a schema can say it:
what settings mean for each other is left to ``check``.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from backends.loader import BUILT_IN as BACKENDS
from backends.loader import load_backend_type
from generator.config.document import CacheBlock, OutputBlock, RunBlock
from generator.config.registries import takes_username
from generator.config.schema_forms import (
    FLAG,
    REFERENCE,
    TEXT,
    Schema,
    block,
    choose,
    credentials_schema,
    nullable,
    options_schema,
    ref,
)
from generator.registries.loader import BUILT_IN as REGISTRIES
from generator.registries.loader import provider_named
from generator.registries.static.provider import StaticProvider

DRAFT = "https://json-schema.org/draft/2020-12/schema"
BUILT_IN_KINDS = tuple(REGISTRIES)
BUILT_IN_TYPES = tuple(BACKENDS)


def config_schema(
    kinds: Iterable[str] = BUILT_IN_KINDS, types: Iterable[str] = BUILT_IN_TYPES
) -> Schema:
    """Return the schema of a config that may name these kinds of registries and backends."""
    definitions: Schema = {"reference": REFERENCE}
    registries = _registries(list(kinds), definitions)
    backends = _backends(list(types), definitions)
    settings = {
        "cache": _settings(CacheBlock, "cache", definitions),
        "output": _settings(OutputBlock, "output", definitions),
        **_settings(RunBlock, "run", definitions)["properties"],
    }
    return {
        "$schema": DRAFT,
        "title": "dockercfg-generator",
        "description": "What to write into one Docker config, and where its secrets come from.",
        **block(
            {
                "registries": registries,
                "backends": nullable(backends),
                **{name: nullable(schema) for name, schema in settings.items()},
            },
            required=["registries"],
        ),
        "$defs": definitions,
    }


def _settings(model: Any, prefix: str, definitions: Schema) -> Schema:
    schema, more = options_schema(model, prefix)
    definitions |= more
    return schema


def _registries(kinds: list[str], definitions: Schema) -> Schema:
    for kind in kinds:
        definitions[f"registry.{kind}"] = _entry(kind, kinds, definitions)
    definitions["registry.preset"] = _preset_entry(definitions["registry.static"])
    preset = (_has("preset", {"type": "string"}), "preset")
    named = [(_has("provider", {"const": kind}), kind) for kind in kinds]
    hosts = [(_host(kind, r.hosts), kind) for kind, r in REGISTRIES.items() if r.hosts]
    cases = [(condition, ref(f"registry.{kind}")) for condition, kind in (preset, *named, *hosts)]
    definitions["registry"] = choose(cases, _other_entry(kinds))
    return {
        "description": "One block for each registry, under a name of your choice.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": ref("registry"),
    }


def _entry(kind: str, kinds: list[str], definitions: Schema) -> Schema:
    provider = provider_named(kind)
    schema = _settings(provider.options, f"registry.{kind}", definitions)
    secrets = any(field.required for field in provider.credential_fields)
    return {
        **schema,
        "properties": {
            "provider": {
                "description": "The kind of registry, where the host does not tell it.",
                "enum": [*kinds, None],
            },
            "server": {"description": "HOST[:PORT] of the registry.", **TEXT},
            "aliases": {
                "description": "More server addresses that the same token is for.",
                **nullable({"type": "array", "items": {"type": "string"}}),
            },
            "optional": {"description": "Failing is a warning, not an error.", **FLAG},
            "credentials": credentials_schema(provider.credential_fields),
            **schema["properties"],
        },
        "required": [*schema.get("required", ()), *(["credentials"] if secrets else [])],
        "anyOf": [{"required": ["server"]}, {"required": ["provider"]}],
    }


def _preset_entry(static: Schema) -> Schema:
    """Return what an entry with a preset is: one of kind static that need not say anything else."""
    properties = {
        **static["properties"],
        "provider": {"description": "A preset is of the kind static.", "enum": ["static", None]},
        "credentials": credentials_schema(
            tuple(replace(spec, required=False) for spec in StaticProvider.credential_fields)
        ),
    }
    return {**block(properties), "required": ["preset"]}


def _host(kind: str, pattern: str) -> Schema:
    """Return the condition that ``server`` holds a host of a kind, be it written as a URL.

    With a user name that the kind has no use for it is not of that kind: it is handed on.
    """
    pattern = pattern.replace("^", "(^|//)").replace("$", "(?=[:/]|$)")
    claimed = _has("server", {"type": "string", "pattern": pattern})
    if takes_username(provider_named(kind)):
        return claimed
    named = {"anyOf": [_has("username", {}), _has("credentials", _has("username", {}))]}
    return {"allOf": [claimed, {"not": named}]}


def _other_entry(kinds: list[str]) -> Schema:
    """Return what an entry is that neither names a kind nor has a host that we know.

    A host in capital letters may be anybody's, since patterns know no other case.
    """
    capital = _has("server", {"pattern": "[A-Z]"})
    return choose(
        [(capital, {"anyOf": [ref(f"registry.{kind}") for kind in kinds]})], ref("registry.static")
    )


def _backends(types: list[str], definitions: Schema) -> Schema:
    models: dict[type, str] = {}
    for name in types:
        factory = load_backend_type(name)
        assert factory is not None, name
        same = models.setdefault(factory.options, name)
        definitions[f"backend.{name}"] = (
            ref(f"backend.{same}")
            if same != name
            else _backend(name, factory.options, types, definitions)
        )
    typed = choose(
        [
            (
                {"properties": {"type": {"const": name}}, "required": ["type"]},
                ref(f"backend.{name}"),
            )
            for name in types
        ],
        block({"type": {"enum": types}}),
    )
    definitions["backend"] = typed
    return {
        "description": "Secret stores that need settings; references use the names.",
        "type": "object",
        "properties": {
            name: choose([(_has("type", {}), ref("backend"))], nullable(ref(f"backend.{name}")))
            for name in types
        },
        "additionalProperties": {"allOf": [ref("backend"), {"required": ["type"]}]},
    }


def _backend(name: str, options: Any, types: list[str], definitions: Schema) -> Schema:
    schema = _settings(options, f"backend.{name}", definitions)
    kind = {"description": "The kind of secret store; without it, the block's name.", "enum": types}
    return {**schema, "properties": {"type": kind, **schema.get("properties", {})}}


def _has(key: str, value: Schema) -> Schema:
    """Return the condition that a mapping has a key, with a value of this schema."""
    return {"type": "object", "properties": {key: value}, "required": [key]}
