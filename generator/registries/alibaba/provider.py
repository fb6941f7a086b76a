"""Alibaba Cloud Container Registry, Enterprise and Personal Edition.

Both give a temporary user name and password that live an hour by default; times are milliseconds
since the epoch. Sources: Container Registry API 2018-12-01, "GetAuthorizationToken"; for Personal
Edition API 2016-06-07, ``GET /tokens``, as the vendor's SDK (alibabacloud-cr20160607) asks it.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from backends.base import RunContext
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.alibaba.entry import (
    HOUR_S,
    KEYS,
    AlibabaHost,
    AlibabaOptions,
    entry_problems,
    parse_host,
)
from generator.registries.alibaba.errors import ERRORS
from generator.registries.alibaba.signature import signed_headers
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.issuer import Issuer
from generator.registries.signing.canonical import query_string

_API = re.compile(r"cr(-vpc)?\.[a-z0-9-]+\.aliyuncs\.com", re.ASCII)
_CR = Issuer("alibaba", "Alibaba Cloud Container Registry", named=ERRORS)


class AlibabaProvider:
    """Temporary passwords of Alibaba Cloud's registries."""

    options: ClassVar[type[ProviderOptions]] = AlibabaOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("NAME-registry.REGION.cr.aliyuncs.com", "registry.REGION.aliyuncs.com"),
        lives="1 h, up to 24 h",
        example="""\
server: team-registry.cn-hangzhou.cr.aliyuncs.com
instance_id: cri-kmsiwlxxdcvaduwb
credentials:
  access_key_id: env:ALIBABA_CLOUD_ACCESS_KEY_ID
  access_key_secret: env:ALIBABA_CLOUD_ACCESS_KEY_SECRET
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = KEYS.fields

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check host, instance and key against each other."""
        return entry_problems(entry)

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Tell tokens apart by region, instance, life, endpoint and, without credentials, key."""
        options: AlibabaOptions = entry.options
        return GrantKey(
            (
                ("region", _host(entry).region),
                ("instance_id", options.instance_id or ""),
                ("expires_in", f"{options.expires_in or 0:g}"),
                ("endpoint", options.endpoint or ""),
                *KEYS.identity(entry, context),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask for a temporary password, of an instance or of the region's Personal Edition."""
        options: AlibabaOptions = request.entry.options
        region, key = _host(request.entry).region, KEYS.key(request, context)
        endpoint = options.endpoint or f"https://cr.{region}.aliyuncs.com"
        enterprise = options.instance_id is not None
        method, url = _call(endpoint.rstrip("/"), options)

        def headers() -> Mapping[str, str]:
            return signed_headers(
                key,
                method,
                url,
                action="GetAuthorizationToken",
                version="2018-12-01" if enterprise else "2016-06-07",
                now=context.clock(),
                nonce=os.urandom(16).hex(),
            )

        answer = await _CR.ask(context, method, url, headers=headers, allow_http=options.allow_http)
        names = ("TempUsername", "AuthorizationToken", "ExpireTime")
        if not enterprise:
            answer, names = (
                answer.part("data"),
                ("tempUserName", "authorizationToken", "expireDate"),
            )
        username, token, expiry = names
        return answer.grant(
            answer.text(username, "user name"),
            answer.token(token),
            answer.at(answer.body.get(expiry), unit_s=0.001),
            endpoint=_own(endpoint),
        )


def _host(entry: RegistryEntry) -> AlibabaHost:
    host = parse_host(entry.server or "")
    assert host is not None  # checked by validate
    return host


def _call(endpoint: str, options: AlibabaOptions) -> tuple[str, str]:
    if options.instance_id is None:
        return "GET", f"{endpoint}/tokens"
    parameters = {"InstanceId": options.instance_id}
    if options.expires_in is not None:
        parameters["ExpiresInHours"] = f"{options.expires_in / HOUR_S:g}"
    return "POST", f"{endpoint}/?{query_string(parameters)}"


def _own(endpoint: str) -> str | None:
    return None if _API.fullmatch(urlsplit(endpoint).hostname or "") else endpoint
