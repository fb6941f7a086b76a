"""Canonical server addresses: the one key that a registry has in a dockercfg.

Clients look a registry up by its bare host; two keys that reduce to one host make the docker CLI
pick at random, so there is exactly one form of each.
"""

import re
from ipaddress import IPv6Address

from generator.model import DOCKER_HUB

_HUB_HOSTS = {
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "hub.docker.com",
}
_LABEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?", re.ASCII)
_WHAT_TO_WRITE = "write HOST or HOST:PORT, as registry.example.com:5000"


class AddressProblem(ValueError):
    """The text is no server address; the message never echoes it."""


def canonical_address(text: str) -> str:
    """Return the key under ``auths`` that stands for a registry.

    Accepts a host with or without port, scheme and API path (``/v1``, ``/v2``); every name of
    Docker Hub, and nothing at all, is Docker Hub.

    Raises:
        AddressProblem: for anything else.
    """
    if not text.strip():
        return DOCKER_HUB
    scheme, separator, rest = text.partition("://")
    if not separator:
        rest = text
    elif scheme.lower() not in ("http", "https"):
        raise AddressProblem(f"only http:// and https:// may stand before a host; {_WHAT_TO_WRITE}")
    authority, _, path = rest.partition("/")
    if path.strip("/") not in ("", "v1", "v2"):
        raise AddressProblem(f"clients look up hosts, not paths; {_WHAT_TO_WRITE}")
    host, port = _split(authority.lower())
    if host in _HUB_HOSTS and port in ("", "443"):
        return DOCKER_HUB
    return f"{host}:{port}" if port else host


def hostname(address: str) -> str:
    """Return the host of a canonical address, without port."""
    if address == DOCKER_HUB:
        return "index.docker.io"
    return _split(address)[0]


def remark(address: str) -> str | None:
    """Return what a user should know about an address that is valid but odd."""
    if address.endswith(":443"):
        return f"{address}: images that are named without ':443' will not find it"
    return None


def _split(authority: str) -> tuple[str, str]:
    if "@" in authority:
        raise AddressProblem(f"no user name belongs into an address; {_WHAT_TO_WRITE}")
    if authority.startswith("["):
        inside, closed, port = authority[1:].partition("]")
        if not closed or (port and not port.startswith(":")):
            raise AddressProblem(
                f"an IPv6 address stands in brackets: [::1]:5000; {_WHAT_TO_WRITE}"
            )
        try:
            host = f"[{IPv6Address(inside).compressed}]"
        except ValueError:
            raise AddressProblem(f"not an IPv6 address; {_WHAT_TO_WRITE}") from None
        return host, _port(port.removeprefix(":"), given=bool(port))
    host, colon, port = authority.partition(":")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise AddressProblem(f"not a host name (wildcards match nothing); {_WHAT_TO_WRITE}")
    return host, _port(port, given=bool(colon))


def _port(text: str, *, given: bool) -> str:
    if not given:
        return ""
    if not re.fullmatch(r"[1-9]\d{0,4}", text, re.ASCII) or int(text) > 65535:
        raise AddressProblem(f"the port is not a number from 1 to 65535; {_WHAT_TO_WRITE}")
    return text
