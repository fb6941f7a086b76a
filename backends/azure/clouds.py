"""Microsoft's clouds: who gives tokens there, and for which resources.

Authorities are those of azure-identity's ``AzureAuthorityHosts`` and their documented aliases
(Microsoft identity platform documentation, "National clouds").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from backends.base import RunContext
from backends.errors import BackendMisconfigured


@dataclass(frozen=True, slots=True)
class Cloud:
    """One of them.

    ``manager`` is Azure Resource Manager's audience, ``federation`` that of tokens of other
    issuers ("Important considerations and restrictions for federated identity credentials").
    """

    authority: str
    manager: str
    federation: str = "api://AzureADTokenExchange"


_PUBLIC = Cloud("https://login.microsoftonline.com", "https://management.azure.com/.default")
_BY_TOP_DOMAIN = {
    "cn": Cloud(
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "api://AzureADTokenExchangeChina",
    ),
    "us": Cloud(
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net/.default",
        "api://AzureADTokenExchangeUSGov",
    ),
    "de": Cloud(
        "https://login.microsoftonline.de", "https://management.microsoftazure.de/.default"
    ),
}
_AUTHORITIES = frozenset(
    {
        "login.chinacloudapi.cn",
        "login.microsoft.com",
        "login.microsoftonline.com",
        "login.microsoftonline.de",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.windows.net",
        "sts.windows.net",
    }
)


def cloud_of(host: str) -> Cloud:
    """Return the cloud that a registry is in, told by its host's top domain."""
    return _BY_TOP_DOMAIN.get(host.rpartition(".")[2], _PUBLIC)


def problem_of_authority(authority: str, trusted: Sequence[str]) -> str | None:
    """Return why no secret may be sent to an authority that a config names."""
    parts = urlsplit(authority)
    if parts.scheme != "https":
        return "not an https:// URL"
    if parts.path.strip("/") or parts.query:
        return "more than a host: the tenant is tenant_id"
    if parts.netloc.lower() in _AUTHORITIES or _origin(authority) in map(_origin, trusted):
        return None
    return "not a host of Microsoft's that gives tokens"


def authority_for(named: str | None, host: str, context: RunContext) -> str:
    """Return who is asked for a token: the entry's own, the environment's, the cloud's.

    ``AZURE_AUTHORITY_HOST`` may be a bare host. It is taken at its word: whoever sets the
    environment has the secrets as well.

    Raises:
        BackendMisconfigured: if the environment's one is no https address.
    """
    if named is not None:
        return named.rstrip("/")
    from_environment = context.setting("AZURE_AUTHORITY_HOST")
    if from_environment is None:
        return cloud_of(host).authority
    url = from_environment if "://" in from_environment else f"https://{from_environment}"
    if not url.startswith("https://") or not urlsplit(url).hostname:
        raise BackendMisconfigured(
            "azure-authority-unusable",
            "AZURE_AUTHORITY_HOST is not an https:// address",
            "set it as https://login.microsoftonline.com, or unset it",
        )
    return url.rstrip("/ ")


def foreign_authority(authority: str) -> str | None:
    """Return an authority that is not Microsoft's own, to be shown."""
    return None if urlsplit(authority).netloc.lower() in _AUTHORITIES else authority


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
