"""CIs that put the job's OIDC token into a variable, and files that hold one."""

import re
from collections.abc import Sequence
from typing import Protocol

from backends.base import IdentityPart, RunContext, Secret
from backends.errors import SecretNotFound
from backends.jwt_identity import identity_of_token

OPAQUE_SOURCE = "ci-oidc"
"""The opaque input that a token is which had to be asked for."""

_LARGEST_FILE = 64 * 1024


class CiSource(Protocol):
    """One place that a job's token comes from."""

    @property
    def name(self) -> str:
        """The source's name as a part of an identity."""
        ...

    @property
    def label(self) -> str:
        """The source's name for messages."""
        ...

    @property
    def audience_hint(self) -> str:
        """What to do when the token is for another audience."""
        ...

    def is_here(self) -> bool:
        """Tell by variables whether this job runs there."""
        ...

    async def token(self, audience: str | None) -> Secret:
        """Return the token."""
        ...

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:
        """Say whom the token will stand for; offline."""
        ...


class TokenVariable:
    """A token in a variable that the user named."""

    name = "variable"
    audience_hint = "ask the CI for a token of that audience, or change the audience setting"

    def __init__(self, context: RunContext, variable: str) -> None:
        self._context = context
        self._variable = variable

    @property
    def label(self) -> str:
        """The variable's name."""
        return f"variable {self._variable}"

    def is_here(self) -> bool:
        """It is, since the user says so."""
        return True

    async def token(self, audience: str | None) -> Secret:  # noqa: ARG002 - it is what it is
        """Return the variable's value."""
        return self._value()

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:  # noqa: ARG002
        """Return whom the token names."""
        return identity_of_token(self._value())

    def _value(self) -> Secret:
        value = self._context.setting(self._variable)
        if value is None:
            raise SecretNotFound(
                "ci-token-missing",
                f"variable {self._variable} is not set, or empty",
                "set it to the job's OIDC token, or name another variable",
            )
        return Secret(value)


class TokenFile:
    """A token in a file, as Kubernetes projects them; read each time, for it is rotated."""

    name = "file"
    audience_hint = "have a token of that audience projected, or change the audience setting"

    def __init__(self, context: RunContext, path: str) -> None:
        self._context = context
        self._path = path

    @property
    def label(self) -> str:
        """The file's path."""
        return f"file {self._path}"

    def is_here(self) -> bool:
        """It is, since the user says so."""
        return True

    async def token(self, audience: str | None) -> Secret:  # noqa: ARG002 - it is what it is
        """Return the file's text."""
        return self._value()

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:  # noqa: ARG002
        """Return whom the token names."""
        return identity_of_token(self._value())

    def _value(self) -> Secret:
        content = self._context.read_file(self._path, limit=_LARGEST_FILE)
        text = content.decode("utf-8", "replace").strip()
        if not text:
            raise SecretNotFound(
                "ci-token-missing", f"{self.label} is empty", "write the job's OIDC token to it"
            )
        return Secret(text)


class _InVariable:
    """A CI that puts its token into a variable of its own choice."""

    name = ""
    label = ""
    audience_hint = ""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def is_here(self) -> bool:
        raise NotImplementedError

    async def token(self, audience: str | None) -> Secret:
        """Return the token that waits in the variable."""
        return self._value(audience)

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:
        """Return whom the token names."""
        return identity_of_token(self._value(audience))

    def _value(self, audience: str | None) -> Secret:
        raise NotImplementedError

    def _missing(self, what: str, hint: str) -> SecretNotFound:
        return SecretNotFound("ci-token-missing", f"{self.label}: {what}", hint)


class GitLabCi(_InVariable):
    """GitLab: the job's ``id_tokens:`` name a variable for each audience."""

    name = "gitlab"
    label = "GitLab CI"
    audience_hint = "write that audience as aud: of the job's id_tokens:"

    def is_here(self) -> bool:
        """GitLab's jobs say so."""
        return self._context.setting("GITLAB_CI") is not None

    def _value(self, audience: str | None) -> Secret:
        if audience is None:
            raise self._missing(
                "which of the job's tokens is meant is not said",
                "name the audience, or the variable under credentials:, as env:NAME",
            )
        variable = id_token_variable(audience)
        value = self._context.setting(variable)
        if value is None:
            raise self._missing(
                f"the job has no token in {variable}",
                f"add to the job: id_tokens: {{{variable}: {{aud: {audience}}}}}",
            )
        return Secret(value)


class CircleCi(_InVariable):
    """CircleCI: one token for each job, for the organisation's audience."""

    name = "circleci"
    label = "CircleCI"
    audience_hint = (
        "CircleCI's own token is for the organisation; for another audience put the output of "
        "circleci run oidc get into a variable and name that under credentials:, as env:NAME"
    )

    def is_here(self) -> bool:
        """CircleCI's jobs say so."""
        return self._context.setting("CIRCLECI") is not None

    def _value(self, audience: str | None) -> Secret:  # noqa: ARG002 - there is only one
        for name in ("CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN"):
            if value := self._context.setting(name):
                return Secret(value)
        raise self._missing(
            "the job has no CIRCLE_OIDC_TOKEN_V2",
            "give the job a context (any will do), then CircleCI sets the token",
        )


class BitbucketPipelines(_InVariable):
    """Bitbucket: one token for each step that asks for it."""

    name = "bitbucket"
    label = "Bitbucket Pipelines"
    audience_hint = "Bitbucket's token has the workspace's audience: use that one"

    def is_here(self) -> bool:
        """The token itself, or the step that could have had one."""
        return any(
            self._context.setting(name) is not None
            for name in ("BITBUCKET_STEP_OIDC_TOKEN", "BITBUCKET_STEP_UUID")
        )

    def _value(self, audience: str | None) -> Secret:  # noqa: ARG002 - there is only one
        value = self._context.setting("BITBUCKET_STEP_OIDC_TOKEN")
        if value is None:
            raise self._missing(
                "the step has no BITBUCKET_STEP_OIDC_TOKEN", "write oidc: true in the step"
            )
        return Secret(value)


def id_token_variable(audience: str) -> str:
    """Return the variable that by convention holds GitLab's token for an audience.

    As the ``id`` package of PyPI has it: ``vault`` is ``VAULT_ID_TOKEN``.
    """
    return re.sub(r"[^A-Z0-9_]|^[^A-Z_]", "_", audience.upper()) + "_ID_TOKEN"


def all_of(context: RunContext, names: Sequence[str]) -> list[IdentityPart]:
    """Return the variables as identity parts, nothing at all if one is missing."""
    values = [(name, context.setting(name)) for name in names]
    parts: list[IdentityPart] = [(name, value) for name, value in values if value is not None]
    return parts if len(parts) == len(values) else []
