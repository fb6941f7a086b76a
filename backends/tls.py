"""The TLS trust of the whole process: one context for every client."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from backends.errors import BackendMisconfigured
from backends.inputs import InputRecorder


class TlsTrust:
    """Makes TLS client contexts and keeps them: parsing a CA bundle costs 20 ms each time.

    Certificates and host names are always verified, also behind a proxy.
    """

    def __init__(self, environment: Mapping[str, str], inputs: InputRecorder) -> None:
        self._environment = environment
        self._inputs = inputs
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    def context(self, ca_file: str | None = None) -> ssl.SSLContext:
        """Return the context that trusts ``ca_file``, else ``SSL_CERT_FILE``, else the system.

        Raises:
            BackendMisconfigured: if the file holds no certificates.
        """
        self._inputs.variable("SSL_CERT_FILE")
        bundle = ca_file or self._environment.get("SSL_CERT_FILE") or None
        if bundle not in self._contexts:
            self._contexts[bundle] = self._make(bundle)
        return self._contexts[bundle]

    def _make(self, bundle: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if bundle is None:
            _load_system_roots(context)
            return context
        self._inputs.file(Path(bundle))
        try:
            context.load_verify_locations(cafile=bundle)
        except (OSError, ssl.SSLError):
            raise BackendMisconfigured(
                "ca-file-unusable",
                f"CA file {bundle} is missing or holds no PEM certificates",
                "name a PEM file of CA certificates",
            ) from None
        return context


def _load_system_roots(context: ssl.SSLContext) -> None:
    # A folder of hashed certificates is read on demand: 0.3 ms instead of 20.
    folder = ssl.get_default_verify_paths().capath
    if folder and next(Path(folder).glob("*.0"), None):
        context.load_verify_locations(capath=folder)
    else:
        context.load_default_certs()
