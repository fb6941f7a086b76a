"""Reading a login for one server out of a Docker config that somebody else wrote.

Forms: docker's config.json (docker/cli, cli/config/configfile/file.go), the flat map of
``.dockercfg`` before it, both as they are or in base64, as Kubernetes keeps them under ``data``
(kubernetes, pkg/credentialprovider/config.go); keys with a path are containers-auth.json(5)'s.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backends.base import Secret
from generator.addresses import AddressProblem, canonical_address
from generator.model import DOCKER_HUB

_LOGIN_FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")
_HELPER = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class NoDockercfg(ValueError):
    """The text is no Docker config; the message says why and echoes nothing of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry under one key. ``host`` is its canonical address, ``rank`` how far it is from it.

    0 is the very key that docker looks up, 1 another form of the host, 2 a path below it.
    """

    host: str
    rank: int
    entry: Any


@dataclass(frozen=True, slots=True)
class Dockercfg:
    """What a document holds: entries, and which helper keeps secrets that are not in it."""

    found: tuple[Found, ...]
    helpers: Mapping[str, str]
    store: str | None

    def closest(self, server: str) -> list[Any]:
        """Return the entries for a canonical address whose keys are the closest to it."""
        meant = [one for one in self.found if one.host == server]
        best = min((one.rank for one in meant), default=0)
        return [one.entry for one in meant if one.rank == best]

    def helper_for(self, server: str) -> str | None:
        """Return the name of the helper that has the secret for a server, if there is one."""
        return self.helpers.get(server, self.store)

    @property
    def hosts(self) -> list[str]:
        """The canonical addresses that there are entries for; whatever looks like none is not."""
        return sorted({one.host for one in self.found})


def parse_dockercfg(text: str) -> Dockercfg:
    """Return what a document holds.

    Raises:
        NoDockercfg: if it is none.
    """
    document = _parsed(_plain(text))
    helpers = document.get("credHelpers")
    store = document.get("credsStore")
    return Dockercfg(
        tuple(_found(_entries(document))),
        {
            one.host: _helper_name(one.entry)
            for one in _found(helpers if isinstance(helpers, dict) else {})
        },
        _helper_name(store) if store else None,
    )


def login_of(entry: Any) -> tuple[str, Secret]:
    """Return user name and password of an entry; empty where it holds none.

    Raises:
        NoDockercfg: if what it holds can not be read.
    """
    if not isinstance(entry, dict):
        raise NoDockercfg("it is not a mapping")
    auth = entry.get("auth")
    if not auth:
        username, password = entry.get("username") or "", entry.get("password") or ""
        if not (isinstance(username, str) and isinstance(password, str)):
            raise NoDockercfg("user name or password is not a text")
        return username, Secret(password)
    if not isinstance(auth, str):
        raise NoDockercfg("its auth is not a text")
    try:
        decoded = base64.b64decode(auth, validate=True).decode()
    except ValueError:
        raise NoDockercfg("its auth is not base64 of a text") from None
    username, colon, password = decoded.partition(":")
    if not colon:
        raise NoDockercfg("its auth holds no ':' between user name and password")
    # as the docker CLI does: old versions padded with them
    return username, Secret(password.rstrip("\0"))


def _plain(text: str) -> str:
    """Return JSON text, of base64 the text that it stands for."""
    text = text.strip().removeprefix("\ufeff")
    if text.startswith("{"):
        return text
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8-sig")
    except ValueError:
        raise NoDockercfg("it is neither JSON nor base64 of it") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NoDockercfg("it is not JSON") from None
    if not isinstance(document, dict):
        raise NoDockercfg("it is not a JSON object")
    return document


def _entries(document: Mapping[str, Any]) -> Mapping[str, Any]:
    auths = document.get("auths")
    if isinstance(auths, dict):
        return auths
    if auths is not None:
        raise NoDockercfg("its auths are not a mapping")
    flat = {key: value for key, value in document.items() if _looks_like_a_login(value)}
    if not flat and not {"credsStore", "credHelpers"} & document.keys():
        raise NoDockercfg("it has no auths, nor logins without them")
    return flat


def _looks_like_a_login(value: Any) -> bool:
    return isinstance(value, dict) and any(name in value for name in _LOGIN_FIELDS)


def _found(entries: Mapping[str, Any]) -> Iterator[Found]:
    for key, entry in entries.items():
        scheme, separator, rest = key.rpartition("://")
        host, _, path = rest.partition("/")
        try:
            address = canonical_address(f"{scheme}{separator}{host}") if host else DOCKER_HUB
        except AddressProblem:
            continue
        if key == address:
            yield Found(address, 0, entry)
        elif separator or path.strip("/") in ("", "v1", "v2"):
            yield Found(address, 1, entry)
        else:
            yield Found(address, 2, entry)


def _helper_name(value: Any) -> str:
    """Return the name of a helper for a message, if it looks like one."""
    return value if isinstance(value, str) and _HELPER.fullmatch(value) else "…"
