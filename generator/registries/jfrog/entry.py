"""What an entry of a JFrog platform may say, and what contradicts itself in it."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from backends.options import Duration, EndpointUrl
from generator.model import DOCKER_HUB, Problem, RegistryEntry
from generator.registries.base import ProviderOptions

Method = Literal["oidc", "access_token"]

# INSTANCE.jfrog.io, or INSTANCE-REPOSITORY.jfrog.io: a hyphen leaves open which.
_UNCLEAR = re.compile(r"[a-z0-9]+-[a-z0-9-]+\.jfrog\.io", re.ASCII)


class JfrogOptions(ProviderOptions):
    """Options of ``provider: jfrog``."""

    method: Method = "oidc"
    """``oidc`` exchanges the CI's own token, ``access_token`` has a scoped token made."""
    provider_name: str | None = None
    """The OIDC integration, as the platform calls it (``method: oidc``)."""
    identity_mapping_name: str | None = None
    """The integration's only mapping that is to count (``method: oidc``)."""
    project_key: str | None = None
    """The project that the token is for."""
    audience: str | None = None
    """Of the job's own token; with ``method: access_token`` the services that the token is for."""
    scope: str | None = None
    """What the token is good for; without it, ``applied-permissions/user`` (``method:
    access_token``)."""
    expires_in: Annotated[Duration, Field(ge=300)] | None = None
    """How long the token is to live, without it ``1h`` (``method: access_token``)."""
    description: str | None = None
    """Of the token, for those who look through the platform's (``method: access_token``)."""
    username: Annotated[str, Field(pattern=r"^[^:\s]+$")] | None = None
    """The user that a token is for which does not say it itself."""
    endpoint: EndpointUrl | None = None
    """The platform's URL, if it is not the server."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


def entry_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with the host, and what contradicts the method."""
    return [*_place_problems(entry), *_option_problems(entry), *_credential_problems(entry)]


def _place_problems(entry: RegistryEntry) -> list[Problem]:
    options: JfrogOptions = entry.options
    if entry.server is None:
        return [Problem(("server",), "no server is named", "write server: NAME.jfrog.io")]
    if entry.server == DOCKER_HUB:
        return [Problem(("server",), "Docker Hub is not JFrog's", "write server: NAME.jfrog.io")]
    if options.endpoint is None and _UNCLEAR.fullmatch(entry.server):
        hint = "write endpoint: https://NAME.jfrog.io, without the repository"
        message = "whether the server's name holds a repository's can not be told"
        return [Problem(("server",), message, hint)]
    return []


# What means something to one method only.
_OPTIONS_OF: Mapping[str, Method] = {
    "provider_name": "oidc",
    "identity_mapping_name": "oidc",
    "scope": "access_token",
    "expires_in": "access_token",
    "description": "access_token",
}


def _option_problems(entry: RegistryEntry) -> list[Problem]:
    options: JfrogOptions = entry.options
    problems = []
    for name, meant in _OPTIONS_OF.items():
        if getattr(options, name) is not None and options.method != meant:
            message = f"means nothing to the method {options.method}"
            problems.append(Problem((name,), message, f"drop it, or write method: {meant}"))
    if options.method == "oidc" and options.provider_name is None:
        hint = "add provider_name: NAME of the OIDC integration, or write method: access_token"
        problems.append(Problem(("provider_name",), "is missing", hint))
    return problems


def _credential_problems(entry: RegistryEntry) -> list[Problem]:
    """Find who does not go with the method, and who is said twice or only half."""
    options: JfrogOptions = entry.options
    given, document = entry.credentials.fields, entry.credentials.document is not None
    here = ("credentials",)
    if options.method == "oidc":
        hint = "write credentials: {oidc_token: REFERENCE}, drop it, or write method: access_token"
        wrong = [name for name in ("access_token", "password", "username") if name in given]
        message = "means nothing to the method oidc"
        problems = [Problem((*here, name), message, hint) for name in wrong]
        if document and "oidc_token" not in given:
            # a text would be bound to the other method's token
            problems.append(Problem(here, "do not say that they are an OIDC token", hint))
        return problems
    problems = []
    if "oidc_token" in given:
        hint = "drop it, or write method: oidc"
        message = "means nothing to the method access_token"
        problems.append(Problem((*here, "oidc_token"), message, hint))
    who = "add access_token: REFERENCE, or username and password"
    if "access_token" in given and "password" in given:
        problems.append(Problem((*here, "password"), "contradicts access_token", "keep one"))
    if not document and "access_token" not in given and "password" not in given:
        problems.append(Problem(here, "do not say who asks for a token", who))
    alone = "username" not in given and options.username is None and not document
    if "password" in given and alone:
        problems.append(Problem((*here, "password"), "is of no user", "add username: REFERENCE"))
    return problems
