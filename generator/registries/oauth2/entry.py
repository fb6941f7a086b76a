"""What an entry of an OAuth 2.0 issuer may say, and what contradicts itself in it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from backends.options import Duration, EndpointUrl
from generator.model import Problem, RegistryEntry
from generator.registries.base import ProviderOptions
from generator.registries.job_token import OIDC_TOKEN
from generator.registries.login import problem_of_username

GrantType = Literal["client_credentials", "token_exchange", "jwt_bearer"]
ClientAuth = Literal["basic", "form", "none"]

# What a grant sends by itself (RFC 6749, 7523, 8693); a config has other words for it.
OWN_FIELDS = frozenset(
    ("assertion", "audience", "client_id", "grant_type", "resource", "scope", "subject_token_type")
)
_SECRET_FIELD = re.compile(r"secret|passw|api_?key|private|credential|(^|_)(token|assertion|code)$")
_JWT = re.compile(r"eyJ[\w-]*\.[\w-]*\.")


def _pointer(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("not a JSON pointer, as /access_token is one")
    return value


Pointer = Annotated[
    str, AfterValidator(_pointer), WithJsonSchema({"type": "string", "pattern": "^/"})
]
"""Where a value stands in the answer (RFC 6901)."""


class OAuth2Options(ProviderOptions):
    """Options of ``provider: oauth2``."""

    grant_type: GrantType
    """By what a token is asked for: the client's own name, another token, or a signed claim."""
    endpoint: EndpointUrl
    """The URL of the token endpoint."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""
    client_auth: ClientAuth | None = None
    """How the client's secret is sent; without it basic, or none where there is no secret."""
    client_id: str | None = None
    """The client's name; a reference under credentials does as well."""
    scope: str | None = None
    """What is asked for, several separated by spaces."""
    audience: str | None = None
    """Whom the token is to be for."""
    resource: str | None = None
    """The same as a URL (RFC 8707)."""
    token_audience: str | None = None
    """Of the job's own token, which is exchanged."""
    subject_token_type: str | None = None
    """Of the token that is exchanged: jwt (unless set), id_token, access_token, or a URN."""
    form: Mapping[str, str] = Field(default={})
    """Further fields of the request, none of them a secret."""
    username: str | None = None
    """The user name that the registry wants with the token."""
    username_at: Pointer | None = None
    """Where the user name stands in the answer, as a JSON pointer, instead."""
    token: Pointer = "/access_token"  # noqa: S105 - says where it stands
    """Where the token stands in the answer, as a JSON pointer."""
    expires_in: Pointer = "/expires_in"
    """Where the seconds that it lives stand."""
    expires_at: Pointer = "/expires_at"
    """Where the time of its expiry stands: seconds or milliseconds since 1970, or ISO 8601."""
    lifetime: Duration | None = None
    """How long a token lives of which neither the answer nor the token itself says it."""

    @property
    def shows_token(self) -> bool:
        """Whether another token is shown to get one."""
        return self.grant_type != "client_credentials"


def entry_problems(entry: RegistryEntry) -> Iterator[Problem]:
    """Find what is missing, what contradicts each other, and what may not stand in the form."""
    if entry.server is None:
        yield Problem(("server",), "no server is named", "write server: HOST[:PORT]")
    yield from _username_problems(entry.options)
    yield from _client_problems(entry)
    yield from _subject_problems(entry)
    yield from _form_problems(entry.options)


def _username_problems(options: OAuth2Options) -> Iterator[Problem]:
    hint = "write username: NAME, or username_at: /POINTER if the answer tells it"
    if options.username is None and options.username_at is None:
        yield Problem(("username",), "no user name is given", hint)
    elif options.username is not None and options.username_at is not None:
        yield Problem(("username_at",), "username gives it already", "keep one of the two")
    elif options.username is not None and (problem := problem_of_username(options.username)):
        yield Problem(("username",), problem, "mend the user name")


def _client_problems(entry: RegistryEntry) -> Iterator[Problem]:
    options: OAuth2Options = entry.options
    fields, may_be_in_document = entry.credentials.fields, entry.credentials.document is not None
    has_name = options.client_id is not None or "client_id" in fields
    has_secret = "client_secret" in fields
    if options.client_id is not None and "client_id" in fields:
        yield Problem(("client_id",), "is given here and under credentials", "keep one of the two")
    if options.client_auth == "none" and not options.shows_token:
        hint = "write basic or form; without the client's secret nothing proves who asks"
        yield Problem(("client_auth",), "means nothing to client_credentials", hint)
    elif options.client_auth == "none" and has_secret:
        hint = "drop it, or write client_auth: basic or form"
        yield Problem(("credentials", "client_secret"), "is not sent with client_auth: none", hint)
    if may_be_in_document:
        return
    if options.client_auth in ("basic", "form") or not options.shows_token:
        if not has_secret:
            hint = "write credentials: {client_secret: REFERENCE}"
            yield Problem(("credentials",), "no client_secret is given", hint)
        has_secret = True
    if has_secret and not has_name:
        yield Problem(("client_id",), "no client_id is given", "write client_id: NAME")


def _subject_problems(entry: RegistryEntry) -> Iterator[Problem]:
    options: OAuth2Options = entry.options
    named = OIDC_TOKEN.name in entry.credentials.fields
    hint = f"drop it; grant_type is {options.grant_type}"
    if options.token_audience is not None and (named or not options.shows_token):
        yield Problem(("token_audience",), "the job's own token is not used", hint)
    if named and not options.shows_token:
        yield Problem(("credentials", OIDC_TOKEN.name), "no token is exchanged", hint)
    if options.subject_token_type is not None and options.grant_type != "token_exchange":
        yield Problem(("subject_token_type",), "no token is exchanged", hint)


def _form_problems(options: OAuth2Options) -> Sequence[Problem]:
    problems = []
    for name, value in options.form.items():
        if _SECRET_FIELD.search(name.lower()) or _JWT.match(value):
            hint = "put it under credentials: client_secret, or oidc_token for the token to show"
            problems.append(Problem(("form", name), "a secret can not be written here", hint))
        elif name in OWN_FIELDS:
            hint = f"write the option {name} of the entry" if name != "assertion" else "drop it"
            problems.append(Problem(("form", name), "the grant has this field itself", hint))
    return problems
