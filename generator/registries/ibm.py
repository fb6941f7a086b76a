"""IBM Cloud Container Registry: an API key is exchanged for an IAM token.

The token endpoint is IAM's, its answer tells the expiry as seconds since the epoch (IBM Cloud API
reference, IAM Identity Services: "Create an IAM access token for a user or service ID"). The
registry takes the token from the user ``iambearer``, or the key itself from ``iamapikey``; either
serves every host.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.errors import AccessDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer, Refusal

IAM = "https://iam.cloud.ibm.com"
USERNAME = "iambearer"
_GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
_REFUSED = Refusal(
    AccessDenied,
    "key-refused",
    "the API key is not accepted",
    "check the key, and that it is neither deleted nor locked",
)
_IAM = Issuer("ibm", "IBM Cloud IAM", dict.fromkeys((400, 401, 403), _REFUSED))


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
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("icr.io", "*.icr.io"),
        lives="1 h",
        example="""\
server: us.icr.io
credentials: {api_key: env:IBM_API_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("api_key", aliases=("apikey", "key", "password"), primary=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """A host must be named: IBM has one in each region, and the answer names none."""
        if entry.server is None:
            return [Problem(("server",), "no server is named", "write server: us.icr.io")]
        return []

    def hands_through(self, entry: RegistryEntry) -> bool:
        """Nobody is asked for the key itself."""
        options: IbmOptions = entry.options
        return options.method == "api_key"

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for all hosts, told apart by the key and by who gives it."""
        options: IbmOptions = entry.options
        return GrantKey((("method", options.method), ("endpoint", options.endpoint)))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Exchange the API key, or hand it out."""
        options: IbmOptions = request.entry.options
        key = request.credentials["api_key"]
        if options.method == "api_key":
            return Grant("iamapikey", key, context.clock(), None)
        answer = await _IAM.ask(
            context,
            "POST",
            f"{options.endpoint.rstrip('/')}/identity/token",
            form={
                "grant_type": _GRANT_TYPE,
                "apikey": key.reveal(),
                "response_type": "cloud_iam",
            },
            allow_http=options.allow_http,
        )
        return answer.grant(
            USERNAME,
            answer.token("access_token"),
            answer.at(answer.body.get("expiration")),
            endpoint=_own(options.endpoint),
        )


def _own(endpoint: str) -> str | None:
    host = urlsplit(endpoint).hostname or ""
    return None if host.endswith(".cloud.ibm.com") else endpoint
