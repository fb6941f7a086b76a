"""What an entry of an Alibaba Cloud registry may say, and what contradicts itself in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from backends.options import Duration, EndpointUrl
from generator.model import Problem, RegistryEntry
from generator.registries.base import ProviderOptions
from generator.registries.signing.keys import KeyForm

KEYS = KeyForm(
    "alibaba",
    ("access_key_id", "ALIBABA_CLOUD_ACCESS_KEY_ID", "access_key"),
    ("access_key_secret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret_key"),
    ("security_token", "ALIBABA_CLOUD_SECURITY_TOKEN", "sts_token"),
)
HOUR_S = 3600
_REGION = r"(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)"
_PERSONAL = re.compile(
    rf"registry(?:-intl)?(?:-vpc|-internal)?\.{_REGION}\.aliyuncs\.com", re.ASCII
)
_ENTERPRISE = re.compile(
    rf"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-registry(?:-vpc)?\.{_REGION}\.cr\.aliyuncs\.com", re.ASCII
)


@dataclass(frozen=True, slots=True)
class AlibabaHost:
    """What a registry's host says."""

    region: str
    enterprise: bool


class AlibabaOptions(ProviderOptions):
    """Options of ``provider: alibaba``."""

    instance_id: Annotated[str, Field(pattern=r"^cri-[a-z0-9]+$")] | None = None
    """Of an Enterprise Edition instance, as ``cri-…``."""
    expires_in: Annotated[Duration, Field(ge=HOUR_S, le=24 * HOUR_S)] | None = None
    """How long its token is to live: whole hours, 1h to 24h; an hour if nothing is said."""
    endpoint: EndpointUrl | None = None
    """The URL of the API, if it is not the public one of the registry's region."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


def entry_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with host, instance, life and key."""
    return [*_server_problems(entry), *_expiry_problems(entry), *KEYS.problems(entry)]


def parse_host(host: str) -> AlibabaHost | None:
    """Return what a registry's host says, ``None`` if it is none of Alibaba Cloud's."""
    for pattern in (_ENTERPRISE, _PERSONAL):
        if match := pattern.fullmatch(host):
            return AlibabaHost(match["region"], pattern is _ENTERPRISE)
    return None


def _server_problems(entry: RegistryEntry) -> list[Problem]:
    if entry.server is None:
        hint = "write server: NAME-registry.REGION.cr.aliyuncs.com"
        return [Problem(("server",), "no server is named", hint)]
    host = parse_host(entry.server)
    if host is None:
        hint = (
            "write NAME-registry.REGION.cr.aliyuncs.com (Enterprise) or "
            "registry.REGION.aliyuncs.com (Personal); a domain of your own goes under aliases"
        )
        return [Problem(("server",), "not a host of Alibaba Cloud's registries", hint)]
    named = entry.options.instance_id is not None
    if host.enterprise and not named:
        hint = "write instance_id: cri-… as the console shows it"
        return [Problem(("instance_id",), "no instance is named", hint)]
    if named and not host.enterprise:
        hint = "drop it, or name the instance's own host"
        return [Problem(("instance_id",), "the host is one of Personal Edition", hint)]
    return []


def _expiry_problems(entry: RegistryEntry) -> list[Problem]:
    options: AlibabaOptions = entry.options
    if options.expires_in is None:
        return []
    path = ("expires_in",)
    if options.instance_id is None:
        return [Problem(path, "means nothing without instance_id", "drop it")]
    if options.expires_in % HOUR_S:
        return [Problem(path, "these are no whole hours", "write 1h to 24h")]
    return []
