"""A proxy that looks into TLS, as companies have them: one that is trusted, one that is not."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.parts.aws_json import StandIn, running_stand_in


@dataclass(frozen=True, slots=True)
class Proxy:
    """``environment`` sends clients through it and lets them trust ``ca_file``."""

    server: StandIn
    ca_file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"HTTPS_PROXY": self.server.url, "SSL_CERT_FILE": str(self.ca_file)}


@contextmanager
def running_proxy(folder: Path, *, trusted: bool) -> Iterator[Proxy]:
    """Run a proxy whose leaves are signed by the CA in ``ca_file``, or by another one."""
    known = trustme.CA()
    signer = known if trusted else trustme.CA()
    ca_file = folder / "ca.pem"
    known.cert_pem.write_to_path(ca_file)
    contexts: dict[str, ssl.SSLContext] = {}

    def leaf(host: str) -> ssl.SSLContext:
        if host not in contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            signer.issue_cert(host).configure_cert(context)
            contexts[host] = context
        return contexts[host]

    with running_stand_in(leaf=leaf) as server:
        yield Proxy(server, ca_file)
