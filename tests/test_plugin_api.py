"""What packages of others may rely on: a change here is a change for all of them.

Adding to it is a minor version, taking away or changing is a major one.
"""

import dataclasses
import inspect
from importlib import import_module

import pytest

MODULES = {
    "backends.base": [
        "BackendFactory",
        "IdentityPart",
        "InputRecorder",
        "Lease",
        "RunContext",
        "Secret",
        "SecretBackend",
        "SecretDocument",
        "SecretRef",
    ],
    "backends.ci_identity": ["CiIdentity"],
    "backends.clock_skew": ["clock_skew_s"],
    "backends.document": ["fields_of", "pick"],
    "backends.errors": [
        "BackendError",
        "BackendMisconfigured",
        "BackendUnavailable",
        "BadAnswer",
        "SecretDenied",
        "SecretNotFound",
    ],
    "backends.host": ["host_identity"],
    "backends.http_model": ["HttpAnswer", "HttpOptions"],
    "backends.jwt_identity": ["identity_of_token"],
    "backends.options": ["BackendOptions", "Duration", "EndpointUrl"],
    "backends.reference": ["unknown_options"],
    "backends.testing": ["CANARY", "BackendCase", "BackendContract", "make_context"],
    "generator.errors": [
        "AccessDenied",
        "EntryError",
        "ImplausibleAnswer",
        "Misconfigured",
        "SecretMissing",
        "Unavailable",
    ],
    "generator.model": [
        "Credentials",
        "Grant",
        "GrantKey",
        "GrantRequest",
        "Problem",
        "RegistryEntry",
    ],
    "generator.registries.base": [
        "CredentialField",
        "KindDocs",
        "ProviderOptions",
        "TokenProvider",
    ],
    "generator.registries.issuer": ["Issuer", "NamedErrors", "Refusal", "TokenAnswer"],
    "generator.registries.job_token": ["OIDC_TOKEN", "job_identity", "job_token", "names_token"],
    "generator.testing": ["CANARY", "ProviderCase", "ProviderContract", "make_context"],
}

FIELDS = {
    "backends.base:Lease": ["duration_s"],
    "backends.base:RunContext": [
        "environment",
        "inputs",
        "clock",
        "aws",
        "transport",
        "base_folder",
    ],
    "backends.base:SecretDocument": ["content", "version", "lease"],
    "backends.base:SecretRef": ["backend", "path", "options", "selector"],
    "generator.model:Credentials": ["document", "fields"],
    "generator.model:Grant": [
        "username",
        "secret",
        "requested_at",
        "expires_at",
        "server_addresses",
        "endpoint",
        "clock_skew_s",
    ],
    "generator.model:GrantKey": ["parts"],
    "generator.model:GrantRequest": ["entry", "credentials"],
    "generator.model:Problem": ["path", "message", "hint"],
    "generator.model:RegistryEntry": [
        "name",
        "provider",
        "server",
        "options",
        "aliases",
        "optional",
        "credentials",
    ],
    "generator.registries.base:CredentialField": [
        "name",
        "aliases",
        "required",
        "multiline",
        "primary",
        "whole",
        "job_token",
    ],
}

CALLS = {
    "backends.base:BackendFactory.__call__": "(self, options, context, /)",
    "backends.base:BackendFactory.check": "(self, ref)",
    "backends.base:RunContext.opaque": "(self, source)",
    "backends.base:RunContext.read_file": "(self, path, *, limit)",
    "backends.base:RunContext.resolve_path": "(self, path)",
    "backends.base:RunContext.setting": "(self, name)",
    "backends.base:RunContext.variable": "(self, name)",
    "backends.base:RunContext.variables": "(self, prefix)",
    "backends.base:SecretBackend.identity": "(self, ref)",
    "backends.base:SecretBackend.read": "(self, ref)",
    "backends.transport:HttpTransport.request": (
        "(self, method, url, *, headers, form, json, content, what, idempotent, heals, options)"
    ),
    "backends.transport:HttpTransport.session": "(self, options)",
    "generator.registries.base:TokenProvider.fetch": "(self, request, context)",
    "generator.registries.base:TokenProvider.grant_key": "(self, entry, context)",
    "generator.registries.base:TokenProvider.validate": "(self, entry)",
}


def found(place: str) -> object:
    module, _, names = place.partition(":")
    thing: object = import_module(module)
    for name in names.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("module", MODULES)
def test_its_names_are_there_and_say_what_they_are(module: str) -> None:
    for name in MODULES[module]:
        thing = found(f"{module}:{name}")
        assert not (inspect.isclass(thing) or inspect.isfunction(thing)) or thing.__doc__, name


@pytest.mark.parametrize("place", FIELDS)
def test_its_nouns_have_these_fields_in_this_order(place: str) -> None:
    kind = found(place)
    assert isinstance(kind, type)
    assert dataclasses.is_dataclass(kind)
    assert [field.name for field in dataclasses.fields(kind)] == FIELDS[place]


@pytest.mark.parametrize("place", CALLS)
def test_its_calls_take_these_arguments(place: str) -> None:
    call = found(place)
    assert callable(call)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
        for parameter in inspect.signature(call).parameters.values()
    ]
    assert str(inspect.Signature(bare)) == CALLS[place]
