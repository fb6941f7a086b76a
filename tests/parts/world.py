"""All the clouds at once, each under its vendor's own host names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.azure import Azure, azure
from tests.parts.ecr import EcrStandIn
from tests.parts.google import Google, google
from tests.parts.ibm import Iam, iam
from tests.parts.internet import Internet, internet


@dataclass(frozen=True, slots=True)
class World:
    """Everybody who is asked; a client that goes through ``net`` finds them."""

    net: Internet
    ecr: EcrStandIn
    google: Google
    iam: Iam
    azure: Azure

    def slow_down(self, seconds: float) -> None:
        """Let every answer take that long."""
        self.ecr.delay_s = self.google.delay_s = self.iam.delay_s = seconds
        self.azure.delay_s = seconds

    @property
    def requests(self) -> int:
        """How many requests all of them got."""
        others = len(self.google.paths) + self.iam.calls + len(self.azure.paths)
        return sum(self.ecr.calls.values()) + others


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Run them; the CA that they are trusted by lies in ``folder``."""
    with EcrStandIn() as ecr, google() as cloud, iam() as ibm, azure(folder) as microsoft:
        hosts = {
            "api.ecr.*.amazonaws.com": ecr.url,
            "api.ecr-public.us-east-1.amazonaws.com": ecr.url,
            "sts.*.amazonaws.com": ecr.url,
            "*.googleapis.com": cloud.url,
            "iam.cloud.ibm.com": ibm.url,
            "login.microsoftonline.com": microsoft.plain_url,
            "*.azurecr.io": microsoft.plain_url,
        }
        with internet(folder, hosts) as net:
            yield World(net, ecr, cloud, ibm, microsoft)
