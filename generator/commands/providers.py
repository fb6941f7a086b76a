"""``providers``: the kinds of registries and of secret backends there are, from their own code.

As JSON: ``registries`` with ``name``, ``summary``, ``hosts`` (forms, for people), ``host_pattern``,
``lives`` (how long a token lives), ``credentials`` (``name``, ``aliases``, ``required``),
``options`` (``name``, ``description``), ``example`` (YAML), ``presets`` (of ``static``) with
``name``, ``summary``, ``server``, ``username``, ``variables`` (of ``server``, ``username``,
``password``), and ``backends`` with ``name``, ``summary``, ``reference``, ``settings``; ``package``
is null for what comes with the generator, ``problem`` says why an installed package can not be
used.
"""

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from backends import loader as backend_loader
from generator.call import Call
from generator.config.docs import field_docs, one_line, summary_of
from generator.config.problems import unknown_name
from generator.errors import ExitCode, UsageError
from generator.plugins import distributions
from generator.printing import print_json, print_lines
from generator.registries import loader as registry_loader
from generator.registries.base import KindDocs
from generator.registries.static.presets import PRESETS, Preset

Row = dict[str, Any]
_FORM = re.compile(r"``(?P<form>[^`]+)``: (?P<summary>.*)", re.DOTALL)


def run(call: Call) -> int:
    """List them."""
    registries = _rows(
        registry_loader.BUILT_IN, registry_loader.ENTRY_POINT_GROUP, _registry, "host_pattern"
    )
    backends = _rows(
        backend_loader.BUILT_IN, backend_loader.ENTRY_POINT_GROUP, _backend, "reference"
    )
    presets = [_preset(name, preset) for name, preset in PRESETS.items()]
    if kind := call.settings.kind:
        known = [row["name"] for row in (*registries, *presets, *backends)]
        if kind not in known:
            raise UsageError("usage", *unknown_name("kind", kind, known))
        registries, backends = (
            [row for row in rows if row["name"] == kind] for rows in (registries, backends)
        )
        presets = [row for row in presets if kind in ("static", row["name"])]
    if call.settings.json:
        print_json({"registries": registries, "presets": presets, "backends": backends})
    else:
        print_lines(_text(registries, backends, presets))
    return ExitCode.OK


def _rows(
    built_in: Mapping[str, object], group: str, describe: Callable[[str], Row], shape: str
) -> list[Row]:
    packages = distributions(group)
    rows: list[Row] = [{**describe(name), "package": None, "problem": None} for name in built_in]
    for name, package in packages.items():
        # a package can not take the name of what comes with the generator
        if name in built_in:
            continue
        try:
            rows.append({**describe(name), "package": package, "problem": None})
        except Exception as error:  # noqa: BLE001 - one broken package must not hide the others
            problem = f"can not be loaded: {type(error).__name__}"
            row = {"name": name, "summary": "", shape: None, "package": package}
            rows.append({**row, "problem": problem})
    return rows


def _registry(name: str) -> Row:
    provider = registry_loader.provider_named(name)
    # a package that was made before there were any has none
    docs: KindDocs | None = getattr(provider, "docs", None)
    return {
        "name": name,
        "summary": summary_of(type(provider)),
        "hosts": list(docs.hosts) if docs else [],
        "host_pattern": registry_loader.host_pattern(name),
        "lives": docs.lives if docs else None,
        "credentials": [
            {"name": field.name, "aliases": list(field.aliases), "required": field.required}
            for field in provider.credential_fields
        ],
        "options": _settings(provider.options),
        "example": docs.example if docs else None,
    }


def _backend(name: str) -> Row:
    factory = backend_loader.load_backend_type(name)
    assert factory is not None, name
    module = sys.modules[type(factory).__module__]
    # the module of a backend begins with the form of its references
    told = _FORM.match((inspect.getdoc(module) or "").partition("\n\n")[0])
    form = told["form"] if told else f"{name}:PATH"
    return {
        "name": name,
        "summary": one_line(told["summary"]) if told else summary_of(type(factory)),
        "reference": f"{name}:{form.partition(':')[2]}",
        "settings": _settings(factory.options),
    }


def _settings(model: Any) -> list[Row]:
    docs = field_docs(model)
    return [{"name": name, "description": docs.get(name, "")} for name in model.model_fields]


def _text(registries: list[Row], backends: list[Row], presets: list[Row]) -> list[str]:
    lines = ["registries, recognised by the host, else by provider: KIND"] if registries else []
    for row in registries:
        lines += ["", *_heading(row)]
        lines += _recognition(row)
        if row.get("lives"):
            lines.append(f"  a token lives: {row['lives']}")
        if row.get("credentials"):
            lines.append(f"  credentials: {', '.join(map(_credential, row['credentials']))}")
        lines += _setting_lines(row.get("options", []))
        if row.get("example"):
            lines += ["  example:", *(f"    {line}" for line in row["example"].splitlines())]
    if presets:
        lines += ["", "presets of static, by preset: NAME; of several variables the first counts:"]
    for row in presets:
        lines += ["", *_preset_lines(row)]
    if backends:
        lines += ["", "secret backends, settings under backends: NAME:"]
    for row in backends:
        lines += ["", *_heading({**row, "name": row["reference"] or row["name"]})]
        lines += _setting_lines(row.get("settings", []))
    return lines[0 if registries else 1 :]


def _recognition(row: Row) -> list[str]:
    hosts = ", ".join(row.get("hosts", ()))
    if row["host_pattern"] or row["name"] == "static":
        return [f"  recognised by: {hosts or row['host_pattern']}"]
    named = f"  named by: provider: {row['name']}"
    return [named, f"  hosts: {hosts}"] if hosts else [named]


def _preset(name: str, preset: Preset) -> Row:
    variables = {
        "server": list(preset.servers),
        "username": list(preset.usernames),
        "password": list(preset.passwords),
    }
    fixed = {"server": preset.server, "username": preset.username}
    described = {"summary": preset.title, **fixed, "variables": variables}
    return {"name": name, **described, "package": None, "problem": None}


def _preset_lines(row: Row) -> list[str]:
    preset = PRESETS[row["name"]]
    told = {
        "server": preset.server_words,
        "username": preset.username_words,
        "password": ", ".join(preset.passwords),
    }
    settings = [{"name": name, "description": text} for name, text in told.items()]
    return [*_heading(row), *_setting_lines(settings)]


def _heading(row: Row) -> list[str]:
    origin = f" (from {row['package']})" if row["package"] else ""
    summary = row["problem"] or row["summary"]
    return [f"{row['name']}{origin}", *([f"  {summary}"] if summary else [])]


def _credential(field: Row) -> str:
    return field["name"] if field["required"] else f"[{field['name']}]"


def _setting_lines(settings: list[Row]) -> list[str]:
    width = max((len(row["name"]) for row in settings), default=0)
    return [f"    {row['name']:<{width}}  {row['description']}".rstrip() for row in settings]
