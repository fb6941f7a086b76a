"""One entry of each kind that asks somebody, as a config has it, and what a good answer is."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.parts import keys

SECRET = "CanaryHunter2"
# They are made when tests are collected, and are to outlive a slow run.
SOON_S = 6 * 3600


def token(**claims: Any) -> str:
    """Return a JSON Web Token that nobody has signed."""
    usual: dict[str, Any] = {
        "iss": "https://ci.example",
        "sub": "project",
        "aud": ["cgr.dev"],
        "jti": SECRET,
    }
    usual |= {"exp": int(time.time()) + SOON_S}
    middle = base64.urlsafe_b64encode(json.dumps(usual | claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.{SECRET}"


def environment() -> dict[str, str]:
    """Return what the entries refer to."""
    key = {"id": "aje1", "service_account_id": "aje2", "private_key": keys.pkcs8()}
    return {
        "SECRET": SECRET,
        "ID": f"id{SECRET}",
        "JWT": token(),
        "PEM": keys.pkcs8(),
        "YANDEX": json.dumps(key),
    }


@dataclass(frozen=True, slots=True)
class One:
    """An entry; ``answer`` is a body, ``headers`` what it needs beside it.

    ``others`` are other values of its options, each of which makes another token. ``same`` are
    options that make no other one, each for the reason that stands beside it.
    """

    entry: Mapping[str, Any]
    answer: Mapping[str, Any]
    others: Mapping[str, Any]
    same: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.entry["provider"])


JOB = {"oidc_token": "env:JWT"}
AUDIENCE = {"audience": "of the job's own token, which counts by whose it is"}
ELSEWHERE = "https://elsewhere.example"


def entries() -> dict[str, One]:
    """Return them by a name."""
    at = time.time() + SOON_S
    words = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    login = {"auth": base64.b64encode(b"user:secret").decode()}
    jwt = token()
    clouds = {"access_key_id": "env:ID", "access_key_secret": "env:SECRET"}
    client = {
        "provider": "oauth2",
        "server": "r.example",
        "endpoint": "https://login.example/token",
        "client_id": "ci",
    }
    oauth2 = {
        "endpoint": ELSEWHERE,
        "client_auth": "form",
        "client_id": "other",
        "scope": "push",
        "audience": "other",
        "resource": "https://other.example",
        "form": {"tenant": "other"},
        "username": "other",
        "token": "/id_token",
        "expires_in": "/lives",
        "expires_at": "/ends",
        "lifetime": "10m",
    }
    return {
        "alibaba": One(
            {
                "provider": "alibaba",
                "server": "team-registry.cn-hangzhou.cr.aliyuncs.com",
                "instance_id": "cri-a",
                "credentials": {**clouds, "security_token": "env:SECRET"},
            },
            {"TempUsername": "cr_temp", "AuthorizationToken": "t", "ExpireTime": at * 1000},
            {"instance_id": "cri-b", "expires_in": "2h", "endpoint": ELSEWHERE},
        ),
        "alibaba, personal": One(
            {
                "provider": "alibaba",
                "server": "registry.cn-hangzhou.aliyuncs.com",
                "credentials": clouds,
            },
            {"data": {"tempUserName": "u", "authorizationToken": "t", "expireDate": at * 1000}},
            {"endpoint": ELSEWHERE, "server": "registry.cn-beijing.aliyuncs.com"},
            dict.fromkeys(("instance_id", "expires_in"), "of the other edition"),
        ),
        "chainguard": One(
            {"provider": "chainguard", "identity": "a/b", "credentials": JOB},
            {"token": jwt},
            {"identity": "a/c", "audience": "other", "endpoint": ELSEWHERE},
        ),
        "cloudsmith": One(
            {"provider": "cloudsmith", "organization": "a", "service": "b", "credentials": JOB},
            {"token": jwt},
            {"organization": "b", "service": "c", "endpoint": ELSEWHERE},
            AUDIENCE,
        ),
        "digitalocean": One(
            {
                "provider": "digitalocean",
                "expiry": "30d",
                "credentials": {"token": "env:SECRET"},
            },
            {"auths": {"registry.digitalocean.com": login}},
            {
                "registry": "b",
                "read_write": True,
                "expiry": "2591999s",
                "endpoint": ELSEWHERE,
            },
        ),
        "dockerhub": One(
            {
                "provider": "dockerhub",
                "organization": "a",
                "connection_id": "11111111-2222-3333-4444-555555555555",
                "expires_in": "6h",
                "credentials": JOB,
            },
            {"access_token": jwt, "expires_in": SOON_S},
            {
                "organization": "b",
                "connection_id": "11111111-2222-3333-4444-555555555556",
                "expires_in": "21599s",
                "endpoint": ELSEWHERE,
            },
            AUDIENCE,
        ),
        "ghcr": One(
            {
                "provider": "ghcr",
                "server": "containers.git.example",
                "endpoint": "https://git.example/api/v3",
                "app_id": "12",
                "owner": "a",
                "credentials": {"private_key": "env:PEM"},
            },
            {"id": 5, "token": "ghs", "expires_at": words},
            {
                "app_id": "13",
                "owner": "b",
                "repositories": ["a", "b"],
                "permissions": {"packages": "write"},
                "endpoint": ELSEWHERE,
            },
            dict.fromkeys(("installation_id", "repository"), "instead of an owner"),
        ),
        "huawei": One(
            {
                "provider": "huawei",
                "server": "swr.cn-north-4.myhuaweicloud.com",
                "credentials": {"access_key": "env:ID", "secret_key": "env:SECRET"},
            },
            {"auths": {"swr.cn-north-4.myhuaweicloud.com": login}},
            {
                "server": "swr.cn-north-1.myhuaweicloud.com",
                "method": "offline",
                "project": "b",
                "expires_in": "86399s",
                "endpoint": ELSEWHERE,
            },
            headers={"x-swr-expireat": words},
        ),
        "ibm": One(
            {"provider": "ibm", "server": "us.icr.io", "credentials": {"api_key": "env:SECRET"}},
            {"access_token": "t", "expiration": at},
            {"method": "api_key", "endpoint": ELSEWHERE},
        ),
        "jfrog": One(
            {
                "provider": "jfrog",
                "server": "acme.jfrog.io",
                "provider_name": "a",
                "credentials": JOB,
            },
            {"access_token": jwt, "expires_in": SOON_S, "username": "u"},
            {
                "server": "other.jfrog.io",
                "provider_name": "b",
                "identity_mapping_name": "b",
                "project_key": "b",
                "audience": "b",
                "username": "b",
                "endpoint": ELSEWHERE,
            },
            dict.fromkeys(("method", "scope", "expires_in", "description"), "of the other method"),
        ),
        "jfrog, a token made": One(
            {
                "provider": "jfrog",
                "server": "acme.jfrog.io",
                "method": "access_token",
                "credentials": {"access_token": "env:SECRET"},
            },
            {"access_token": jwt, "expires_in": SOON_S},
            {
                "project_key": "b",
                "audience": "b",
                "scope": "b",
                "expires_in": "2h",
                "description": "b",
                "username": "b",
                "endpoint": ELSEWHERE,
            },
            dict.fromkeys(("method", "provider_name", "identity_mapping_name"), "the other's"),
        ),
        "oauth2": One(
            {
                **client,
                "username": "u",
                "grant_type": "client_credentials",
                "credentials": {"client_secret": "env:SECRET"},
            },
            {"access_token": "t", "expires_in": SOON_S},
            oauth2,
            dict.fromkeys(
                ("grant_type", "username_at", "token_audience", "subject_token_type"),
                "other entries",
            ),
        ),
        "oauth2, an exchange": One(
            {
                **client,
                "username_at": "/user",
                "grant_type": "token_exchange",
                "credentials": {**JOB, "client_secret": "env:SECRET"},
            },
            {"access_token": "t", "expires_at": at, "user": "u"},
            {
                **{name: value for name, value in oauth2.items() if name != "username"},
                "grant_type": "jwt_bearer",
                "username_at": "/name",
                "subject_token_type": "id_token",
            },
            {"username": "instead of username_at", "token_audience": "of the job's own token"},
        ),
        "ocir": One(
            {
                "provider": "ocir",
                "server": "fra.ocir.io",
                "tenancy": "ocid1.tenancy.oc1..a",
                "user": "ocid1.user.oc1..a",
                "credentials": {"private_key": "env:PEM"},
            },
            {"token": jwt},
            {
                "server": "iad.ocir.io",
                "tenancy": "ocid1.tenancy.oc1..b",
                "user": "ocid1.user.oc1..b",
                "fingerprint": ":".join(["ab"] * 16),
                "endpoint": ELSEWHERE,
            },
        ),
        "quay": One(
            {"provider": "quay", "robot": "a+b", "credentials": JOB},
            {"token": jwt},
            {"robot": "a+c", "server": "quay.example", "endpoint": ELSEWHERE},
            AUDIENCE,
        ),
        "tencent": One(
            {
                "provider": "tencent",
                "server": "team.tencentcloudcr.com",
                "registry_id": "tcr-a",
                "region": "ap-a",
                "credentials": {"secret_id": "env:ID", "secret_key": "env:SECRET"},
            },
            {"Response": {"Username": "1", "Token": "t", "ExpTime": at * 1000}},
            {"registry_id": "tcr-b", "region": "ap-b", "endpoint": ELSEWHERE},
        ),
        "yandex": One(
            {"provider": "yandex", "credentials": "env:YANDEX"},
            {"iamToken": "t", "expiresAt": words},
            {"method": "json_key", "endpoint": ELSEWHERE},
        ),
        "yandex, a machine": One(
            {"provider": "yandex", "method": "metadata"},
            {"access_token": "t", "expires_in": SOON_S},
            {},
            {"method": "it is one", "endpoint": "the machine's own service is asked"},
        ),
    }
