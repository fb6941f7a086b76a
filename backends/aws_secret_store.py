"""What Secrets Manager and Parameter Store have in common: settings, regions, clients, errors."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import anyio
from pydantic import model_validator

from backends.aws_options import (
    ExternalId,
    ProfileName,
    Region,
    RoleArn,
    SessionName,
)
from backends.aws_roles import AwsRole, assume_role
from backends.aws_session import AwsCredentials
from backends.base import IdentityPart, RunContext, SecretRef
from backends.errors import BackendError, BadAnswer
from backends.once import Once
from backends.options import BackendOptions, EndpointUrl

READS_AT_ONCE = 8


class AwsStoreOptions(BackendOptions):
    """Settings of a backend of ``type: aws-sm`` or ``type: aws-ssm``."""

    region: Region | None = None
    """Where to look, unless the reference says it; else AWS_REGION, else the profile's."""
    profile: ProfileName | None = None
    """A profile of the AWS config files; it wins over keys in variables."""
    role_arn: RoleArn | None = None
    """A role to assume first."""
    external_id: ExternalId | None = None
    """The external id that the role's owner asks for."""
    role_session_name: SessionName | None = None
    """What AWS's logs call the session of the role."""
    endpoint: EndpointUrl | None = None
    """The URL of the service, if it is not AWS's own."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""

    @model_validator(mode="after")
    def _role_options_need_a_role(self) -> Self:
        if self.role_arn is None and (self.external_id or self.role_session_name):
            raise ValueError("external_id and role_session_name mean nothing without role_arn")
        return self


@dataclass(frozen=True, slots=True)
class AwsService:
    """A service that keeps secrets; ``name`` is botocore's, ``action`` what a policy allows."""

    name: str
    label: str
    action: str
    endpoint_name: str
    """The service's name in ``AWS_ENDPOINT_URL_<NAME>``."""


class AwsSecretStore:
    """Asks one service: a client a region, opened when it is needed, and 8 calls at a time."""

    def __init__(
        self,
        service: AwsService,
        options: AwsStoreOptions,
        context: RunContext,
        clients: AsyncExitStack,
    ) -> None:
        self._service = service
        self._options = options
        self._context = context
        self._stack = clients
        self._slots = anyio.Semaphore(READS_AT_ONCE)
        self._clients: dict[str | None, Once[Any]] = {}
        self._role: Once[AwsCredentials] | None = None

    def region_of(self, ref: SecretRef) -> str | None:
        """Return the region: the ARN's, the option's, the settings', the environment's.

        ``None`` leaves it to the AWS config files.
        """
        return (
            arn_field(ref, 3)
            or dict(ref.options).get("region")
            or self._options.region
            or self._context.aws.region()
        )

    def place_of(self, ref: SecretRef) -> str:
        """Return where a secret is looked for, for messages: "Secrets Manager in eu-west-1"."""
        return self._place(self.region_of(ref))

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Return region, account, endpoint, role and whom the credential chain finds; offline."""
        options = self._options
        services = [self._service.endpoint_name, *(["sts"] if options.role_arn else [])]
        return [
            ("service", self._service.name),
            ("region", self.region_of(ref) or ""),
            ("account", arn_field(ref, 4) or ""),
            ("endpoint", options.endpoint or ""),
            ("profile", options.profile or ""),
            ("role_arn", options.role_arn or ""),
            ("external_id", options.external_id or ""),
            ("role_session_name", options.role_session_name or ""),
            *self._context.aws.endpoint_identity(services),
            *((f"aws.{n}", v) for n, v in self._context.aws.identity(options.profile)),
        ]

    async def ask(
        self,
        ref: SecretRef,
        operation: str,
        arguments: Mapping[str, Any],
        explain: Callable[[str, str], BackendError | None],
    ) -> Mapping[str, Any]:
        """Call one operation for ``ref``.

        Args:
            ref: the reference, for its region and for messages.
            operation: the client's method.
            arguments: what the operation takes.
            explain: error of a code and message of AWS; ``None`` leaves it to the common ones.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        from backends.aws_errors import translated  # noqa: PLC0415 - loads no SDK before a call

        region = self.region_of(ref)
        async with self._slots:
            client = await self._client(region)
            what = f"{ref.document}: {self._place(region)}"
            with translated(what, action=self._service.action, explain=explain):
                answer: Mapping[str, Any] = await getattr(client, operation)(**arguments)
        return answer

    def no_secret_in_answer(self, ref: SecretRef) -> BadAnswer:
        """Return the error for an answer that is none: a proxy's page reads as an empty object."""
        return BadAnswer(
            "aws-answer-implausible",
            f"{ref.document}: {self.place_of(ref)}: the answer holds no secret",
            "check the endpoint, and whether a proxy answers in its place",
        )

    async def _client(self, region: str | None) -> Any:
        async def open_client() -> Any:
            return await self._stack.enter_async_context(
                self._context.aws.client(
                    self._service.name,
                    what=self._place(region),
                    region=region,
                    profile=None if self._options.role_arn else self._options.profile,
                    credentials=await self._role_credentials(region),
                    endpoint=self._options.endpoint,
                    allow_http=self._options.allow_http,
                )
            )

        return await self._clients.setdefault(region, Once(open_client)).get()

    async def _role_credentials(self, region: str | None) -> AwsCredentials | None:
        options, aws = self._options, self._context.aws
        if options.role_arn is None:
            return None
        role = AwsRole(options.role_arn, options.external_id, options.role_session_name)
        if self._role is None:
            self._role = Once(
                lambda: assume_role(
                    aws, role, region=region, profile=options.profile, allow_http=options.allow_http
                )
            )
        return await self._role.get()

    def _place(self, region: str | None) -> str:
        return f"{self._service.label} in {region}" if region else self._service.label


@asynccontextmanager
async def opened_store(
    service: AwsService, options: AwsStoreOptions, context: RunContext
) -> AsyncIterator[AwsSecretStore]:
    """Give a store whose clients are closed at the end; nothing is opened before it is asked."""
    async with AsyncExitStack() as clients:
        yield AwsSecretStore(service, options, context, clients)


def arn_field(ref: SecretRef, index: int) -> str | None:
    """Return a field of a reference that is an ARN (3 is the region, 4 the account)."""
    parts = ref.path.split(":")
    return parts[index] or None if parts[0] == "arn" and len(parts) > index else None
