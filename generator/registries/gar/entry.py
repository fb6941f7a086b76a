"""What an entry of Google's registries may say, and what contradicts itself in it."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from backends.options import Duration, EndpointUrl
from generator.model import Problem, RegistryEntry
from generator.registries.base import ProviderOptions

_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev|docker\.[a-z0-9-]+\.rep\.pkg\.dev", re.ASCII
)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"

Account = Annotated[str, Field(pattern=r"^[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+$")]
Provider = Annotated[
    str,
    Field(
        pattern=r"^(//iam\.googleapis\.com/)?projects/\d+/locations/global/workloadIdentityPools/"
        r"[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}$"
    ),
]


class GarOptions(ProviderOptions):
    """Options of ``provider: gar``."""

    method: Literal["access_token", "json_key"] = "access_token"
    """``json_key`` writes the key itself, which never expires, as the password."""
    impersonate: Account | None = None
    """A service account to impersonate."""
    delegates: tuple[Account, ...] = ()
    """Accounts to go through on the way to it."""
    lifetime: Annotated[Duration, Field(ge=60, le=43200)] = 3600.0
    """Of an impersonated account's token; over 1h an organisation must allow it."""
    scope: str = _SCOPE
    """What the token may be used for, if it is not the whole platform."""
    workload_identity_provider: Provider | None = None
    """``projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/NAME``, which
    exchanges the CI's own OIDC token."""
    audience: str | None = None
    """Of that OIDC token; without it, the provider's default one."""
    trusted_sources: tuple[str, ...] = ()
    """URLs and files, beside Google's own services, that a credential document may name."""
    endpoint: EndpointUrl | None = None
    """The URL that answers for Google's token services."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


def entry_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with the host, and what contradicts each other."""
    return [*_server_problems(entry), *_option_problems(entry)]


def _server_problems(entry: RegistryEntry) -> list[Problem]:
    if entry.server is None:
        hint = "write server: REGION-docker.pkg.dev"
        return [Problem(("server",), "no server is named", hint)]
    if _HOST.fullmatch(entry.server) is None:
        hint = "write REGION-docker.pkg.dev or gcr.io; a domain of your own goes under aliases"
        return [Problem(("server",), "not a host of Google's registries", hint)]
    return []


def _option_problems(entry: RegistryEntry) -> list[Problem]:
    options: GarOptions = entry.options
    given = {*entry.credentials.fields, *(["key"] if entry.credentials.document else [])}
    problems = []
    if options.impersonate is None and options.delegates:
        hint = "add impersonate: EMAIL, or drop it"
        problems.append(Problem(("delegates",), "means nothing without impersonate", hint))
    if options.workload_identity_provider is None:
        hint = "add workload_identity_provider: projects/NUMBER/…, or drop it"
        means_nothing = "means nothing without workload_identity_provider"
        if options.audience is not None:
            problems.append(Problem(("audience",), means_nothing, hint))
        if "subject_token" in given:
            problems.append(Problem(("credentials", "subject_token"), means_nothing, hint))
    elif "key" in entry.credentials.fields:
        hint = "drop one of the two"
        problems.append(Problem(("credentials", "key"), "contradicts the provider", hint))
    if options.method == "json_key" and "key" not in given:
        hint = "write credentials: REFERENCE of the key"
        problems.append(Problem(("method",), "json_key needs a key", hint))
    return problems
