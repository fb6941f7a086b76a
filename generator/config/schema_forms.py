"""JSON schemas of what a config's values may be, as editors see them.

For us every scalar is text; an editor sees ``0600`` as a number and ``true`` as a boolean, and
must not underline what we take. An empty value counts as absent, so null is welcome everywhere.
"""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from backends.base import SecretRef
from generator.config.docs import field_docs, one_line
from generator.registries.base import CredentialField

Schema = dict[str, Any]

_NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
REFERENCE: Schema = {
    "description": "A secret reference: NAME:PATH[?option=value&…][#FIELD], as env:TOKEN, "
    "file:token, vault:secret/ci/harbor#password; or the ARN of a secret.",
    "type": "string",
    "pattern": r"^(ref\+)?[^:\s]+:.*\S|^arn:aws[a-z-]*:(secretsmanager|ssm):",
}
_TRUTH = ("true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0")


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)


FLAG: Schema = {
    "anyOf": [
        {"type": ["boolean", "null"]},
        {"enum": [0, 1]},
        {"type": "string", "pattern": f"^({'|'.join(map(_any_case, _TRUTH))})$"},
    ]
}


def ref(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def nullable(schema: Schema) -> Schema:
    """Return a schema that takes an empty value as well."""
    kind = schema.get("type")
    if "enum" in schema:
        choices = [*(choice for choice in schema["enum"] if choice is not None), None]
        return {**{name: v for name, v in schema.items() if name != "type"}, "enum": choices}
    if isinstance(kind, str):
        return {**schema, "type": [kind, "null"]}
    if kind is not None or schema == FLAG or _NULL in schema.get("anyOf", ()):
        return schema
    return {"anyOf": [schema, _NULL]}


def block(properties: Schema, **more: Any) -> Schema:
    """Return the schema of a mapping that has these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def options_schema(model: type[BaseModel], prefix: str) -> tuple[Schema, Schema]:
    """Return the schema of a settings model, and the definitions that it refers to.

    ``prefix`` keeps the definitions of models apart that only share a name.
    """
    made = model.model_json_schema(
        schema_generator=_OptionsSchema, ref_template=f"#/$defs/{prefix}.{{model}}"
    )
    # what pydantic calls by the class is one form, whoever refers to it
    text = json.dumps(made).replace(f"#/$defs/{prefix}.{SecretRef.__name__}", "#/$defs/reference")
    made = json.loads(text)
    parts = made.pop("$defs", {})
    parts.pop(SecretRef.__name__, None)
    return made, {f"{prefix}.{name}": part for name, part in parts.items()}


def credentials_schema(fields: tuple[CredentialField, ...]) -> Schema:
    """Return the schema of an entry's ``credentials`` for a provider that takes ``fields``."""
    required = [field.name for field in fields if field.required]
    each = {field.name: ref("reference") for field in fields}
    return {
        "description": "Secret references; a secret itself can not be written here.",
        "anyOf": [
            ref("reference"),
            block(each, required=required),
            block(
                {"from": ref("reference"), "fields": block(dict.fromkeys(each, TEXT))},
                required=["from"],
            ),
            *([] if required else [{"type": "null"}]),
        ],
    }


def choose(cases: list[tuple[Schema, Schema]], otherwise: Schema) -> Schema:
    """Return a schema that is the first one whose condition holds."""
    for condition, schema in reversed(cases):
        otherwise = {"if": condition, "then": schema, "else": otherwise}
    return otherwise


class _OptionsSchema(GenerateJsonSchema):
    """Pydantic's schema of a model, with every scalar as the text that it is read from."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Text, unless a pattern says more."""
        made = super().str_schema(schema)
        return made if "pattern" in made else dict(TEXT)

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        """A flag, written in any of the usual ways."""
        return dict(FLAG)

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """A number, which may as well stand in quotes."""
        return {"type": ["number", "string", "null"]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """As an integer."""
        return {"type": ["number", "string", "null"]}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """A secret reference is written as text."""
        return dict(REFERENCE) if schema["cls"] is SecretRef else super().dataclass_schema(schema)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without the default: it is no text, and the description says it where it matters."""
        return nullable(self.generate_inner(schema["schema"]))

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Everything may be empty."""
        return nullable(self.generate_inner(schema["schema"]))

    def field_title_should_be_set(self, schema: object) -> bool:
        """A title would only repeat the key."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Describe the fields by the docstrings below them."""
        made = super().model_schema(schema)
        made.pop("title", None)
        if "description" in made:
            made["description"] = one_line(made["description"])
        for name, text in field_docs(schema["cls"]).items():
            made["properties"][name] = {"description": text, **made["properties"][name]}
        return made
