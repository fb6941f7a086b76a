"""Huawei Cloud SoftWare Repository for Container (SWR), basic edition.

``temporary`` asks for a login command (SWR API, "Generating a Temporary Login Command -
CreateSecret"): the answer is a dockercfg, its expiry a header. ``offline`` makes the long-term
login of the key itself (SWR user guide, "Obtaining a long-term login command"), which works as long
as the key does and is asked of nobody.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from backends.base import RunContext
from backends.options import Duration, EndpointUrl
from generator.errors import Misconfigured
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.answered_login import login_for
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.huawei.errors import ERRORS
from generator.registries.huawei.signature import long_term_password, signed_headers
from generator.registries.issuer import Issuer
from generator.registries.signing.canonical import query_string
from generator.registries.signing.keys import KeyForm, SigningKey

# The suffixes of the endpoints that the vendor's SDK (huaweicloudsdkswr) lists.
_HOST = re.compile(
    r"swr\.(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+)\.(?P<suffix>myhuaweicloud\.(?:com|eu))", re.ASCII
)
_KEYS = KeyForm(
    "huawei",
    ("access_key", "HUAWEICLOUD_SDK_AK", "ak", "access", "access_key_id"),
    ("secret_key", "HUAWEICLOUD_SDK_SK", "sk", "secret", "secret_access_key"),
    ("security_token", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "securitytoken", "session_token"),
)
_SWR = Issuer("huawei", "Huawei Cloud SWR", named=ERRORS)


class HuaweiOptions(ProviderOptions):
    """Options of ``provider: huawei``."""

    method: Literal["temporary", "offline"] = "temporary"
    """``offline`` writes a password that is made of the key, and lives as long as it."""
    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    """A project's name, if it is not the region's own."""
    expires_in: Annotated[Duration, Field(ge=900, le=86400)] | None = None
    """How long a temporary login is to live: 15m to 24h, where the region knows that."""
    endpoint: EndpointUrl | None = None
    """The URL of the API, if it is not the registry's region's."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class HuaweiProvider:
    """Logins of Huawei Cloud's registries, temporary ones unless told otherwise."""

    options: ClassVar[type[ProviderOptions]] = HuaweiOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("swr.REGION.myhuaweicloud.com", "swr.REGION.myhuaweicloud.eu"),
        lives="up to 24 h",
        example="""\
server: swr.cn-north-4.myhuaweicloud.com
credentials: {access_key: env:HUAWEICLOUD_SDK_AK, secret_key: env:HUAWEICLOUD_SDK_SK}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = _KEYS.fields

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, the method, and that the key is whole."""
        return [*_server_problems(entry), *_method_problems(entry), *_KEYS.problems(entry)]

    def hands_through(self, entry: RegistryEntry) -> bool:
        """Nobody is asked for what is made of the key."""
        options: HuaweiOptions = entry.options
        return options.method == "offline"

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell logins apart by host, method, project, life, endpoint and, without one, key."""
        options: HuaweiOptions = entry.options
        return GrantKey(
            (
                ("server", entry.server or ""),
                ("method", options.method),
                ("project", options.project or ""),
                ("expires_in", f"{options.expires_in or 0:g}"),
                ("endpoint", options.endpoint or ""),
                *_KEYS.identity(entry, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for a temporary login, or make the long-term one."""
        entry, key = request.entry, _KEYS.key(request, context)
        options: HuaweiOptions = entry.options
        if options.method == "offline":
            return _long_term(entry, key, context)
        endpoint, url = _call(entry)

        def headers() -> Mapping[str, str]:
            return signed_headers(key, "POST", url, now=context.clock())

        answer = await _SWR.ask(
            context, "POST", url, headers=headers, allow_http=options.allow_http
        )
        username, password = login_for(answer, entry.server or "")
        expires_at = answer.on(answer.headers.get("x-swr-expireat"))
        return answer.grant(username, password, expires_at, endpoint=_own(endpoint))


def _long_term(entry: RegistryEntry, key: SigningKey, context: RunContext) -> Grant:
    if key.token is not None:
        raise Misconfigured(
            "huawei-key-temporary",
            "a temporary key makes no long-term login",
            "drop method: offline, or name a key without a security token",
        )
    username = f"{_project(entry)}@{key.key_id}"
    return Grant(username, long_term_password(key), context.clock(), None)


def _call(entry: RegistryEntry) -> tuple[str, str]:
    """Return who is asked for a temporary login, and the whole URL."""
    options: HuaweiOptions = entry.options
    region, suffix = _place(entry)
    endpoint = options.endpoint or f"https://swr-api.{region}.{suffix}"
    parameters = {"projectname": _project(entry)}
    if options.expires_in is not None:
        parameters["duration_seconds"] = f"{options.expires_in:.0f}"
    path = f"/v2/manage/utils/secret?{query_string(parameters)}"
    return endpoint, f"{endpoint.rstrip('/')}{path}"


def _project(entry: RegistryEntry) -> str:
    options: HuaweiOptions = entry.options
    return options.project or _place(entry)[0]


def _place(entry: RegistryEntry) -> tuple[str, str]:
    host = _HOST.fullmatch(entry.server or "")
    assert host is not None  # checked by validate
    return host["region"], host["suffix"]


def _server_problems(entry: RegistryEntry) -> list[Problem]:
    if entry.server is None:
        hint = "write server: swr.REGION.myhuaweicloud.com"
        return [Problem(("server",), "no server is named", hint)]
    if _HOST.fullmatch(entry.server) is None:
        hint = "write swr.REGION.myhuaweicloud.com; a domain of your own goes under aliases"
        return [Problem(("server",), "not a host of Huawei Cloud's registries", hint)]
    return []


def _method_problems(entry: RegistryEntry) -> list[Problem]:
    options: HuaweiOptions = entry.options
    if options.method == "temporary":
        return []
    paths = [(name,) for name in ("expires_in", "endpoint") if getattr(options, name) is not None]
    problems = [Problem(path, "means nothing for method: offline", "drop it") for path in paths]
    if "security_token" in entry.credentials.fields:
        hint = "drop it, or method: offline"
        path = ("credentials", "security_token")
        problems.append(Problem(path, "a temporary key makes no long-term login", hint))
    return problems


def _own(endpoint: str) -> str | None:
    host = urlsplit(endpoint).hostname or ""
    return None if host.endswith((".myhuaweicloud.com", ".myhuaweicloud.eu")) else endpoint
