"""Access tokens of Google Cloud, by google-auth, over the run's own HTTP client.

google-auth knows every kind of credential document, but waits for its answers in the calling
thread. So it runs in a worker thread that itself never touches the network: each request is handed
to the event loop, where it has the run's deadline, retries, TLS trust and proxies, and where
cancelling ends it and with it the thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from backends.base import RunContext, Secret
from backends.clock_skew import clock_skew_s
from backends.errors import BackendMisconfigured, BackendUnavailable, BadAnswer
from backends.google.errors import WHAT, implausible, refuse_failure
from backends.google.gate import METADATA_HOSTS, Gate
from backends.google.key import unusable
from backends.google.sdk import Send, Wish, access_token, impersonated_token
from backends.http_model import HttpAnswer, HttpOptions

_METADATA_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of a token service; ``endpoint`` is who gave it, if it was not Google."""

    body: Mapping[str, Any]
    requested_at: datetime
    skew_s: float
    endpoint: str | None


class TokenCalls:
    """Sends what google-auth asks for, looks where it goes, remembers the last answer."""

    def __init__(self, gate: Gate, context: RunContext, *, allow_http: bool) -> None:
        self._gate = gate
        self.context = context
        self._allow_http = allow_http
        self.asked = False
        self.last: Answer | None = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpAnswer:
        """Send one request; only a success comes back.

        Raises:
            BackendError: refused, not reached, or an address that nobody trusts.
        """
        there = self._gate.pass_url(url)
        host = urlsplit(there).hostname or ""
        metadata = host in METADATA_HOSTS
        requested_at = self.context.clock()
        self.asked = True
        answer = await self.context.transport.request(
            method,
            there,
            headers=headers,
            content=body,
            what=WHAT,
            options=HttpOptions(
                allow_http=self._allow_http or metadata,
                total_s=_METADATA_S if metadata else HttpOptions().total_s,
            ),
        )
        refuse_failure(answer, url)
        self.last = Answer(
            answer.json_object(),
            requested_at,
            clock_skew_s(answer.headers.get("date"), self.context.clock()),
            None if there == url else f"{urlsplit(there).scheme}://{urlsplit(there).netloc}",
        )
        return answer


async def token_of_document(
    document: Mapping[str, Any], subject_token: Secret | None, wish: Wish, calls: TokenCalls
) -> Answer:
    """Return the answer that holds the token which a credential document stands for.

    Args:
        document: checked by `backends.google.key`.
        subject_token: for an ``external_account`` whose token is already here.
        wish: what token.
        calls: sends the requests.

    Raises:
        BackendError: unusable, refused, not reached, or an answer that makes no sense.
    """
    return await _refreshed(partial(access_token, document, subject_token, wish), calls)


async def token_of_metadata(wish: Wish, calls: TokenCalls, host: str) -> Answer:
    """Return the answer that holds the token of the machine's own service account.

    Args:
        wish: what token.
        calls: sends the requests.
        host: of the metadata service, with its port if it has one.

    Raises:
        BackendError: there is no metadata service here, or its answer makes no sense.
    """
    path = "computeMetadata/v1/instance/service-accounts/default/token"
    url = f"http://{host}/{path}"
    try:
        answer = await calls.send("GET", url, {"Metadata-Flavor": "Google"}, None)
    except BackendUnavailable as error:
        # most who get here have forgotten the key, and are on no machine of Google's
        hint = "outside of Google Cloud name a key: credentials:, or GOOGLE_APPLICATION_CREDENTIALS"
        raise BackendUnavailable(error.reference, error.message, hint) from None
    if answer.headers.get("metadata-flavor", "").lower() != "google":
        raise implausible("what answered is not Google's metadata service")
    if wish.impersonate is None:
        assert calls.last is not None
        return calls.last
    token = answer.json_object().get("access_token")
    if not isinstance(token, str):
        raise implausible("it holds no token")
    return await _refreshed(partial(impersonated_token, Secret(token), wish), calls)


async def _refreshed(ask: Callable[[Send], None], calls: TokenCalls) -> Answer:
    """Let google-auth get a token in a thread that waits for nothing but the event loop."""
    import anyio.from_thread  # noqa: PLC0415 - threads are for this registry only
    import anyio.to_thread  # noqa: PLC0415

    # what google-auth may look at by itself
    for prefix in ("GOOGLE_", "CLOUDSDK_", "GCE_METADATA_", "AWS_"):
        calls.context.inputs.prefix(prefix)
    calls.context.inputs.variable("HOME")

    def call() -> None:
        _require_google_auth()
        ask(lambda *arguments: anyio.from_thread.run(calls.send, *arguments))

    try:
        await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
    except BadAnswer:
        if not calls.asked:
            raise unusable("holds something that google-auth can not use") from None
        raise
    if calls.last is None:
        raise unusable("leads to no token service")
    return calls.last


def _require_google_auth() -> None:
    try:
        import google.auth  # noqa: F401 - looked for, so that its absence has a name
    except ImportError:
        raise BackendMisconfigured(
            "google-auth-missing",
            "tokens of Google Cloud need the package google-auth",
            "pip install 'dockercfg-generator[gcp]'",
        ) from None
