"""CIs that a job asks for its OIDC token over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_sources import OPAQUE_SOURCE, all_of
from backends.errors import BadAnswer, SecretDenied, SecretNotFound
from backends.jwt_identity import claims_of


class HttpAnswer(Protocol):
    """What is looked at of an answer."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    def json(self) -> Any:
        """Return the body, parsed; raises a `BackendError` if it is no JSON."""
        ...


class HttpRequester(Protocol):
    """What is needed of the one HTTP client."""

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], what: str
    ) -> HttpAnswer:
        """Send a request and read its answer, whatever the status; raises a `BackendError`."""
        ...


class GitHubActions:
    """GitHub Actions: GET with the job's request token."""

    name = "github"
    label = "GitHub Actions"
    audience_hint = "ask GitHub for the audience that the other side wants"

    def __init__(self, context: RunContext, http: HttpRequester) -> None:
        self._context = context
        self._http = http

    def is_here(self) -> bool:
        """GitHub's jobs say so; a runner alike may only have the URL."""
        return any(
            self._context.setting(name) is not None
            for name in ("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL")
        )

    async def token(self, audience: str | None) -> Secret:
        """Ask for a token."""
        url, request_token = self._request()
        self._context.opaque(OPAQUE_SOURCE)
        if audience is not None:
            url += f"{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
        return await _asked(self._http, "GET", url, request_token, field="value", label=self.label)

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:  # noqa: ARG002
        """Return the subject that the request token names; without one, the job itself.

        Variables can not tell: an environment, which is part of the subject, is in none of them.
        """
        url, request_token = self._request()
        subject = (claims_of(request_token) or {}).get("oidc_sub")
        if isinstance(subject, str) and subject:
            return [("issuer", urlsplit(url).netloc), ("subject", subject)]
        return [("request_token", request_token)]

    def _request(self) -> tuple[str, Secret]:
        url = self._context.setting("ACTIONS_ID_TOKEN_REQUEST_URL")
        token = self._context.setting("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if url is None or token is None:
            raise SecretNotFound(
                "ci-token-missing",
                f"{self.label}: the job may not ask for an OIDC token",
                "write permissions: {id-token: write} in the workflow or job, and hand "
                "ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN to the container; "
                "pull requests from forks never get one",
            )
        return url, Secret(token)


class AzureDevOps:
    """Azure DevOps: POST with the job's access token; the audience is fixed."""

    name = "azure-devops"
    label = "Azure DevOps"
    audience_hint = "its tokens are always for api://AzureADTokenExchange: use that audience"
    _SUBJECT_VARIABLES = (
        "SYSTEM_COLLECTIONURI",
        "SYSTEM_TEAMPROJECTID",
        "SYSTEM_DEFINITIONID",
        "BUILD_SOURCEBRANCH",
    )

    def __init__(self, context: RunContext, http: HttpRequester) -> None:
        self._context = context
        self._http = http

    def is_here(self) -> bool:
        """Azure's agents say so."""
        return any(
            self._context.setting(name) is not None
            for name in ("SYSTEM_OIDCREQUESTURI", "TF_BUILD")
        )

    async def token(self, audience: str | None) -> Secret:  # noqa: ARG002 - it is fixed
        """Ask for a token."""
        url, access_token = self._request()
        self._context.opaque(OPAQUE_SOURCE)
        url += f"{'&' if '?' in url else '?'}api-version=7.1"
        return await _asked(
            self._http,
            "POST",
            url,
            access_token,
            field="oidcToken",
            label=self.label,
            # without it a bad token is answered with a page to log in
            headers={"X-TFS-FedAuthRedirect": "Suppress", "Content-Type": "application/json"},
        )

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:  # noqa: ARG002
        """Return what the subject, ``p://ORGANISATION/PROJECT/PIPELINE``, is made of."""
        _, access_token = self._request()
        parts = all_of(self._context, self._SUBJECT_VARIABLES)
        return parts or [("access_token", access_token)]

    def _request(self) -> tuple[str, Secret]:
        url = self._context.setting("SYSTEM_OIDCREQUESTURI")
        token = self._context.setting("SYSTEM_ACCESSTOKEN")
        if url is None or token is None:
            raise SecretNotFound(
                "ci-token-missing",
                f"{self.label}: SYSTEM_OIDCREQUESTURI or SYSTEM_ACCESSTOKEN is not set",
                "hand both to the step: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}",
            )
        return url, Secret(token)


async def _asked(
    http: HttpRequester,
    method: str,
    url: str,
    bearer: Secret,
    *,
    field: str,
    label: str,
    headers: Mapping[str, str] | None = None,
) -> Secret:
    answer = await http.request(
        method,
        url,
        headers={
            "Authorization": f"Bearer {bearer.reveal()}",
            "Accept": "application/json",
            **(headers or {}),
        },
        what=label,
    )
    if answer.status in (401, 403):
        raise SecretDenied(
            "ci-token-denied",
            f"{label} refuses to give an OIDC token (status {answer.status})",
            "the job's right to ask may be over, or was never given",
        )
    document = answer.json() if answer.status == 200 else None
    value = document.get(field) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise BadAnswer(
            "ci-answer-implausible",
            f"{label}: the answer holds no token (status {answer.status})",
            "check whether a proxy answers in its place",
        )
    return Secret(value)
