"""The two ways to a token of a JFrog platform, and what its answer means.

``POST /access/api/v1/oidc/token`` takes the job's token for a mapped identity's
(github.com/jfrog/setup-jfrog-cli, ``src/oidc-utils.ts``; JFrog Help Center, "OIDC Token Exchange").
``POST /access/api/v1/tokens`` makes a token for who asks, or for others if an administrator does
("Create Token" of the REST API).
"""

from collections.abc import Mapping
from typing import Any

from backends.base import RunContext, Secret
from backends.jwt_identity import claims_of
from generator.errors import AccessDenied, Misconfigured
from generator.model import Grant
from generator.registries.issuer import Issuer, Refusal, TokenAnswer
from generator.registries.jfrog.entry import JfrogOptions

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_SUBJECT_TYPE = "urn:ietf:params:oauth:token-type:id_token"
_SCOPE = "applied-permissions/user"
# Below what platforms keep records of, or could revoke: 3 h and 6 h, unless set otherwise there.
_LIVES_S = 3600
_ELSEWHERE = Refusal(
    Misconfigured,
    "platform-unknown",
    "what is asked for is not there",
    "check endpoint: the platform's URL without /artifactory, and provider_name: if one is written",
)
_NOT_TAKEN = Refusal(
    AccessDenied,
    "token-refused",
    "the job's token is not taken",
    "check provider_name and its issuer, audience: if the integration has one, and that an "
    "identity mapping matches the claims of the job's token",
)
_EXCHANGE = Issuer(
    "jfrog", "JFrog", {**dict.fromkeys((400, 401, 403), _NOT_TAKEN), 404: _ELSEWHERE}
)
_TOKENS = Issuer(
    "jfrog",
    "JFrog",
    {
        400: Refusal(
            Misconfigured,
            "request-refused",
            "the token that is asked for makes no sense there",
            "check scope, username, project_key, audience and expires_in",
        ),
        401: Refusal(
            AccessDenied,
            "login-refused",
            "the credentials are not accepted",
            "check them; passwords may be turned off for this, and never work with a second factor",
        ),
        403: Refusal(
            AccessDenied,
            "token-forbidden",
            "whoever asks may not have such a token",
            "check scope and username (only administrators ask for others), and that expires_in is "
            "no longer than the platform allows",
        ),
        404: _ELSEWHERE,
    },
)


async def exchanged(
    platform: str, options: JfrogOptions, subject: Secret, context: RunContext
) -> Grant:
    """Return the platform's token for a job's.

    Raises:
        EntryError: refused, or an answer that makes no sense.
        BackendError: not reached.
    """
    answer = await _EXCHANGE.ask(
        context,
        "POST",
        f"{platform}/access/api/v1/oidc/token",
        json=_given(
            grant_type=_GRANT_TYPE,
            subject_token_type=_SUBJECT_TYPE,
            subject_token=subject.reveal(),
            provider_name=options.provider_name,
            identity_mapping_name=options.identity_mapping_name,
            project_key=options.project_key,
            audience=options.audience,
        ),
        allow_http=options.allow_http,
    )
    return _grant(answer, None, options)


async def made(platform: str, options: JfrogOptions, login: Secret, context: RunContext) -> Grant:
    """Have a token made; ``login`` is the header that says who asks for it.

    Raises:
        EntryError: refused, or an answer that makes no sense.
        BackendError: not reached.
    """
    lives_s = int(options.expires_in or _LIVES_S)
    answer = await _TOKENS.ask(
        context,
        "POST",
        f"{platform}/access/api/v1/tokens",
        headers={"Authorization": login.reveal()},
        json=_given(
            grant_type="client_credentials",
            scope=options.scope or _SCOPE,
            expires_in=lives_s,
            refreshable=False,
            username=options.username,
            project_key=options.project_key,
            description=options.description,
            audience=options.audience,
        ),
        allow_http=options.allow_http,
        # each asking makes another token
        idempotent=False,
    )
    return _grant(answer, lives_s, options)


def _given(**fields: Any) -> Mapping[str, Any]:
    """Return a body of what is not left out."""
    return {name: value for name, value in fields.items() if value is not None}


def _grant(answer: TokenAnswer, asked_s: float | None, options: JfrogOptions) -> Grant:
    token = answer.token("access_token")
    told = answer.body.get("expires_in")
    return answer.grant(
        _user(answer, token, options),
        token,
        answer.end_of_any(token, asked_s if told is None else told),
        endpoint=options.endpoint,
    )


def _user(answer: TokenAnswer, token: Secret, options: JfrogOptions) -> str:
    """Return whose password a token is: its own word counts most, opaque ones have none."""
    subject = (claims_of(token) or {}).get("sub")
    if isinstance(subject, str):
        if subject.startswith("jfrt@") or "/users/" in subject:
            subject = subject.rpartition("/")[2]
        if subject:
            return subject
    named = answer.body.get("username") or options.username
    if not isinstance(named, str):
        raise Misconfigured(
            "jfrog-user-unknown",
            "neither the token nor the answer says which user it is for",
            "write username: NAME in the entry",
        )
    return named
