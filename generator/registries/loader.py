"""From the name of a registry kind to its provider, and from a host to its kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from generator.model import RegistryEntry
from generator.registries.base import TokenProvider

ENTRY_POINT_GROUP = "dockercfg_generator.registries"


@dataclass(frozen=True, slots=True)
class _Kind:
    target: str
    # Claims a host for this kind. Wide on purpose: what only looks like the vendor's host must
    # reach the provider, whose exact pattern then refuses it, and not slip through as `static`.
    hosts: str | None = None


BUILT_IN = {
    "static": _Kind("generator.registries.static.provider:StaticProvider"),
    "acr": _Kind(
        "generator.registries.acr.provider:AcrProvider", hosts=r"(^|\.)azurecr\.(io|cn|us|de)\b"
    ),
    "alibaba": _Kind(
        "generator.registries.alibaba.provider:AlibabaProvider", hosts=r"(^|\.)aliyuncs\.com\b"
    ),
    "chainguard": _Kind("generator.registries.chainguard:ChainguardProvider"),
    "cloudsmith": _Kind("generator.registries.cloudsmith:CloudsmithProvider"),
    "credential-helper": _Kind(
        "generator.registries.credential_helper.provider:CredentialHelperProvider"
    ),
    "digitalocean": _Kind(
        "generator.registries.digitalocean:DigitalOceanProvider",
        hosts=r"(^|\.)registry\.digitalocean\.com\b",
    ),
    "dockercfg": _Kind("generator.registries.dockercfg.provider:DockercfgProvider"),
    "dockerhub": _Kind("generator.registries.dockerhub:DockerHubProvider"),
    "ecr": _Kind("generator.registries.aws.ecr:EcrProvider", hosts=r"\.dkr[.-]ecr\b"),
    "ecr-public": _Kind(
        "generator.registries.aws.ecr_public:EcrPublicProvider",
        hosts=r"^(public\.ecr\.aws|ecr-public\.aws\.com)$",
    ),
    "gar": _Kind(
        "generator.registries.gar.provider:GarProvider", hosts=r"(^|\.)(gcr\.io|pkg\.dev)\b"
    ),
    "ghcr": _Kind("generator.registries.ghcr.provider:GhcrProvider"),
    "heroku": _Kind("generator.registries.heroku:HerokuProvider", hosts=r"^registry\.heroku\.com$"),
    "huawei": _Kind(
        "generator.registries.huawei.provider:HuaweiProvider", hosts=r"^swr\..*\bmyhuaweicloud\."
    ),
    "ibm": _Kind("generator.registries.ibm:IbmProvider", hosts=r"^([a-z0-9.-]+\.)?icr\.io$"),
    "jfrog": _Kind("generator.registries.jfrog.provider:JfrogProvider"),
    "oauth2": _Kind("generator.registries.oauth2.provider:OAuth2Provider"),
    "ocir": _Kind(
        "generator.registries.ocir.provider:OcirProvider",
        hosts=r"(^|\.)ocir\.(io\b|[a-z0-9-]+\.oci\.)",
    ),
    "quay": _Kind("generator.registries.quay:QuayProvider"),
    "tencent": _Kind(
        "generator.registries.tencent.provider:TencentProvider",
        hosts=r"(^|\.)tencentcloudcr\.com\b",
    ),
    "yandex": _Kind(
        "generator.registries.yandex.provider:YandexProvider", hosts=r"(^|\.)cr\.yandex\b"
    ),
}


def load_provider(kind: str) -> TokenProvider | None:
    """Return the provider of ``kind``, ``None`` if no package has one.

    Built-in kinds can not be overridden: installed packages are only asked for other names.
    """
    built_in = BUILT_IN.get(kind)
    target = built_in.target if built_in else _installed(kind)
    if target is None:
        return None
    module, _, attribute = target.partition(":")
    return cast(TokenProvider, getattr(import_module(module), attribute)())


def provider_of(entry: RegistryEntry) -> TokenProvider:
    """Return the provider of an entry whose kind is known to exist."""
    return provider_named(entry.provider)


def provider_named(kind: str) -> TokenProvider:
    """Return the provider of a kind that is known to exist."""
    provider = load_provider(kind)
    assert provider is not None, kind
    return provider


def kind_of_host(host: str) -> str:
    """Return the kind that a host belongs to by its name; ``static`` if nobody claims it."""
    for name, kind in BUILT_IN.items():
        if kind.hosts and re.search(kind.hosts, host):
            return name
    return "static"


def kind_names() -> Sequence[str]:
    """Return the names of all kinds there are, built-in and installed."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 14 ms that few runs need

    return [*BUILT_IN, *entry_points(group=ENTRY_POINT_GROUP).names]


def host_pattern(kind: str) -> str | None:
    """Return the pattern of the hosts that a kind claims, ``None`` if it claims none."""
    built_in = BUILT_IN.get(kind)
    return built_in.hosts if built_in else None


def _installed(kind: str) -> str | None:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 14 ms that few runs need

    found = entry_points(group=ENTRY_POINT_GROUP, name=kind)
    return next(iter(found)).value if found else None
