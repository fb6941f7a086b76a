"""Parsing secret references: ``NAME:PATH[?option=value&…][#FIELD or #/json/pointer]``.

The text is split at the first ``#``, then at the first ``?``; each part is percent-decoded once
(``+`` is a plus). Everything else in a name is literal. A reference has no authority part, so it
can not say where a login token is sent.
"""

import re
from collections.abc import Collection
from difflib import get_close_matches
from urllib.parse import unquote_to_bytes

from backends.base import SecretRef
from backends.document import CONTROL_CHARACTER

_ECS_ARN = re.compile(r"arn:aws[\w-]*:secretsmanager:[^:]*:[^:]*:secret:", re.ASCII)
_SSM_ARN = re.compile(r"arn:aws[\w-]*:ssm:[^:]*:[^:]*:parameter/", re.ASCII)


class ReferenceProblem(ValueError):
    """The text is not a reference; the message never echoes it, for it may be the secret."""


def parse_reference(text: str, names: Collection[str]) -> SecretRef:
    """Parse ``text`` into a reference to one of the backends ``names``; pure.

    Options and path are checked by the backend type itself (`BackendFactory.check`).

    Raises:
        ReferenceProblem: with what to write instead.
    """
    if text.startswith("arn:"):
        return _from_arn(text)
    name, colon, rest = text.removeprefix("ref+").partition(":")
    if not colon or name not in names:
        raise ReferenceProblem(_not_a_reference(name if colon else "", names))
    if name == "aws-sm" and _ECS_ARN.match(rest) and "#" not in rest and "?" not in rest:
        return _from_arn(rest)
    rest, hash_sign, selector = rest.partition("#")
    path, question_mark, query = rest.partition("?")
    if path.startswith("//"):
        path = _without_slashes(name, path)
    if hash_sign and not selector:
        raise ReferenceProblem(
            f"{name}: '#' must be followed by a field or a /json/pointer; "
            "drop it to bind the whole document"
        )
    if not path:
        raise ReferenceProblem(f"nothing stands after '{name}:'")
    return SecretRef(
        name,
        _decode(path, f"{name} path"),
        _options(name, query) if question_mark else (),
        _decode(selector, f"{name} field") if hash_sign else None,
    )


def _not_a_reference(name: str, names: Collection[str]) -> str:
    expected = ", ".join(f"{known}:" for known in names)
    message = (
        f"not a secret reference (expected {expected}); "
        "a literal secret can not be written here, put it into a variable: env:NAME"
    )
    close = get_close_matches(name.lower(), names, 1)
    return f"{message}; did you mean '{close[0]}:'?" if close else message


def _without_slashes(name: str, path: str) -> str:
    if name == "file" and not path.startswith("///"):
        raise ReferenceProblem(
            "file: 'file://x/y' has a host part; "
            "write file:x/y (relative) or file:///x/y (absolute)"
        )
    return path[2:]


def _options(name: str, query: str) -> tuple[tuple[str, str], ...]:
    options: dict[str, str] = {}
    for pair in query.split("&"):
        raw_key, _, raw_value = pair.partition("=")
        key = _decode(raw_key, f"{name} option")
        if not re.fullmatch(r"[a-z][\w.]{0,40}", key, re.ASCII):
            raise ReferenceProblem(
                f"{name}: an option has no name; a '?' inside a path is written %3F"
            )
        if not raw_value:
            raise ReferenceProblem(f"{name}: option '{key}' needs a value")
        if key in options:
            raise ReferenceProblem(f"{name}: option '{key}' is given twice")
        options[key] = _decode(raw_value, f"{name} option '{key}'")
    return tuple(sorted(options.items()))


def unknown_options(ref: SecretRef, allowed: Collection[str]) -> list[str]:
    """Return a problem for each option of ``ref`` that is not among ``allowed``."""
    expected = f"allowed: {', '.join(sorted(allowed))}" if allowed else "it takes none"
    problems = []
    for name, _ in ref.options:
        if name not in allowed:
            close = get_close_matches(name, allowed, 1)
            meant = f", did you mean '{close[0]}'?" if close else ""
            problems.append(f"{ref.backend}: unknown option '{name}' ({expected}){meant}")
    return problems


def _decode(text: str, what: str) -> str:
    if "#" in text:
        raise ReferenceProblem(f"{what}: a second '#'; inside a name write %23")
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ReferenceProblem(f"{what}: '%' must be written %25 (only %XX escapes are allowed)")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeError:
        raise ReferenceProblem(f"{what}: the %XX escapes are not UTF-8") from None
    if CONTROL_CHARACTER.search(decoded):
        raise ReferenceProblem(f"{what}: control characters are not allowed")
    return decoded


def _from_arn(text: str) -> SecretRef:
    """Parse a pasted ARN; Secrets Manager's may carry ECS's ``:json-key:stage:version-id``."""
    if _SSM_ARN.match(text):
        arn, _, selector = text.partition("#")
        return SecretRef("aws-ssm", _decode(arn, "arn"), (), _decode(selector, "field") or None)
    if not _ECS_ARN.match(text):
        raise ReferenceProblem(
            "arn: only Secrets Manager secrets and Parameter Store parameters are understood"
        )
    arn, _, selector = text.partition("#")
    parts = arn.split(":")
    if len(parts) not in (7, 10) or (selector and len(parts) == 10):
        raise ReferenceProblem(
            "arn: the ECS form adds exactly ':json-key:version-stage:version-id'; "
            "keep the trailing colons"
        )
    key, stage, version_id = [*parts[7:], "", "", ""][:3]
    options = [(n, v) for n, v in (("stage", stage), ("version_id", version_id)) if v]
    field = _decode(key or selector, "field")
    return SecretRef("aws-sm", _decode(":".join(parts[:7]), "arn"), tuple(options), field or None)
