"""What the docstrings of a settings model say about each of its fields.

They are read from the source when somebody asks, which is never on the way to a dockercfg.
"""

import ast
import inspect
import textwrap

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field, of base classes too; on one line, as it is written."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            docs |= _own_docs(base)
    return docs


def summary_of(thing: object) -> str:
    """Return the first paragraph of a docstring on one line, empty if there is none."""
    return one_line((inspect.getdoc(thing) or "").partition("\n\n")[0])


def one_line(text: str) -> str:
    """Return prose on one line, without the marks of code in it."""
    return " ".join(text.replace("``", "").split())


def _own_docs(model: type[BaseModel]) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):
        return {}  # a plugin that was installed without its source
    body = ast.parse(source).body[0]
    docs: dict[str, str] = {}
    field = None
    for node in getattr(body, "body", ()):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                field = name
            case ast.Expr(value=ast.Constant(value=str(text))) if field:
                docs[field] = one_line(text)
                field = None
            case _:
                field = None
    return docs
