"""The backend: one GET for one document."""

from collections.abc import Sequence
from urllib.parse import quote

from backends.base import IdentityPart, RunContext, Secret, SecretDocument, SecretRef
from backends.errors import BackendUnavailable, BadAnswer, SecretDenied, SecretNotFound
from backends.transport import HttpSession


class JsonStore:
    """Reads secrets of the store at ``address``."""

    def __init__(
        self, address: str, token_variable: str, context: RunContext, session: HttpSession
    ) -> None:
        self._address = address
        self._token_variable = token_variable
        self._context = context
        self._session = session

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Return the address, and the token by its fingerprint: its owner is not known here."""
        return [("address", self._address), ("token", self._token())]

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Return the document.

        Raises:
            BackendError: one of the tree in `backends.errors`.
        """
        status, answer = await self._get(ref)
        place = f"{ref.document} at {self._address}"
        if status in (401, 403):
            raise SecretDenied(
                "json-store-denied",
                f"{place}: the store denies it (status {status})",
                f"check the token in {self._token_variable}, and what it may read",
            )
        if status == 404:
            raise SecretNotFound(
                "json-store-not-found", f"{place}: there is no such secret", "check the path"
            )
        if status >= 500 or status == 429:
            raise BackendUnavailable(
                "json-store-failing", f"{place}: it fails (status {status})", "try again later"
            )
        fields = answer.get("fields") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(fields, dict):
            raise BadAnswer(
                "json-store-answer-implausible",
                f"{place}: the answer is no secret (status {status})",
                "check the address, and whether a proxy answers in its place",
            )
        version = answer.get("version") if isinstance(answer, dict) else None
        return SecretDocument(fields, version if isinstance(version, str) else None)

    def _token(self) -> Secret:
        value = self._context.setting(self._token_variable)
        if value is None or not (value.isascii() and value.isprintable()):
            raise SecretNotFound(
                "json-store-token-missing",
                f"variable {self._token_variable} holds no token",
                "set it, or name another in token_variable:",
            )
        return Secret(value)

    async def _get(self, ref: SecretRef) -> tuple[int, object]:
        answer = await self._session.request(
            "GET",
            f"{self._address}/v1/secrets/{quote(ref.path)}",
            params=dict(ref.options),
            headers={"Authorization": f"Bearer {self._token().reveal()}"},
            what=str(ref.document),
        )
        return answer.status, answer.json_object()
