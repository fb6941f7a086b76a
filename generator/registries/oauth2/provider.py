"""Any issuer of one's own that gives tokens as OAuth 2.0 does.

Three grants of its token endpoint: client credentials (RFC 6749 4.4), token exchange (RFC 8693 2.1)
and a JWT as the authorization grant (RFC 7523 2.1). A client proves itself by HTTP Basic or in the
form (RFC 6749 2.3.1: in the header name and secret are form-encoded first).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote_plus

from backends.base import IdentityPart, RunContext, Secret
from backends.document import found_at
from backends.jwt_identity import claims_of
from generator.errors import ImplausibleAnswer, SecretMissing
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import TokenAnswer
from generator.registries.job_token import OIDC_TOKEN, job_identity, job_token, names_token
from generator.registries.oauth2.entry import OAuth2Options, entry_problems
from generator.registries.oauth2.errors import ISSUER, meaning_of

_URN = "urn:ietf:params:oauth:"
_GRANT_TYPES = {
    "client_credentials": "client_credentials",
    "token_exchange": f"{_URN}grant-type:token-exchange",
    "jwt_bearer": f"{_URN}grant-type:jwt-bearer",
}
# As seconds since 1970 that would be the year 5138, as milliseconds it was 1973.
_MILLISECONDS = 1e11


class OAuth2Provider:
    """Tokens of an OAuth 2.0 issuer: client credentials, token exchange, or a JWT as the grant."""

    options: ClassVar[type[ProviderOptions]] = OAuth2Options
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(),
        lives="as long as the issuer says",
        example="""\
provider: oauth2
server: registry.example.com
username: token
grant_type: client_credentials
endpoint: https://login.example.com/oauth2/token
client_id: ci
credentials: {client_secret: env:CLIENT_SECRET}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("client_id", required=False),
        CredentialField("client_secret", required=False),
        # A plain text could be the secret as well as the token: it is named.
        CredentialField(OIDC_TOKEN.name, OIDC_TOKEN.aliases, required=False, job_token=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """What a grant needs, and nothing that contradicts it."""
        return list(entry_problems(entry))

    def uses_host(self, entry: RegistryEntry) -> bool:
        """The CI's own token is shown, unless another one is named."""
        return entry.options.shows_token and not names_token(entry)

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Everything that is asked for and how it is read; and whose token is shown."""
        options: OAuth2Options = entry.options
        told = options.model_dump(exclude={"allow_http"})
        parts: list[IdentityPart] = [(n, json.dumps(v, sort_keys=True)) for n, v in told.items()]
        if options.shows_token:
            parts += job_identity(entry, options.token_audience, context)
        return GrantKey(tuple(parts))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask the token endpoint."""
        options: OAuth2Options = request.entry.options
        headers, client = _client(options, request.credentials)
        form = {
            **options.form,
            "grant_type": _GRANT_TYPES[options.grant_type],
            **{n: v for n in ("scope", "audience", "resource") if (v := getattr(options, n))},
            **client,
        }
        if options.shows_token:
            token = await job_token(request, options.token_audience, context)
            form |= _shown(options, token)
        answer = await ISSUER.ask(
            context,
            "POST",
            options.endpoint,
            headers=headers,
            form=form,
            allow_http=options.allow_http,
            meaning=partial(meaning_of, grant_type=options.grant_type),
        )
        secret = Secret(answer.text(options.token, "token where the option token says"))
        return answer.grant(
            options.username
            or answer.text(
                options.username_at or "", "user name where the option username_at says"
            ),
            secret,
            _expiry(answer, secret, options),
            endpoint=options.endpoint,
        )


def _client(
    options: OAuth2Options, credentials: Mapping[str, Secret]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and the fields that say, and prove, which client asks."""
    secret = credentials.get("client_secret")
    name = options.client_id
    if name is None and "client_id" in credentials:
        name = credentials["client_id"].reveal()
    method = options.client_auth or ("none" if secret is None else "basic")
    if method == "none" and options.shows_token:
        return {}, {} if name is None else {"client_id": name}
    if secret is None or name is None:
        missing = "client_id" if name is None else "client_secret"
        raise SecretMissing(
            "oauth2-client-incomplete",
            f"the secret has no field {missing}",
            f"name it: credentials: {{from: REFERENCE, fields: {{{missing}: FIELD}}}}",
        )
    if method == "form":
        return {}, {"client_id": name, "client_secret": secret.reveal()}
    pair = f"{quote_plus(name)}:{quote_plus(secret.reveal())}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}


def _shown(options: OAuth2Options, token: Secret) -> dict[str, str]:
    if options.grant_type == "jwt_bearer":
        return {"assertion": token.reveal()}
    kind = options.subject_token_type or "jwt"
    return {
        "subject_token": token.reveal(),
        "subject_token_type": kind if ":" in kind else f"{_URN}token-type:{kind}",
    }


def _expiry(answer: TokenAnswer, token: Secret, options: OAuth2Options) -> datetime:
    """Return when a token expires: by the answer and the token itself, else by the config."""
    seconds = found_at(answer.body, options.expires_in)
    if (at := found_at(answer.body, options.expires_at)) is not None:
        told = _moment(answer, at)
        return told if _end(token) is None else min(told, answer.end_of(token))
    if seconds is not None or _end(token) is not None:
        return answer.end_of_any(token, seconds)
    if options.lifetime is not None:
        return answer.after(options.lifetime)
    raise ImplausibleAnswer(
        "oauth2-expiry-unknown",
        f"{answer.what}: neither the answer nor the token says when it expires",
        "name where it stands (expires_in, expires_at), or say it: lifetime: 1h",
    )


def _end(token: Secret) -> object:
    return (claims_of(token) or {}).get("exp")


def _moment(answer: TokenAnswer, value: Any) -> datetime:
    """Return a time that is told in seconds or milliseconds since 1970, or in words."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return answer.on(value)
    return answer.at(value, unit_s=0.001 if seconds >= _MILLISECONDS else 1.0)
