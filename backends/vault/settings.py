"""The settings that count: the config's, else ``BAO_*``, else ``VAULT_*``; blank is unset.

hvac reads a few of these variables by itself, some only when it is imported; nothing is left to it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from backends.base import RunContext
from backends.durations import parse_duration
from backends.errors import BackendMisconfigured
from backends.http_model import HttpOptions
from backends.tls import TlsOptions
from backends.vault.address import problem_of_address, split_address
from backends.vault.options import Method, VaultAuth, VaultOptions

DEFAULT_ADDRESS = "https://127.0.0.1:8200"
DEFAULT_TIMEOUT_S = 10.0
PARALLEL_READS = 8
_DEFAULT_MOUNTS: dict[Method, str] = {
    "approle": "approle",
    "jwt": "jwt",
    "kubernetes": "kubernetes",
    "userpass": "userpass",
    "cert": "cert",
    "aws": "aws",
}


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """One server and how to log in; ``address`` has neither path nor user name."""

    address: str
    namespace: str | None
    auth: VaultAuth
    http: HttpOptions

    @property
    def auth_mount(self) -> str:
        """Where the login method is mounted."""
        return (self.auth.mount or _DEFAULT_MOUNTS.get(self.auth.method, "")).strip("/")

    @property
    def place(self) -> str:
        """The server, for messages."""
        return f"Vault at {self.http.unix_socket or urlsplit(self.address).netloc}"


def effective_settings(options: VaultOptions, context: RunContext) -> VaultSettings:
    """Return what counts for this run.

    Raises:
        BackendMisconfigured: if an address or a variable has a form that can not be used.
    """
    context.inputs.prefix("BAO_")
    context.inputs.prefix("VAULT_")
    auth = options.auth or VaultAuth()
    agent = variable(context, "AGENT_ADDR") if auth.method == "agent" else None
    address, socket = _address(
        options.address or agent or variable(context, "ADDR") or DEFAULT_ADDRESS
    )
    tls = TlsOptions(
        ca_file=_path(context, options.ca_file or variable(context, "CACERT")),
        ca_path=_path(context, options.ca_path or variable(context, "CAPATH")),
        certificate=_path(context, options.client_certificate or variable(context, "CLIENT_CERT")),
        key=_path(context, options.client_key or variable(context, "CLIENT_KEY")),
        skip_verify=options.skip_verify
        if options.skip_verify is not None
        else (variable(context, "SKIP_VERIFY") or "").lower() in ("1", "t", "true"),
    )
    http = HttpOptions(
        tls=tls,
        total_s=options.timeout or _timeout(context) or DEFAULT_TIMEOUT_S,
        unix_socket=socket,
        proxy=options.proxy or variable(context, "PROXY_ADDR"),
        allow_http=options.allow_http,
        connections=PARALLEL_READS,
    )
    namespace = options.namespace or variable(context, "NAMESPACE")
    return VaultSettings(address, namespace.strip("/") if namespace else None, auth, http)


def variable(context: RunContext, name: str) -> str | None:
    """Return ``BAO_name``, else ``VAULT_name``; blank counts as unset."""
    return context.setting(f"BAO_{name}") or context.setting(f"VAULT_{name}")


def _address(text: str) -> tuple[str, str | None]:
    if problem := problem_of_address(text):
        raise BackendMisconfigured(
            "vault-address-unusable",
            f"the address of Vault in VAULT_ADDR (or BAO_ADDR): {problem}",
            "write https://HOST:PORT, or unix:///PATH",
        )
    return split_address(text)


def _path(context: RunContext, path: str | None) -> str | None:
    return str(context.resolve_path(path)) if path else None


def _timeout(context: RunContext) -> float | None:
    text = variable(context, "CLIENT_TIMEOUT")
    if text is None:
        return None
    try:
        # Vault's own tools take bare seconds here
        return float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text)
    except ValueError:
        raise BackendMisconfigured(
            "vault-timeout-unusable",
            "VAULT_CLIENT_TIMEOUT is not a duration",
            "write seconds, or 30s",
        ) from None
