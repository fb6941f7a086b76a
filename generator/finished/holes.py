"""Static secrets, taken out of the bytes of a dockercfg.

What was handed through is never stored. Where it is the whole of a variable or file, its place in
the document is a hole, filled in at each run; where it is anything else, there is no document.
"""

import base64
from collections.abc import Mapping, Sequence

from backends.base import RunContext, SecretRef
from backends.errors import BackendError
from backends.file import LARGEST_FILE
from generator.config.model import BackendSetup
from generator.fast.document import Document
from generator.generate import EntryResult
from generator.grant_inputs import LOCAL
from generator.grants import Granted

_AUTH = b'"auth": "'
Sources = tuple[str, str]
"""Where user and secret of a hole come from, as `generator.fast.document` writes it."""


class NoHole(Exception):
    """A static login does not come whole from variables or files; ``reason`` says whose."""

    def __init__(self, entry: str) -> None:
        self.reason = f"the login of {entry} does not come whole from variables or files"
        super().__init__(self.reason)


def put_holes(
    document: Document,
    content: bytes,
    results: Sequence[EntryResult],
    backends: Mapping[str, BackendSetup],
    context: RunContext,
) -> None:
    """Put the bytes of a dockercfg into ``document``, without the static secrets.

    Raises:
        NoHole: if one can not be left out.
    """
    static = [
        (address, result, result.outcome)
        for result in results
        if isinstance(result.outcome, Granted) and result.outcome.is_static
        for address in result.server_addresses
    ]
    # as the entries of a dockercfg are sorted
    static.sort(key=lambda one: one[0])
    rest, body = content, b""
    for _, result, granted in static:
        before, found, rest = rest.partition(_AUTH + _auth(granted) + b'"')
        if not found:
            raise NoHole(result.entry.name)
        body += before + _AUTH
        document.holes.append((len(body), *_sources(result, granted, backends, context)))
        body += b'"'
    document.body = body + rest
    for _, result, granted in static:
        if _auth(granted) in document.body:
            raise NoHole(result.entry.name)


def _auth(granted: Granted) -> bytes:
    pair = f"{granted.grant.username}:{granted.grant.secret.reveal()}"
    return base64.b64encode(pair.encode())


def _sources(
    result: EntryResult,
    granted: Granted,
    backends: Mapping[str, BackendSetup],
    context: RunContext,
) -> Sources:
    local = {}
    for ref in result.entry.credentials.references:
        kind = backends[ref.backend].type_name
        if kind not in LOCAL:
            # it may be no more than when the password ends, and is asked for in every run
            raise NoHole(result.entry.name)
        source = _local(ref, kind, context)
        if source is not None:
            local[source[1]] = source[0]
    username, secret = granted.grant.username, granted.grant.secret.reveal()
    # A user name is no secret, unless it is kept like one.
    user = local.get(username)
    if user is None and "username" not in result.entry.credentials.fields:
        user = f"={username}"
    if user is None or secret not in local:
        raise NoHole(result.entry.name)
    return user, local[secret]


def _local(ref: SecretRef, kind: str, context: RunContext) -> tuple[str, str] | None:
    """Return where the whole text of a local reference comes from, and the text."""
    if ref.selector is not None:
        return None
    if kind == "env":
        value = context.variable(ref.path)
        return None if value is None else (f"${ref.path}", value)
    try:
        content = context.read_file(ref.path, limit=LARGEST_FILE).decode("utf-8", "replace")
    except BackendError:
        return None  # it was there a moment ago
    path = context.resolve_path(ref.path)
    return f"@{path}", content.removesuffix("\n").removesuffix("\r")
