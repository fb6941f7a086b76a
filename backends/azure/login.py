"""Who asks Entra ID for a token, and how that is proved: the nouns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from backends.base import Secret

Method = Literal["client_secret", "certificate", "federated", "managed_identity"]
PROOFS: Mapping[Method, str] = {
    "client_secret": "client_secret",
    "certificate": "certificate",
    "federated": "federated_token",
}
"""The credential field that proves each method; a managed identity needs none."""

TENANT = r"[0-9A-Za-z][0-9A-Za-z-]*(\.[0-9A-Za-z-]+)*"
CLIENT = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to ask, as far as an entry says it.

    ``token_audience`` is of the job's own token, for ``federated``; without it, a CI is asked for
    one for the ``default_audience`` of the cloud.
    """

    default_audience: str
    method: Method | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None
    token_audience: str | None = None
    send_certificate_chain: bool = False


@dataclass(frozen=True, slots=True)
class SecretLogin:
    """A service principal with a client secret."""

    tenant_id: str
    client_id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class AssertionLogin:
    """A service principal with a signed statement, made for the URL that it is sent to."""

    tenant_id: str
    client_id: str
    assertion: Callable[[str], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityLogin:
    """The machine's managed identity, or one of several that are assigned to it.

    ``in_app`` is where the service is named by variables. Where it is not, and nobody ``asked``
    for it by name, it may well not be there.
    """

    client_id: str | None
    object_id: str | None
    resource_id: str | None
    in_app: bool
    asked: bool


Login = SecretLogin | AssertionLogin | IdentityLogin
