"""``providers``: the kinds of registries and of secret backends there are, from their own code.

As JSON: ``registries`` with ``name``, ``summary``, ``host_pattern``, ``credentials`` (``name``,
``aliases``, ``required``), ``options`` (``name``, ``description``), and ``backends`` with ``name``,
``summary``, ``reference``, ``settings``; ``package`` is null for what comes with the generator,
``problem`` says why an installed package can not be used.
"""

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from backends import loader as backend_loader
from generator.call import Call
from generator.config.docs import field_docs, one_line, summary_of
from generator.errors import ExitCode
from generator.plugins import distributions
from generator.printing import print_json, print_lines
from generator.registries import loader as registry_loader

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
    if call.settings.json:
        print_json({"registries": registries, "backends": backends})
    else:
        print_lines(_text(registries, backends))
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
    return {
        "name": name,
        "summary": summary_of(type(provider)),
        "host_pattern": registry_loader.host_pattern(name),
        "credentials": [
            {"name": field.name, "aliases": list(field.aliases), "required": field.required}
            for field in provider.credential_fields
        ],
        "options": _settings(provider.options),
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


def _text(registries: list[Row], backends: list[Row]) -> list[str]:
    lines = ["registries, recognised by the host, else by provider: KIND"]
    for row in registries:
        lines += ["", *_heading(row)]
        if row["host_pattern"]:
            lines.append(f"  hosts: {row['host_pattern']}")
        if row.get("credentials"):
            lines.append(f"  credentials: {', '.join(map(_credential, row['credentials']))}")
        lines += _setting_lines(row.get("options", []))
    lines += ["", "secret backends, settings under backends: NAME:"]
    for row in backends:
        lines += ["", *_heading({**row, "name": row["reference"] or row["name"]})]
        lines += _setting_lines(row.get("settings", []))
    return lines


def _heading(row: Row) -> list[str]:
    origin = f" (from {row['package']})" if row["package"] else ""
    summary = row["problem"] or row["summary"]
    return [f"{row['name']}{origin}", *([f"  {summary}"] if summary else [])]


def _credential(field: Row) -> str:
    return field["name"] if field["required"] else f"[{field['name']}]"


def _setting_lines(settings: list[Row]) -> list[str]:
    return [f"    {row['name']:<20} {row['description']}".rstrip() for row in settings]
