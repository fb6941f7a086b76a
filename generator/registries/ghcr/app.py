"""A GitHub App that asks GitHub's REST API for what it may have (``/app`` in its reference)."""

from datetime import timedelta
from typing import Any

from backends.base import RunContext
from backends.clock_skew import clock_skew_s
from backends.http_model import HttpAnswer
from generator.errors import AccessDenied
from generator.registries.ghcr.key import app_token
from generator.registries.ghcr.refusals import BY_STATUS, meaning_of
from generator.registries.issuer import Issuer, Refusal, TokenAnswer
from generator.registries.refusals import CLOCK_WRONG

_GITHUB = Issuer("ghcr", "GitHub", BY_STATUS)
# Further off than that no machine works at all; and who answers in GitHub's place is given no
# statement that is good at a time of its choosing.
_LARGEST_CORRECTION_S = 86400.0
_CLOCK_WRONG = f"{_GITHUB.kind}-{CLOCK_WRONG.reference}"


class App:
    """Who asks, and whom.

    Args:
        app_id: the App's id, or its client id.
        key: its private key, from `generator.registries.ghcr.key`.
        url: of the API.
        context: the run's.
        allow_http: let the API speak plain http on another host.
    """

    def __init__(
        self, app_id: str, key: Any, url: str, context: RunContext, *, allow_http: bool
    ) -> None:
        self._app_id = app_id
        self._key = key
        self._url = url
        self._context = context
        self._allow_http = allow_http
        # by how many seconds GitHub's clock is ahead, once it has found ours to be wrong
        self._ahead_s = 0.0

    async def installation(self, place: str) -> int:
        """Return the number of the App's installation at ``users/NAME`` or ``repos/OWNER/NAME``.

        Raises:
            EntryError: the App is not installed there, or GitHub refuses.
            BackendError: GitHub is not reached.
        """
        answer = await self._ask("GET", f"/{place}/installation")
        number = answer.body.get("id")
        if isinstance(number, bool) or not isinstance(number, int):
            raise answer.implausible("it holds no installation")
        return number

    async def token(self, installation: int, body: dict[str, Any]) -> TokenAnswer:
        """Return the answer that holds an installation's token, narrowed to what ``body`` says.

        Raises:
            EntryError: GitHub refuses.
            BackendError: GitHub is not reached.
        """
        # The URL is our own, not the answer's: whoever gave that would be shown the statement.
        path = f"/app/installations/{installation}/access_tokens"
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> TokenAnswer:
        """Ask, and once more by GitHub's clock if ours is wrong."""
        ahead_s = self._ahead_s
        try:
            return await self._send(method, path, body)
        except AccessDenied as error:
            if error.reference != _CLOCK_WRONG or self._ahead_s == ahead_s:
                raise
        return await self._send(method, path, body)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> TokenAnswer:
        """Send one request with a statement of now.

        A token that was made for an answer that never came is known to nobody, ends within the
        hour and ends no other: asking again does no harm.
        """
        now = self._context.clock() + timedelta(seconds=self._ahead_s)
        return await _GITHUB.ask(
            self._context,
            method,
            f"{self._url}{path}",
            headers={
                "Authorization": f"Bearer {app_token(self._key, self._app_id, now)}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            json=body,
            allow_http=self._allow_http,
            meaning=self._meaning,
        )

    def _meaning(self, answer: HttpAnswer) -> Refusal | None:
        refusal = meaning_of(answer)
        if refusal is CLOCK_WRONG and not self._ahead_s:
            ahead_s = clock_skew_s(answer.headers.get("date"), self._context.clock())
            self._ahead_s = ahead_s if abs(ahead_s) <= _LARGEST_CORRECTION_S else 0.0
        return refusal
