"""All the clouds at once, each under its vendor's own host names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts import (
    alibaba,
    chainguard,
    cloudsmith,
    digitalocean,
    dockerhub,
    github,
    huawei,
    ibm,
    jfrog,
    job_tokens,
    oauth2,
    oracle,
    quay,
    tencent,
    yandex,
)
from tests.parts.azure import Azure, azure
from tests.parts.ecr import EcrStandIn
from tests.parts.google import Google, google
from tests.parts.internet import Internet, internet
from tests.parts.service import Asked, Service, Told, service


@dataclass(frozen=True, slots=True)
class Vendor:
    """Whose hosts (globs of names) a service answers for, and how."""

    hosts: tuple[str, ...]
    answer: Callable[[Service, Asked], Told]


VENDORS: Mapping[str, Vendor] = {
    "alibaba": Vendor(alibaba.HOSTS, alibaba.container_registry),
    "chainguard": Vendor(chainguard.HOSTS, chainguard.sts),
    "ci": Vendor(job_tokens.HOSTS, job_tokens.ci),
    "cloudsmith": Vendor(cloudsmith.HOSTS, cloudsmith.cloudsmith),
    "digitalocean": Vendor(digitalocean.HOSTS, digitalocean.digitalocean),
    "dockerhub": Vendor(dockerhub.HOSTS, dockerhub.identity),
    "github": Vendor(github.HOSTS, github.github),
    "huawei": Vendor(huawei.HOSTS, huawei.swr),
    "ibm": Vendor(ibm.HOSTS, ibm.iam),
    "jfrog": Vendor(jfrog.HOSTS, jfrog.jfrog),
    "oauth2": Vendor(oauth2.HOSTS, oauth2.issuer),
    "oracle": Vendor(oracle.HOSTS, oracle.registry),
    "quay": Vendor(quay.HOSTS, quay.quay),
    "tencent": Vendor(tencent.HOSTS, tencent.tcr),
    "yandex": Vendor(yandex.HOSTS, yandex.iam),
}


@dataclass(frozen=True, slots=True)
class World:
    """Everybody who is asked; a client that goes through ``net`` finds them.

    ``services`` are those of `VENDORS`, by its names.
    """

    net: Internet
    ecr: EcrStandIn
    google: Google
    azure: Azure
    services: Mapping[str, Service]

    def slow_down(self, seconds: float) -> None:
        """Let every answer take that long."""
        self.ecr.delay_s = self.google.delay_s = self.azure.delay_s = seconds
        for each in self.services.values():
            each.delay_s = seconds

    @property
    def requests(self) -> int:
        """How many requests all of them got."""
        clouds = sum(self.ecr.calls.values()) + len(self.google.paths) + len(self.azure.paths)
        return clouds + sum(len(each.asked) for each in self.services.values())


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Run them; the CA that they are trusted by lies in ``folder``."""
    with ExitStack() as stack:
        ecr = stack.enter_context(EcrStandIn())
        cloud = stack.enter_context(google())
        microsoft = stack.enter_context(azure(folder))
        services = {
            name: stack.enter_context(service(vendor.answer)) for name, vendor in VENDORS.items()
        }
        hosts = {
            "api.ecr.*.amazonaws.com": ecr.url,
            "api.ecr-public.us-east-1.amazonaws.com": ecr.url,
            "sts.*.amazonaws.com": ecr.url,
            "*.googleapis.com": cloud.url,
            "login.microsoftonline.com": microsoft.plain_url,
            "*.azurecr.io": microsoft.plain_url,
        }
        for name, vendor in VENDORS.items():
            hosts |= dict.fromkeys(vendor.hosts, services[name].url)
        net = stack.enter_context(internet(folder, hosts))
        yield World(net, ecr, cloud, microsoft, services)
