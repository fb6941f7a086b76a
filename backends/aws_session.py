"""The one AWS session of a run, made when somebody needs it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from backends.aws_identity import ambient_identity, file_endpoints, record_sdk_inputs
from backends.aws_sdk import endpoint_config, make_sdk_session
from backends.clock_skew import clock_skew_s
from backends.errors import BackendMisconfigured, SecretNotFound
from backends.inputs import InputRecorder
from backends.secret import IdentityPart, Secret
from backends.tls import TlsTrust

_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """An access key, given explicitly or taken over with a role."""

    access_key_id: str
    secret_access_key: Secret = field(repr=False)
    session_token: Secret | None = field(default=None, repr=False)


@dataclass(slots=True)
class AwsSession:
    """Opens clients on one lazily made session, so that its models are loaded once.

    Deadlines are the caller's; connecting takes at most 3 s, a silent answer 5 s, and what can
    heal is tried 3 times. Instance metadata is asked last, with a limit of 1 s.

    A named profile needs a session of its own in the SDK; it is made beside the first, on the
    same TLS context.
    """

    environment: Mapping[str, str] = field(repr=False)
    inputs: InputRecorder = field(repr=False)
    tls: TlsTrust = field(repr=False)
    _sessions: dict[str | None, Any] = field(default_factory=dict, repr=False)

    def region(self) -> str | None:
        """Return the region that the environment names."""
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            self.inputs.variable(name)
            if value := self.environment.get(name, "").strip():
                return value
        return None

    def identity(self, profile: str | None = None) -> Sequence[IdentityPart]:
        """Say whom the ordinary credential chain, or a profile, would find; no network.

        Keys count by their values, a web identity token by whom it stands for, a host's own role
        by being that.
        """
        return ambient_identity(self.environment, self.inputs, profile)

    def endpoint_identity(self, services: Sequence[str]) -> Sequence[IdentityPart]:
        """Return what moves the endpoints of ``services``: variables, and the config file."""
        names = [
            "AWS_ENDPOINT_URL",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "AWS_USE_FIPS_ENDPOINT",
            "AWS_USE_DUALSTACK_ENDPOINT",
            *(f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}" for service in services),
        ]
        for name in names:
            self.inputs.variable(name)
        return [
            *((name, value) for name in names if (value := self.environment.get(name))),
            *file_endpoints(self.environment, self.inputs),
        ]

    @asynccontextmanager
    async def client(
        self,
        service: str,
        *,
        what: str,
        region: str | None = None,
        profile: str | None = None,
        credentials: AwsCredentials | None = None,
        endpoint: str | None = None,
        allow_http: bool = False,
        fips: bool = False,
        dual_stack: bool = False,
    ) -> AsyncIterator[Any]:
        """Open a client of an AWS service; SDK errors that leave the block become our own.

        Args:
            service: botocore's name of it.
            what: the call and its place for messages, "ECR in eu-west-1".
            region: the region to sign for; without one the AWS config files say it.
            profile: a profile of the AWS config files to use instead of the ordinary chain.
            credentials: a key to use instead of the ordinary chain.
            endpoint: a URL to use instead of the service's own.
            allow_http: whether an endpoint may speak plain http to another host.
            fips: whether to use the service's FIPS endpoint.
            dual_stack: whether to use its endpoint that has IPv6 as well.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        from backends.aws_errors import translated  # noqa: PLC0415 - loads no SDK before a call

        if credentials is None:
            self.identity(profile)  # records what the chain will look at
        keys: dict[str, Any] = {}
        if credentials is not None:
            token = credentials.session_token
            keys = {
                "aws_access_key_id": credentials.access_key_id,
                "aws_secret_access_key": credentials.secret_access_key.reveal(),
                "aws_session_token": token.reveal() if token else None,
            }
        with translated(what):
            async with self._session(profile).client(
                service,
                region_name=region,
                endpoint_url=endpoint,
                config=endpoint_config(fips=fips, dual_stack=dual_stack),
                **keys,
            ) as client:
                _refuse_plain_http(client.meta.endpoint_url, what, allow_http=allow_http)
                yield client

    async def current_credentials(self, profile: str | None = None) -> AwsCredentials:
        """Return the keys that the ordinary chain gives, for signing elsewhere than in a client.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        from backends.aws_errors import translated  # noqa: PLC0415 - loads no SDK before a call

        with translated("the AWS credentials"):
            # aioboto3's session offers no coroutine for it; the one below it does
            found = await self._session(profile)._session.get_credentials()  # noqa: SLF001
            keys = await found.get_frozen_credentials() if found else None
        if keys is None:
            raise SecretNotFound(
                "aws-credentials-missing",
                "no AWS credentials were found",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role",
            )
        token = Secret(keys.token) if keys.token else None
        return AwsCredentials(keys.access_key, Secret(keys.secret_key), token)

    @staticmethod
    def clock_skew_s(answer: Mapping[str, Any], local_time: datetime) -> float:
        """Return by how many seconds the server that gave ``answer`` is ahead of us."""
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return clock_skew_s(headers.get("date"), local_time)

    def _session(self, profile: str | None) -> Any:
        if profile not in self._sessions:
            record_sdk_inputs(self.environment, self.inputs)
            for name in _PROXY_VARIABLES:
                self.inputs.variable(name)
                self.inputs.variable(name.lower())
            self._sessions[profile] = make_sdk_session(self.environment, self.tls, profile)
        return self._sessions[profile]


def vendor_endpoint(url: str) -> bool:
    """Tell whether a URL is one of AWS's own."""
    host = urlsplit(url).hostname or ""
    suffixes = (
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".api.aws",
        ".api.amazonwebservices.com.cn",
        ".api.amazonwebservices.eu",
        ".c2s.ic.gov",
        ".sc2s.sgov.gov",
        ".cloud.adc-e.uk",
        ".csp.hci.ic.gov",
    )
    return host.endswith(suffixes)


def _refuse_plain_http(url: str, what: str, *, allow_http: bool) -> None:
    parts = urlsplit(url)
    loopback = parts.hostname in ("localhost", "::1") or str(parts.hostname).startswith("127.")
    if parts.scheme == "http" and not loopback and not allow_http:
        raise BackendMisconfigured(
            "plain-http-refused",
            f"{what}: the endpoint speaks plain http to another host",
            "use https, or write allow_http: true if the network between is yours",
        )
