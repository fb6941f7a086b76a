"""The TLS trust of the whole process: one context for every client."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.errors import BackendMisconfigured
from backends.inputs import InputRecorder


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How one server is trusted, and how we show who we are.

    ``ca_file`` and ``ca_path`` (a folder of hashed certificates) replace the usual roots;
    ``certificate`` and ``key`` are PEM files of a client certificate. ``skip_verify`` trusts
    anybody, and is only ever set where a user asked for it by name.
    """

    ca_file: str | None = None
    ca_path: str | None = None
    certificate: str | None = None
    key: str | None = None
    skip_verify: bool = False

    @property
    def usual(self) -> bool:
        """Whether the context that everybody shares will do."""
        return self == TlsOptions(ca_file=self.ca_file)


class TlsTrust:
    """Makes TLS client contexts and keeps them: parsing a CA bundle costs 20 ms each time.

    Certificates and host names are verified, also behind a proxy.
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

    def context_for(self, options: TlsOptions) -> ssl.SSLContext:
        """Return a context for ``options``; one of its own if they ask for more than a CA file.

        Raises:
            BackendMisconfigured: if a file that they name can not be used.
        """
        if options.usual:
            return self.context(options.ca_file)
        context = self._make(options.ca_file or self._environment.get("SSL_CERT_FILE") or None)
        if options.ca_path:
            self._inputs.file(Path(options.ca_path))
            context.load_verify_locations(capath=options.ca_path)
        if options.certificate:
            self._show(context, options.certificate, options.key)
        if options.skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _show(self, context: ssl.SSLContext, certificate: str, key: str | None) -> None:
        for path in filter(None, (certificate, key)):
            self._inputs.file(Path(path))
        try:
            # an empty password: OpenSSL would ask for one on the terminal otherwise
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ssl.SSLError):
            raise BackendMisconfigured(
                "client-certificate-unusable",
                f"client certificate {certificate} and its key can not be used",
                "name PEM files that belong together, the key without a passphrase",
            ) from None

    def _make(self, bundle: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if bundle is None:
            # looked at by OpenSSL; which roots the system has decides over no token
            self._inputs.variable("SSL_CERT_DIR")
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
