"""``aws-sm:NAME``: AWS Secrets Manager.

A name, a full ARN or one without its random suffix; ``?stage=``, ``?version_id=``, ``?region=``.
Operation and errors as the API reference of 2017-10-17 lists them for GetSecretValue.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from backends.aws_options import is_region
from backends.aws_secret_store import (
    AwsSecretStore,
    AwsService,
    AwsStoreOptions,
    arn_field,
    opened_store,
)
from backends.base import IdentityPart, RunContext, SecretDocument, SecretRef
from backends.errors import BackendError, BackendMisconfigured, SecretDenied, SecretNotFound
from backends.reference import unknown_options

_SERVICE = AwsService(
    name="secretsmanager",
    label="Secrets Manager",
    action="secretsmanager:GetSecretValue",
    endpoint_name="secrets-manager",
)
_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]{1,520}", re.ASCII
)
_NAME = re.compile(r"[\w/+=.@!-]{1,512}", re.ASCII)
_VERSION_ID = re.compile(r"[A-Za-z0-9-]{32,64}", re.ASCII)
_KMS_HINT = (
    "allow kms:Decrypt on the secret's key for this identity, "
    "and check that the key is enabled (another account needs a customer managed key)"
)


class SecretsManagerBackend:
    """Reads secrets; a JSON object's fields can be named, binary secrets must be UTF-8 text."""

    def __init__(self, store: AwsSecretStore) -> None:
        self._store = store

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Say which account's secret is meant, by region, endpoint, role and credential chain."""
        return self._store.identity(ref)

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Return one version of the secret.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        options = dict(ref.options)
        arguments = {"SecretId": ref.path}
        if "stage" in options:
            arguments["VersionStage"] = options["stage"]
        if "version_id" in options:
            arguments["VersionId"] = options["version_id"]
        place = self._store.place_of(ref)
        answer = await self._store.ask(
            ref,
            "get_secret_value",
            arguments,
            lambda code, message: _explain(ref, place, code, message),
        )
        text = answer.get("SecretString")
        if text is None:
            text = _decoded(answer.get("SecretBinary"), ref)
        if not isinstance(text, str):
            raise self._store.no_secret_in_answer(ref)
        version = answer.get("VersionId")
        return SecretDocument(text, version if isinstance(version, str) else None)


class SecretsManagerBackendFactory:
    """Makes backends of ``type: aws-sm``."""

    options = AwsStoreOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """Check name or ARN, and the options against each other."""
        problems = unknown_options(ref, ("region", "stage", "version_id"))
        options = dict(ref.options)
        if ref.path.startswith("arn:"):
            if not _ARN.fullmatch(ref.path):
                problems.append("aws-sm: malformed secret ARN")
            elif options.get("region", arn_field(ref, 3)) != arn_field(ref, 3):
                problems.append("aws-sm: region= contradicts the ARN")
        elif not _NAME.fullmatch(ref.path):
            problems.append("aws-sm: a secret name has only letters, digits and /_+=.@!-")
        if "stage" in options and "version_id" in options:
            problems.append("aws-sm: give stage= or version_id=, not both")
        if len(options.get("stage", "")) > 256:
            problems.append("aws-sm: a stage has at most 256 characters")
        if "version_id" in options and not _VERSION_ID.fullmatch(options["version_id"]):
            problems.append("aws-sm: version_id= is 32 to 64 letters, digits and '-'")
        if "region" in options and not is_region(options["region"]):
            problems.append("aws-sm: region= is not a region's name, as eu-west-1 is one")
        return problems

    def __call__(
        self, options: AwsStoreOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[SecretsManagerBackend]:
        """Make the backend; its clients are closed with it."""
        return _opened(options, context)


@asynccontextmanager
async def _opened(
    options: AwsStoreOptions, context: RunContext
) -> AsyncIterator[SecretsManagerBackend]:
    async with opened_store(_SERVICE, options, context) as store:
        yield SecretsManagerBackend(store)


def _decoded(binary: Any, ref: SecretRef) -> str | None:
    if not isinstance(binary, bytes):
        return None
    try:
        return binary.decode()
    except UnicodeDecodeError:
        raise BackendMisconfigured(
            "aws-secret-not-text",
            f"{ref.document}: the binary secret is not UTF-8 text",
            "store it as a text, base64-encoded if need be",
        ) from None


def _explain(ref: SecretRef, place: str, code: str, message: str) -> BackendError | None:
    match code:
        case "ResourceNotFoundException":
            return _not_found(ref, place, message)
        case "InvalidRequestException" if re.search(r"marked (?:for deletion|deleted)", message):
            return SecretNotFound(
                "aws-secret-pending-deletion",
                f"{ref.document}: {place}: the secret is scheduled for deletion",
                "restore it, or name another",
            )
        case "AccessDeniedException" if "KMS" in message or "kms:" in message:
            return SecretDenied(
                "aws-kms-denied",
                f"{ref.document}: {place}: the secret's KMS key is denied ({code})",
                _KMS_HINT,
            )
        case "DecryptionFailure":
            return SecretDenied(
                "aws-decryption-failed",
                f"{ref.document}: {place}: the secret could not be decrypted ({code})",
                _KMS_HINT,
            )
        case _:
            return None


def _not_found(ref: SecretRef, place: str, message: str) -> SecretNotFound:
    options = dict(ref.options)
    if "VersionId" in message:
        return SecretNotFound(
            "aws-version-not-found",
            f"{ref.document}: {place}: the secret has no such version",
            "check version_id=, or drop it for the current version",
        )
    if "staging label" in message:
        return SecretNotFound(
            "aws-stage-not-found",
            f"{ref.document}: {place}: no version of the secret has the stage "
            f"{options.get('stage', 'AWSCURRENT')}",
            "check stage=" if "stage" in options else "store a value in the secret",
        )
    if ref.path.startswith("arn:"):
        hint = "check the ARN; it is looked for in the region that the ARN names"
    else:
        hint = (
            "check name, region and account: another region is named by ?region=, "
            "another account's secret by its full ARN"
        )
    or_version = " (or no such stage or version of it)" if options.keys() - {"region"} else ""
    return SecretNotFound(
        "aws-secret-not-found", f"{ref.document}: {place} has no such secret{or_version}", hint
    )
