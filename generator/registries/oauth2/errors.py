"""What the errors of an OAuth 2.0 token endpoint mean.

``{"error": …}`` is one of the codes of RFC 6749 5.2, RFC 8693 2.2.2 (a token that is not good for
an exchange is an ``invalid_request``), RFC 8707 2 (``invalid_target``) and RFC 8628 3.5
(``slow_down``). ``error_description`` and whatever else stands in a body is never shown.
"""

from collections.abc import Mapping
from typing import Any

from backends.http_model import HttpAnswer
from generator.errors import AccessDenied, Misconfigured
from generator.registries.issuer import Issuer
from generator.registries.oauth2.entry import GrantType
from generator.registries.refusals import LATER, NamedErrors, Refusal

_REQUEST = Refusal(
    Misconfigured,
    "request-refused",
    "something is wrong with the request itself",
    "compare grant_type, client_auth, scope, audience and form with what the issuer wants",
)
_CLIENT = Refusal(
    AccessDenied,
    "client-refused",
    "the client is not accepted",
    "check client_id and client_secret; some issuers take them only with client_auth: form",
)
_NOWHERE = Refusal(Misconfigured, "unknown", "it is not there", "check the path of endpoint")
_TOKEN = Refusal(
    AccessDenied,
    "token-refused",
    "the token that was shown is not accepted",
    "check that the issuer trusts who made it, its audience (token_audience) and its age",
)
_NOT_ALLOWED = Refusal(
    AccessDenied,
    "client-not-allowed",
    "this client may not have a token this way",
    "have the issuer allow it this grant type",
)
_SETTINGS: Mapping[str, Refusal] = {
    "invalid_scope": Refusal(
        Misconfigured,
        "scope-refused",
        "the scope is unknown, or not this client's to ask for",
        "check scope",
    ),
    "invalid_target": Refusal(
        Misconfigured,
        "audience-refused",
        "no tokens are given for this audience or resource",
        "check audience and resource",
    ),
    "unsupported_grant_type": Refusal(
        Misconfigured,
        "grant-type-unsupported",
        "it does not know this grant type",
        "check grant_type and that endpoint is the token endpoint",
    ),
}
_REFUSALS: Mapping[str, Refusal] = {
    **_SETTINGS,
    "access_denied": _NOT_ALLOWED,
    "invalid_client": _CLIENT,
    "invalid_grant": _TOKEN,
    "invalid_request": _REQUEST,
    "server_error": LATER,
    "slow_down": LATER,
    "temporarily_unavailable": LATER,
    "unauthorized_client": _NOT_ALLOWED,
}
_TOKEN_OR_REQUEST = Refusal(
    AccessDenied,
    "token-refused",
    "the token that was shown, or something else in the request, is not accepted",
    f"{_TOKEN.hint}; else {_REQUEST.hint}",
)


def _code(body: Mapping[str, Any]) -> str:
    code = body.get("error")
    return code if isinstance(code, str) else ""


_ERRORS = NamedErrors(_code, _REFUSALS, heals=("slow_down", "temporarily_unavailable"))
ISSUER = Issuer(
    "oauth2", "the token endpoint", {400: _REQUEST, 401: _CLIENT, 404: _NOWHERE}, _ERRORS
)


def meaning_of(answer: HttpAnswer, grant_type: GrantType) -> Refusal | None:
    """Return what a code means to one grant only, ``None`` if it is no such code."""
    code = _ERRORS.code(answer)
    if code == "invalid_request" and grant_type == "token_exchange":
        return _TOKEN_OR_REQUEST
    if code == "invalid_grant" and grant_type == "client_credentials":
        return _NOT_ALLOWED
    return None
