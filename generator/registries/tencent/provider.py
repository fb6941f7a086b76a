"""Tencent Container Registry, Enterprise Edition.

`CreateInstanceToken` (TCR API 2019-09-24) gives an instance's temporary credential, which lives an
hour. Its other type, ``longterm``, stays until somebody deletes it, and is never asked for. Errors
come with status 200. The expiry is "a number without unit" there; the examples are milliseconds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.errors import Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer
from generator.registries.signing.keys import KeyForm
from generator.registries.tencent.errors import ERRORS
from generator.registries.tencent.signature import signed_headers

API = "https://tcr.tencentcloudapi.com"
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+", re.ASCII)
_REGION_VARIABLE = "TENCENTCLOUD_REGION"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.tencentcloudcr\.com", re.ASCII)
# No time in seconds is that long after 1970, and none in milliseconds that soon.
_MILLISECONDS_FROM = 1e11
_KEYS = KeyForm(
    "tencent",
    ("secret_id", "TENCENTCLOUD_SECRET_ID", "tmp_secret_id", "TmpSecretId"),
    ("secret_key", "TENCENTCLOUD_SECRET_KEY", "tmp_secret_key", "TmpSecretKey"),
    ("session_token", "TENCENTCLOUD_SESSION_TOKEN", "token", "Token"),
)
_TCR = Issuer("tencent", "Tencent Container Registry", named=ERRORS)


class TencentOptions(ProviderOptions):
    """Options of ``provider: tencent``."""

    registry_id: Annotated[str, Field(pattern=r"^tcr-[a-z0-9]+$")]
    """The instance's, as ``tcr-…``."""
    region: Annotated[str, Field(pattern=f"^{_REGION.pattern}$")] | None = None
    """Where the instance is; without it, the variable TENCENTCLOUD_REGION."""
    endpoint: EndpointUrl = API
    """The URL of the API, if it is not the one that is near."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class TencentProvider:
    """Temporary credentials of TCR instances; they live an hour."""

    options: ClassVar[type[ProviderOptions]] = TencentOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("NAME.tencentcloudcr.com",),
        lives="1 h",
        example="""\
server: team.tencentcloudcr.com
registry_id: tcr-dg284imq
region: ap-guangzhou
credentials:
  secret_id: env:TENCENTCLOUD_SECRET_ID
  secret_key: env:TENCENTCLOUD_SECRET_KEY
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = _KEYS.fields

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, and that the key is whole."""
        problems = []
        if entry.server is None:
            hint = "write server: NAME.tencentcloudcr.com"
            problems.append(Problem(("server",), "no server is named", hint))
        elif _HOST.fullmatch(entry.server) is None:
            hint = "write NAME.tencentcloudcr.com; a domain of your own goes under aliases"
            problems.append(Problem(("server",), "not the host of a TCR instance", hint))
        return [*problems, *_KEYS.problems(entry)]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by region, instance, endpoint and, without credentials, key."""
        options: TencentOptions = entry.options
        return GrantKey(
            (
                ("region", _region(entry, context)),
                ("registry_id", options.registry_id),
                ("endpoint", options.endpoint),
                *_KEYS.identity(entry, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for a temporary credential of the instance."""
        options: TencentOptions = request.entry.options
        key, region = _KEYS.key(request, context), _region(request.entry, context)
        url = f"{options.endpoint.rstrip('/')}/"
        body = json.dumps({"RegistryId": options.registry_id, "TokenType": "temp"}).encode()

        def headers() -> Mapping[str, str]:
            return signed_headers(
                key,
                url,
                body,
                service="tcr",
                action="CreateInstanceToken",
                version="2019-09-24",
                region=region,
                now=context.clock(),
            )

        answer = await _TCR.ask(
            context, "POST", url, headers=headers, content=body, allow_http=options.allow_http
        )
        answer = answer.part("Response")
        expiry = answer.body.get("ExpTime")
        in_milliseconds = isinstance(expiry, int | float) and expiry >= _MILLISECONDS_FROM
        return answer.grant(
            answer.text("Username", "user name"),
            answer.token("Token"),
            answer.at(expiry, unit_s=0.001 if in_milliseconds else 1.0),
            endpoint=_own(options.endpoint),
        )


def _region(entry: RegistryEntry, context: RunContext) -> str:
    region: str | None = entry.options.region or context.setting(_REGION_VARIABLE)
    if region is None or _REGION.fullmatch(region) is None:
        raise Misconfigured(
            "tencent-region-missing",
            "no region is given" if region is None else f"{_REGION_VARIABLE} is no region's name",
            f"write region: REGION in the entry, or set {_REGION_VARIABLE}",
        )
    return region


def _own(endpoint: str) -> str | None:
    host = urlsplit(endpoint).hostname or ""
    return None if host.endswith(".tencentcloudapi.com") else endpoint
