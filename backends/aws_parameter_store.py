"""``aws-ssm:/PATH/NAME``: AWS Systems Manager Parameter Store.

A name, a path or an ARN; ``?version=``, ``?label=``, ``?region=``. SecureStrings arrive decrypted.
Operation and errors as the API reference of 2014-11-06 lists them for GetParameter.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from backends.aws_options import is_region
from backends.aws_secret_store import (
    AwsSecretStore,
    AwsService,
    AwsStoreOptions,
    arn_field,
    opened_store,
)
from backends.base import IdentityPart, RunContext, SecretDocument, SecretRef
from backends.errors import BackendError, SecretDenied, SecretNotFound
from backends.reference import unknown_options

_SERVICE = AwsService(
    name="ssm", label="Parameter Store", action="ssm:GetParameter", endpoint_name="ssm"
)
_ARN = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]{1,1011}", re.ASCII)
_NAME = re.compile(r"[\w./-]{1,1011}", re.ASCII)
_LABEL = re.compile(r"(?!\d|aws|ssm)[\w.-]{1,100}", re.ASCII | re.IGNORECASE)
_KMS_HINT = (
    "allow kms:Decrypt on the parameter's key for this identity, and check that it is enabled"
)


class ParameterStoreBackend:
    """Reads parameters of the types String, StringList (as its text) and SecureString."""

    def __init__(self, store: AwsSecretStore) -> None:
        self._store = store

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Say which account's parameter is meant, by region, endpoint, role and credentials."""
        return self._store.identity(ref)

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Return one version of the parameter.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        options = dict(ref.options)
        selector = options.get("version") or options.get("label")
        name = f"{ref.path}:{selector}" if selector else ref.path
        place = self._store.place_of(ref)
        answer = await self._store.ask(
            ref,
            "get_parameter",
            {"Name": name, "WithDecryption": True},
            lambda code, message: _explain(ref, place, code, message),
        )
        parameter = answer.get("Parameter")
        value = parameter.get("Value") if isinstance(parameter, dict) else None
        if not isinstance(value, str):
            raise self._store.no_secret_in_answer(ref)
        version = parameter.get("Version") if isinstance(parameter, dict) else None
        return SecretDocument(value, str(version) if isinstance(version, int) else None)


class ParameterStoreBackendFactory:
    """Makes backends of ``type: aws-ssm``."""

    options = AwsStoreOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """Check name or ARN, and the options against each other."""
        problems = unknown_options(ref, ("label", "region", "version"))
        options = dict(ref.options)
        problems += _path_problems(ref)
        if options.get("region", arn_field(ref, 3)) != (arn_field(ref, 3) or options.get("region")):
            problems.append("aws-ssm: region= contradicts the ARN")
        if "version" in options and "label" in options:
            problems.append("aws-ssm: give version= or label=, not both")
        if not re.fullmatch(r"[1-9]\d{0,17}", options.get("version", "1"), re.ASCII):
            problems.append("aws-ssm: version must be a positive integer (omit it for the latest)")
        if not _LABEL.fullmatch(options.get("label", "x")):
            problems.append(
                "aws-ssm: a label has up to 100 letters, digits and '_.-', "
                "and does not start with a digit, 'aws' or 'ssm'"
            )
        if "region" in options and not is_region(options["region"]):
            problems.append("aws-ssm: region= is not a region's name, as eu-west-1 is one")
        return problems

    def __call__(
        self, options: AwsStoreOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[ParameterStoreBackend]:
        """Make the backend; its clients are closed with it."""
        return _opened(options, context)


@asynccontextmanager
async def _opened(
    options: AwsStoreOptions, context: RunContext
) -> AsyncIterator[ParameterStoreBackend]:
    async with opened_store(_SERVICE, options, context) as store:
        yield ParameterStoreBackend(store)


def _path_problems(ref: SecretRef) -> list[str]:
    if ref.path.startswith("arn:"):
        return [] if _ARN.fullmatch(ref.path) else ["aws-ssm: malformed parameter ARN"]
    if ":" in ref.path:
        return ["aws-ssm: a version is written ?version=3, a label ?label=NAME"]
    if not _NAME.fullmatch(ref.path):
        return ["aws-ssm: a parameter name has only letters, digits and /_.-"]
    if "/" in ref.path and not ref.path.startswith("/"):
        return ["aws-ssm: a name with '/' in it must start with '/'"]
    return []


def _explain(ref: SecretRef, place: str, code: str, message: str) -> BackendError | None:
    selector = next((name for name, _ in ref.options if name in ("label", "version")), None)
    match code:
        case "ParameterNotFound":
            or_selector = f" (or no such {selector} of it)" if selector else ""
            return SecretNotFound(
                "aws-parameter-not-found",
                f"{ref.document}: {place} has no such parameter{or_selector}",
                "check name, region and account: another region is named by ?region=, "
                "another account's shared parameter by its full ARN",
            )
        case "ParameterVersionNotFound":
            return SecretNotFound(
                f"aws-{selector or 'version'}-not-found",
                f"{ref.document}: {place}: the parameter has no such {selector or 'version'}",
                f"check {selector or 'version'}=, or drop it for the latest version",
            )
        case "AccessDeniedException" if "kms:" in message or "KMS" in message:
            return SecretDenied(
                "aws-kms-denied",
                f"{ref.document}: {place}: the parameter's KMS key is denied ({code})",
                _KMS_HINT,
            )
        case "InvalidKeyId":
            return SecretDenied(
                "aws-decryption-failed",
                f"{ref.document}: {place}: the parameter could not be decrypted ({code})",
                _KMS_HINT,
            )
        case _:
            return None
