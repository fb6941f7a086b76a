"""IBM Cloud Container Registry: an API key is exchanged for an IAM token.

The token endpoint is IAM's, its answer tells the expiry as seconds since the epoch (IBM Cloud API
reference, IAM Identity Services: "Create an IAM access token for a user or service ID"). The
registry takes the token from the user ``iambearer``, or the key itself from ``iamapikey``; either
serves every host.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from backends.base import RunContext, Secret
from backends.clock_skew import clock_skew_s
from backends.http_model import HttpAnswer, HttpOptions
from backends.options import EndpointUrl
from generator.errors import AccessDenied, ImplausibleAnswer, Unavailable
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, ProviderOptions

IAM = "https://iam.cloud.ibm.com"
USERNAME = "iambearer"
_WHAT = "IBM Cloud IAM"
_LONGEST_S = 366 * 86400
_GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"


class IbmOptions(ProviderOptions):
    """Options of ``provider: ibm``."""

    method: Literal["iam_token", "api_key"] = "iam_token"
    """``api_key`` writes the key itself, which never expires, as the password."""
    endpoint: EndpointUrl = IAM
    """The URL of IAM, if it is not IBM's public one."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class IbmProvider:
    """IAM tokens for IBM's registries; they live an hour at most."""

    options: ClassVar[type[ProviderOptions]] = IbmOptions
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("api_key", aliases=("apikey", "key", "password"), primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """A host must be named: IBM has one in each region, and the answer names none."""
        if entry.server is None:
            return [Problem(("server",), "no server is named", "write server: us.icr.io")]
        return []

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:  # noqa: ARG002
        """One token for all hosts, told apart by the key and by who gives it."""
        options: IbmOptions = entry.options
        return GrantKey((("method", options.method), ("endpoint", options.endpoint)))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the API key, or hand it out."""
        options: IbmOptions = request.entry.options
        key = request.credentials["api_key"]
        requested_at = context.clock()
        if options.method == "api_key":
            return Grant("iamapikey", key, requested_at, None)
        answer = await context.transport.request(
            "POST",
            f"{options.endpoint.rstrip('/')}/identity/token",
            form={
                "grant_type": _GRANT_TYPE,
                "apikey": key.reveal(),
                "response_type": "cloud_iam",
            },
            what=_WHAT,
            options=HttpOptions(allow_http=options.allow_http),
        )
        _refuse_failure(answer)
        skew_s = clock_skew_s(answer.headers.get("date"), context.clock())
        return _grant(answer.json_object(), requested_at, skew_s, _own(options.endpoint))


def _own(endpoint: str) -> str | None:
    host = urlsplit(endpoint).hostname or ""
    return None if host.endswith(".cloud.ibm.com") else endpoint


def _refuse_failure(answer: HttpAnswer) -> None:
    if answer.ok:
        return
    if answer.status in (400, 401, 403):
        raise AccessDenied(
            "ibm-key-refused",
            f"{answer.what}: the API key is not accepted (status {answer.status})",
            "check the key, and that it is neither deleted nor locked",
        )
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(
            "ibm-unavailable",
            f"{answer.what}: no token now (status {answer.status})",
            "try again later",
        )
    raise _implausible(f"status {answer.status}")


def _grant(
    body: Mapping[str, Any], requested_at: datetime, skew_s: float, endpoint: str | None
) -> Grant:
    token, expiration = body.get("access_token"), body.get("expiration")
    if not isinstance(token, str) or not token:
        raise _implausible("it holds no token")
    if not isinstance(expiration, int) or isinstance(expiration, bool):
        raise _implausible("it says no time of expiry")
    now = requested_at.timestamp() + skew_s
    # milliseconds would be a life of many thousand years
    if not now < expiration < now + _LONGEST_S:
        raise _implausible("its time of expiry is past, or too far off to be seconds")
    return Grant(
        username=USERNAME,
        secret=Secret(token),
        requested_at=requested_at,
        expires_at=datetime.fromtimestamp(expiration - skew_s, UTC),
        endpoint=endpoint,
        clock_skew_s=skew_s,
    )


def _implausible(why: str) -> ImplausibleAnswer:
    return ImplausibleAnswer(
        "ibm-answer-implausible",
        f"{_WHAT}: the answer makes no sense: {why}",
        "check the endpoint, and whether a proxy answers in its place",
    )
