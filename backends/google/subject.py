"""Whom an ``external_account`` document stands for, which is not in the document itself.

It only says where to look: in a file, in AWS's credential chain, at a service of the machine
(Google Cloud documentation, AIP-4117). Jobs that share one such document may be anybody each.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from backends.base import IdentityPart, RunContext, Secret, SecretRef
from backends.errors import BackendMisconfigured
from backends.google.key import parse_key
from backends.host import host_identity
from backends.jwt_identity import identity_of_token

LARGEST_TOKEN = 64 * 1024
_LARGEST_KEY = 64 * 1024


def subject_identity(
    key: Secret | None, trusted: Sequence[str], context: RunContext
) -> Sequence[IdentityPart]:
    """Return what tells apart those whom one credential document may stand for; offline.

    Args:
        key: the document; ``None`` if only its secret store knows it: then all files that it may
            name count.
        trusted: URLs and files that the entry allows by name.
        context: the run's.

    Raises:
        BackendError: a file that is allowed can not be read.
    """
    files = [one for one in trusted if "://" not in one]
    if key is None:
        return [part for path in files for part in _in_file(path, {}, context)]
    try:
        document = parse_key(key)
    except BackendMisconfigured:
        return []  # who fetches with it says what is wrong
    if document["type"] != "external_account":
        return []
    source = document["credential_source"]
    path = source.get("file")
    if path is not None:
        return _in_file(path, source, context) if path in files else []
    if str(source.get("environment_id", "")).startswith("aws"):
        return [(f"aws.{name}", value) for name, value in context.aws.identity()]
    return host_identity(context.inputs, "google-credential-source")


def document_here(ref: SecretRef, context: RunContext) -> Secret | None:
    """Return the whole text of a variable or file, ``None`` for what only a store knows.

    Raises:
        BackendError: the file can not be read.
    """
    if ref.selector is not None:
        return None
    if ref.backend == "env":
        return Secret(context.variable(ref.path) or "")
    if ref.backend == "file":
        content = context.read_file(ref.path, limit=_LARGEST_KEY)
        return Secret(content.decode("utf-8", "replace"))
    return None


def _in_file(path: str, source: Mapping[str, Any], context: RunContext) -> list[IdentityPart]:
    text = context.read_file(path, limit=LARGEST_TOKEN).decode("utf-8", "replace").strip()
    kind = source.get("format")
    field = kind.get("subject_token_field_name") if isinstance(kind, dict) else None
    if isinstance(field, str):
        # who fetches with it says what is wrong
        with suppress(ValueError, LookupError, TypeError, RecursionError):
            text = str(json.loads(text)[field])
    return [(f"source.{name}", value) for name, value in identity_of_token(Secret(text))]
