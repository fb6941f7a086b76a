"""The bytes of a dockercfg: rendered from logins, or merged into what is there."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from backends.base import Secret
from generator.addresses import AddressProblem, canonical_address
from generator.errors import OutputError

OutputFormat = Literal["docker", "legacy"]


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a secret for one server address."""

    server_address: str
    username: str = field(repr=False)
    secret: Secret = field(repr=False)


def render(logins: Sequence[Login], output_format: OutputFormat) -> bytes:
    """Return the dockercfg: ``{"auths": …}``, or for ``legacy`` the flat map with ``email``.

    Raises:
        OutputError: if a login could not be read back by a client, or two claim one address.
    """
    auths = _auths(logins, output_format)
    return _encode(auths if output_format == "legacy" else {"auths": auths})


def merge_into(existing: bytes, logins: Sequence[Login], output_format: OutputFormat) -> bytes:
    """Return ``existing`` with our logins in it; what we do not know stays as it is.

    Other keys that clients reduce to one of our hosts go, and so do our hosts in ``credHelpers``,
    for both would hide or shadow what we write.

    Raises:
        OutputError: if the file is not one that can be merged into.
    """
    if not existing.strip():
        return render(logins, output_format)
    document = _parse(existing)
    if output_format == "legacy":
        if "auths" in document:
            raise _refused("it has the docker format, legacy is asked for")
        return _encode(_merged(document, logins, output_format))
    if "credsStore" in document:
        raise _refused("its credsStore would hide what is written")
    if document and "auths" not in document and _looks_legacy(document):
        raise _refused("it has the legacy format, docker is asked for")
    document["auths"] = _merged(_object(document, "auths"), logins, output_format)
    helpers = _object(document, "credHelpers")
    if helpers:
        ours = {_reduced(login.server_address) for login in logins}
        kept = {host: name for host, name in helpers.items() if _reduced(host) not in ours}
        document["credHelpers"] = kept
        if not kept:
            del document["credHelpers"]
    return _encode(document)


def _auths(logins: Sequence[Login], output_format: OutputFormat) -> dict[str, dict[str, str]]:
    auths: dict[str, dict[str, str]] = {}
    for login in sorted(logins, key=lambda login: login.server_address):
        if login.server_address in auths:
            raise OutputError(
                "server-address-twice",
                f"two entries give a login for {login.server_address}",
                "keep one of them; one key can hold one login",
            )
        auths[login.server_address] = {"auth": _auth(login)}
        if output_format == "legacy":
            auths[login.server_address]["email"] = ""
    return auths


def _auth(login: Login) -> str:
    """Encode a login as the docker CLI does, and check that it comes back unchanged."""
    password = login.secret.reveal()
    auth = base64.b64encode(f"{login.username}:{password}".encode()).decode()
    username, colon, decoded = base64.b64decode(auth).decode().partition(":")
    # The docker CLI cuts at the first colon, wants a user name, and trims NULs off the password.
    if (
        not username
        or not colon
        or not decoded
        or (username, decoded.rstrip("\0")) != (login.username, password)
    ):
        raise OutputError(
            "login-not-representable",
            f"no client would read the login for {login.server_address} back",
            "the user name must be there and hold no ':', the password must be there",
        )
    return auth


def _merged(
    existing: Mapping[str, Any], logins: Sequence[Login], output_format: OutputFormat
) -> dict[str, Any]:
    ours = _auths(logins, output_format)
    hosts = {_reduced(address) for address in ours}
    kept = {key: v for key, v in existing.items() if key in ours or _reduced(key) not in hosts}
    return kept | ours


def _reduced(key: str) -> str:
    """Return what a key means to a client: its host, for most ignore scheme and path."""
    bare = key.partition("://")[2] or key
    try:
        return canonical_address(bare.partition("/")[0])
    except AddressProblem:
        return key


def _parse(existing: bytes) -> dict[str, Any]:
    try:
        document = json.loads(existing)
    except (ValueError, RecursionError):
        raise _refused("it is not JSON") from None
    if not isinstance(document, dict):
        raise _refused("it is not a JSON object")
    return document


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused(f"its {key} is not an object")
    return value


def _looks_legacy(document: Mapping[str, Any]) -> bool:
    return all(isinstance(value, dict) and "auth" in value for value in document.values())


def _refused(why: str) -> OutputError:
    return OutputError(
        "merge-refused",
        f"the existing file can not be merged into: {why}",
        "mend or remove it, or write to another path without --merge",
    )


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent="\t", ensure_ascii=False).encode() + b"\n"
