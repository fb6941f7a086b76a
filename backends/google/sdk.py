"""What is asked of google-auth; called in a worker thread, for it waits where it is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.base import Secret
from backends.google.errors import implausible
from backends.google.key import unusable
from backends.http_model import HttpAnswer

Send = Callable[[str, str, Mapping[str, str], bytes | None], HttpAnswer]
_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class Wish:
    """What token is wanted: with which scope, as which account, for how long."""

    scope: str
    impersonate: str | None = None
    delegates: Sequence[str] = ()
    lifetime_s: float = 3600.0


def access_token(
    document: Mapping[str, Any], subject_token: Secret | None, wish: Wish, send: Send
) -> None:
    """Ask for the token that a credential document stands for; ``send`` sees the answer.

    Raises:
        BackendError: if the document can not be used, or an answer makes no sense to google-auth.
    """
    # a ValueError is how google-auth tells a key that is cut off
    try:
        credentials = _load(document, subject_token, wish)
    except ValueError:
        raise unusable("holds a key or a field that can not be used") from None
    _refresh(_as_another(credentials, wish), send)


def impersonated_token(token: Secret, wish: Wish, send: Send) -> None:
    """Ask, with a token that is already here, for one of the account to impersonate.

    Raises:
        BackendError: an answer makes no sense to google-auth.
    """
    from google.oauth2.credentials import Credentials

    _refresh(_as_another(Credentials(token=token.reveal()), wish), send)


def _load(document: Mapping[str, Any], subject_token: Secret | None, wish: Wish) -> Any:
    kind, scopes = document["type"], [wish.scope]
    if kind == "service_account":
        from google.oauth2 import service_account

        info = {"token_uri": _TOKEN_URI, **document}
        return service_account.Credentials.from_service_account_info(info, scopes=scopes)
    if kind == "authorized_user":
        from google.oauth2 import credentials

        return credentials.Credentials.from_authorized_user_info(document, scopes=scopes)
    if kind == "external_account_authorized_user":
        from google.auth import external_account_authorized_user as authorized_user

        return authorized_user.Credentials.from_info(document, scopes=scopes)
    if kind == "impersonated_service_account":
        from google.auth import impersonated_credentials as impersonated

        return impersonated.Credentials.from_impersonated_service_account_info(document, scopes)
    return _external(document, subject_token, scopes)


def _external(document: Mapping[str, Any], subject_token: Secret | None, scopes: list[str]) -> Any:
    from google.auth import aws, identity_pool, pluggable

    source = document["credential_source"]
    if subject_token is not None:
        info = {**document, "credential_source": None}
        return identity_pool.Credentials.from_info(
            info, scopes=scopes, subject_token_supplier=_Given(subject_token)
        )
    if str(source.get("environment_id", "")).startswith("aws"):
        return aws.Credentials.from_info(document, scopes=scopes)
    if "executable" in source:
        return pluggable.Credentials.from_info(document, scopes=scopes)
    return identity_pool.Credentials.from_info(document, scopes=scopes)


def _as_another(credentials: Any, wish: Wish) -> Any:
    if wish.impersonate is None:
        return credentials
    from google.auth import impersonated_credentials as impersonated

    return impersonated.Credentials(
        source_credentials=credentials,
        target_principal=wish.impersonate,
        target_scopes=[wish.scope],
        delegates=list(wish.delegates),
        lifetime=round(wish.lifetime_s),
    )


def _refresh(credentials: Any, send: Send) -> None:
    from google.auth import exceptions

    try:
        credentials.refresh(_Request(send))
    except (exceptions.GoogleAuthError, ValueError, TypeError, KeyError, AttributeError):
        # its words may quote the answer, and with it a token
        raise implausible("google-auth can not read it") from None


class _Given:
    """A subject token that is already here, as google-auth wants to be handed one."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def get_subject_token(self, _context: Any, _request: Any) -> str:
        return self._token.reveal()


class _Request:
    """google-auth's way to send a request (``google.auth.transport.Request``)."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_timeout: Any,
    ) -> "_Response":
        content = body.encode() if isinstance(body, str) else body
        return _Response(self._send(method, url, headers or {}, content))


class _Response:
    def __init__(self, answer: HttpAnswer) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.data = answer.body
