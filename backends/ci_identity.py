"""The CI's own OIDC token for an audience: whichever CI this job runs in.

Which variables hold it, and how one is asked for, is each vendor's documentation of its OIDC
tokens; `backends.ci_sources` has those that wait in a variable or file, `backends.ci_requests`
and `backends.ci_buildkite` those that are asked for.
"""

from collections.abc import Sequence

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_buildkite import Buildkite
from backends.ci_requests import AzureDevOps, GitHubActions, HttpRequester
from backends.ci_sources import (
    BitbucketPipelines,
    CircleCi,
    CiSource,
    GitLabCi,
    TokenFile,
    TokenVariable,
)
from backends.errors import BackendMisconfigured, BadAnswer, SecretNotFound
from backends.jwt_identity import claims_of

_LONGEST_TOKEN = 20_000


class CiIdentity:
    """Gives the job's token; has no state, so every call gives a token as fresh as there is."""

    def __init__(
        self,
        context: RunContext,
        http: HttpRequester,
        *,
        variable: str | None = None,
        file: str | None = None,
    ) -> None:
        """Look for the CI by its variables, unless a variable or file is named."""
        self._context = context
        self._named: CiSource | None = None
        if variable is not None:
            self._named = TokenVariable(context, variable)
        elif file is not None:
            self._named = TokenFile(context, file)
        self._known: tuple[CiSource, ...] = (
            GitHubActions(context, http),
            GitLabCi(context),
            CircleCi(context),
            AzureDevOps(context, http),
            BitbucketPipelines(context),
            Buildkite(context),
        )

    async def token(self, audience: str | None) -> Secret:
        """Return a token for ``audience``, ``None`` for the audience that the CI gives unasked.

        Raises:
            SecretNotFound: this is no CI that we know, or the job is not set up to have a token.
            BackendMisconfigured: the CI's token is for another audience.
            BackendError: the CI refused, or could not be asked.
        """
        source = self._source()
        token = await source.token(audience)
        text = token.reveal()
        if not (text.isascii() and text.isprintable() and " " not in text):
            raise BadAnswer(
                "ci-token-garbled",
                f"{source.label}: the token has characters that no token has",
                "check where the token comes from (a line break in it?)",
            )
        if not 0 < len(text) <= _LONGEST_TOKEN:
            raise BadAnswer(
                "ci-token-garbled",
                f"{source.label}: the token is empty or too long to be one",
                "check where the token comes from",
            )
        if audience is not None and audience not in _audiences(token, audience):
            raise BackendMisconfigured(
                "ci-audience-mismatch",
                f"{source.label}: the job's token is not for the audience that is wanted",
                source.audience_hint,
            )
        return token

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:
        """Say whom the token will stand for; offline.

        A token that is already here counts by issuer, audience and subject. One that is still to
        be asked for counts by what decides its subject; where that can not be known here, every
        job is an identity of its own, never another project's.

        Raises:
            SecretNotFound: this is no CI that we know, or the job is not set up to have a token.
        """
        source = self._source()
        return [
            ("ci", source.name),
            ("audience_wanted", audience or ""),
            *source.identity(audience),
        ]

    def _source(self) -> CiSource:
        if self._named is not None:
            return self._named
        for source in self._known:
            if source.is_here():
                return source
        raise SecretNotFound(
            "ci-not-recognised",
            "no CI that gives OIDC tokens is recognised by its variables",
            "hand the CI's variables to the container (docker run -e NAME), or name where the "
            "token is under credentials:, as env:NAME or file:PATH",
        )


def _audiences(token: Secret, wanted: str) -> Sequence[str]:
    """Return the audiences that a token names; an opaque one is taken at its word."""
    claims = claims_of(token)
    if claims is None or "aud" not in claims:
        return [wanted]
    audience = claims["aud"]
    return [str(one) for one in audience] if isinstance(audience, list) else [str(audience)]
