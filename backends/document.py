"""Picking one value out of a secret document."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backends.base import Secret, SecretDocument, SecretRef
from backends.errors import BackendMisconfigured, SecretNotFound

CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
# More than any registry takes as a password, and enough for a key file.
LARGEST_VALUE = 64 * 1024
# A float64, which is what JSON stores keep numbers in, holds integers below this exactly.
LARGEST_EXACT_INTEGER = 2**53


def fields_of(document: SecretDocument) -> Mapping[str, Any] | None:
    """Return the fields of a document, ``None`` if it is plain text."""
    if not isinstance(document.content, str):
        return document.content
    if not document.content.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(document.content)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def pick(
    document: SecretDocument, ref: SecretRef, selector: str | None, *, multiline: bool
) -> Secret:
    """Return one value of ``document``: the field, the JSON pointer, or the whole text.

    Args:
        document: what the backend read.
        ref: the reference, for messages.
        selector: a literal top-level field, or an RFC 6901 pointer if it starts with ``/``.
        multiline: whether line breaks may be part of the value (a PEM, a JSON key).

    Raises:
        SecretNotFound: no such field; the message lists the names of the fields there are.
        BackendMisconfigured: the value is not a text that can be used.
    """
    place = str(SecretRef(ref.backend, ref.path, ref.options, selector))
    if selector is None:
        if not isinstance(document.content, str):
            raise BackendMisconfigured(
                "field-not-named",
                f"{place}: the secret has several fields ({_names(document.content)})",
                "add #FIELD to the reference",
            )
        return Secret(_text(document.content, place, multiline=multiline))
    fields = fields_of(document)
    if fields is None:
        raise SecretNotFound(
            "field-not-found",
            f"{place}: the secret is plain text, it has no fields",
            "drop #FIELD, or store a JSON object",
        )
    return Secret(_text(_walk(fields, selector, place), place, multiline=multiline))


def found_at(document: Mapping[str, Any], pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) leads to, ``None`` if there is nothing."""
    try:
        return _follow(document, pointer)
    except _Astray:
        return None


class _Astray(LookupError):
    """A selector leads to nothing; ``last`` is what it came to."""

    def __init__(self, last: Any) -> None:
        super().__init__()
        self.last = last


def _walk(fields: Mapping[str, Any], selector: str, place: str) -> Any:
    try:
        return _follow(fields, selector)
    except _Astray as astray:
        has = f" (it has {_names(astray.last)})" if isinstance(astray.last, Mapping) else ""
        raise SecretNotFound(
            "field-not-found",
            f"{place}: there is no such field{has}",
            "name one of the fields that are there",
        ) from None


def _follow(fields: Mapping[str, Any], selector: str) -> Any:
    current: Any = fields
    for token in _tokens(selector):
        if isinstance(current, Mapping) and token in current:
            current = current[token]
        elif (
            isinstance(current, list)
            and re.fullmatch(r"0|[1-9]\d{0,8}", token, re.ASCII)
            and int(token) < len(current)
        ):
            current = current[int(token)]
        else:
            raise _Astray(current)
    return current


def _tokens(selector: str) -> Iterator[str]:
    if not selector.startswith("/"):
        yield selector
        return
    for token in selector[1:].split("/"):
        yield token.replace("~1", "/").replace("~0", "~")


def _names(fields: Mapping[str, Any]) -> str:
    names = sorted(str(name) for name in fields)
    # A name that does not look like one may be a secret in the wrong place.
    shown = [n if re.fullmatch(r"[\w.@-]{1,40}", n, re.ASCII) else "…" for n in names[:8]]
    return ", ".join(shown + (["…"] if len(names) > 8 else [])) or "none"


def _text(value: Any, place: str, *, multiline: bool) -> str:
    text, problem = _as_text(value, multiline=multiline)
    if problem is not None:
        raise BackendMisconfigured("value-not-usable", f"{place}: {problem}", "mend the secret")
    return text


def _as_text(value: Any, *, multiline: bool) -> tuple[str, str | None]:
    if isinstance(value, str):
        return value, _problem_of(value, multiline=multiline)
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < LARGEST_EXACT_INTEGER:
            return str(value), None
        return "", "a number this large loses digits; store it as a text"
    kind = _KINDS.get(type(value), "an object or a list")
    return "", f"the value is {kind}, a text is needed"


_KINDS = {bool: "true or false", type(None): "null", float: "a fraction"}


def _problem_of(text: str, *, multiline: bool) -> str | None:
    if not text:
        return "the value is empty"
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_VALUE:
        return f"the value is larger than {LARGEST_VALUE // 1024} KiB"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "the value is not UTF-8 text"
    if not multiline and CONTROL_CHARACTER.search(text):
        where = (
            "ends with a line break" if text.endswith(("\n", "\r")) else "has a control character"
        )
        return f"the value {where}"
    return None
