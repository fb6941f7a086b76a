"""What an entry of an Azure registry may say, and what contradicts itself in it."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from backends.azure.clouds import cloud_of, problem_of_authority
from backends.azure.login import CLIENT, PROOFS, TENANT, Method, Wish
from backends.options import EndpointUrl
from generator.model import Problem, RegistryEntry
from generator.registries.base import ProviderOptions

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+azurecr\.(?:io|cn|us|de)", re.ASCII)

ClientId = Annotated[str, Field(pattern=f"^{CLIENT}$")]


class AcrOptions(ProviderOptions):
    """Options of ``provider: acr``."""

    method: Method | None = None
    """How to prove who asks; without it, told by the credentials and variables that are there."""
    tenant_id: Annotated[str, Field(pattern=f"^{TENANT}$")] | None = None
    """The directory that knows the application."""
    client_id: ClientId | None = None
    """Of an application, or of a managed identity that is assigned to this machine."""
    object_id: ClientId | None = None
    """Of a managed identity."""
    resource_id: Annotated[str, Field(pattern=r"^/subscriptions/[0-9A-Za-z_./()-]+$")] | None = None
    """Of a managed identity."""
    send_certificate_chain: bool = False
    """For applications that know their certificates by name and issuer."""
    token_audience: str | None = None
    """Of the job's own token; without it, the cloud's api://AzureADTokenExchange."""
    audience: Annotated[str, Field(pattern=r"^(https|api)://[0-9A-Za-z_./:-]+$")] | None = None
    """Of the token that the registry is shown; the only one that is tried."""
    authority: EndpointUrl | None = None
    """Who gives that token, if it is not told by the registry's cloud."""
    trusted_sources: tuple[str, ...] = ()
    """URLs, beside Microsoft's own, that the authority may be."""
    endpoint: EndpointUrl | None = None
    """The URL at which the registry exchanges tokens, if it is not its own host."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""

    def wish(self, server: str) -> Wish:
        """Return who is to ask for a token for ``server``."""
        return Wish(
            cloud_of(server).federation,
            self.method,
            self.tenant_id,
            self.client_id,
            self.object_id,
            self.resource_id,
            self.token_audience,
            self.send_certificate_chain,
        )


def entry_problems(entry: RegistryEntry) -> Sequence[Problem]:
    """Return what is wrong with the host, with who is trusted, and what contradicts each other."""
    return [
        *_place_problems(entry),
        *_authority_problems(entry),
        *_method_problems(entry),
        *_field_problems(entry),
    ]


def _place_problems(entry: RegistryEntry) -> list[Problem]:
    options: AcrOptions = entry.options
    if entry.server is None:
        hint = "write server: NAME.azurecr.io"
        return [Problem(("server",), "no server is named", hint)]
    problems = []
    if _HOST.fullmatch(entry.server) is None and not _private(entry.server, options):
        hint = "write NAME.azurecr.io; a domain of your own goes under aliases"
        problems.append(Problem(("server",), "not a host of Azure's registries", hint))
    name = entry.server.partition(".")[0]
    if any(_HOST.fullmatch(one) and one.partition(".")[0] != name for one in entry.aliases):
        hint = "make it an entry of its own: a token is for one registry"
        problems.append(Problem(("aliases",), "another registry of Azure's", hint))
    return problems


def _authority_problems(entry: RegistryEntry) -> list[Problem]:
    options: AcrOptions = entry.options
    if options.authority is None:
        hint = "add authority: URL, or drop it"
        problem = Problem(("trusted_sources",), "means nothing without authority", hint)
        return [problem] if options.trusted_sources else []
    wrong = problem_of_authority(options.authority, options.trusted_sources)
    hint = (
        "write https://login.microsoftonline.com or the one of another cloud; if you trust this "
        "one, name it also under trusted_sources: [URL]"
    )
    return [Problem(("authority",), wrong, hint)] if wrong else []


def _private(server: str, options: AcrOptions) -> bool:
    """Tell whether a registry may have such a host: in a private cloud, asked where it is said."""
    return options.endpoint is not None and "azurecr" not in server


# What means something only to one method, with the value that says nothing.
_OPTIONS_OF: Mapping[str, tuple[Method, object]] = {
    "object_id": ("managed_identity", None),
    "resource_id": ("managed_identity", None),
    "token_audience": ("federated", None),
    "send_certificate_chain": ("certificate", False),
}


def _method_problems(entry: RegistryEntry) -> list[Problem]:
    """Find what does not go with the method, be it named or told by the credentials."""
    options: AcrOptions = entry.options
    given = [method for method, proof in PROOFS.items() if proof in entry.credentials.fields]
    method = options.method or (given[0] if given else None)
    problems = []
    for other in given:
        if other != method:
            hint = f"drop it, or what says {method}"
            path = ("credentials", PROOFS[other])
            problems.append(Problem(path, f"contradicts the method {method}", hint))
    for name, (meant, nothing) in _OPTIONS_OF.items():
        if getattr(options, name) != nothing and method not in (None, meant):
            hint = f"drop it, or write method: {meant}"
            problems.append(Problem((name,), f"means nothing to the method {method}", hint))
    if entry.credentials.references and not given and not _may_hold_a_proof(entry):
        # what is half named would be completed by what this machine or job is by itself
        hint = f"add one of {', '.join(PROOFS.values())}, or drop all of them"
        problems.append(Problem(("credentials",), "prove nothing", hint))
    return problems


def _may_hold_a_proof(entry: RegistryEntry) -> bool:
    """Tell whether there is a whole document, and a method that wants one."""
    return entry.credentials.document is not None and entry.options.method != "managed_identity"


def _field_problems(entry: RegistryEntry) -> list[Problem]:
    """Find what is said twice, or belongs to what is not there."""
    options: AcrOptions = entry.options
    fields = entry.credentials.fields
    problems = [
        Problem((name,), "is given here and under credentials", "keep one of the two")
        for name in ("tenant_id", "client_id")
        if getattr(options, name) is not None and name in fields
    ]
    named = [n for n in ("client_id", "object_id", "resource_id") if getattr(options, n)]
    if len(named) > 1:
        hint = "keep the one that names the managed identity"
        problems.append(Problem((named[1],), f"contradicts {named[0]}", hint))
    document = entry.credentials.document is not None
    if "certificate_password" in fields and "certificate" not in fields and not document:
        hint = "add certificate: REFERENCE, or drop it"
        path = ("credentials", "certificate_password")
        problems.append(Problem(path, "means nothing without a certificate", hint))
    return problems
