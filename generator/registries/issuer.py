"""Asking whoever gives a kind's tokens, and making a grant of the answer.

What all kinds do alike: a status means one of a few things, a server's clock may be wrong, and a
time of expiry has to make sense before anybody relies on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backends.base import RunContext, Secret
from backends.clock_skew import clock_skew_s
from backends.document import found_at
from backends.http_model import Headers, HttpAnswer, HttpOptions
from backends.jwt_identity import claims_of
from generator.errors import AccessDenied, EntryError, ImplausibleAnswer, Misconfigured
from generator.model import Grant
from generator.registries.login import problem_of_secret, problem_of_username
from generator.registries.refusals import LATER, NamedErrors, Refusal, shown_code

__all__ = ["Issuer", "NamedErrors", "Refusal", "TokenAnswer"]

_LONGEST_S = 366 * 86400
_NAMED_SKEW_S = 60.0


_USUAL: Mapping[int, Refusal] = {
    401: Refusal(AccessDenied, "denied", "the credentials are not accepted", "check them"),
    403: Refusal(
        AccessDenied, "denied", "this identity may not have a token", "check its permissions"
    ),
    404: Refusal(Misconfigured, "unknown", "what is asked for is not there", "check the names"),
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives a kind's tokens: ``what`` names it in messages, ``kind`` begins its references.

    ``refusals`` say what a status means there. Of the others 401 and 403 are a denial, 404 is an
    unknown name, 408, 429 and 500 and above may heal, and the rest makes no sense. A code that is
    one of ``named`` says more than the status, which may be one of success then.
    """

    kind: str
    what: str
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    named: NamedErrors | None = None

    async def ask(
        self,
        context: RunContext,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        allow_http: bool = False,
        within_s: float = HttpOptions().total_s,
        idempotent: bool = True,
        meaning: Callable[[HttpAnswer], Refusal | None] | None = None,
    ) -> "TokenAnswer":
        """Send a request, retried as `backends.transport` does, and return the good answer.

        Args:
            context: the run's.
            method: of HTTP, as the other arguments that are named like its parts.
            url: whom to ask.
            headers: more than the usual ones; from a callable each attempt has its own.
            form: a body of form fields.
            json: a body of JSON.
            content: any other body.
            allow_http: let a secret travel over plain http to another host than this one.
            within_s: how long one attempt may take.
            idempotent: asking twice does no harm.
            meaning: looks at a failure first; ``None`` leaves it to its status.

        Raises:
            EntryError: the issuer refuses.
            BackendError: it is not reached.
        """
        requested_at = context.clock()
        answer = await context.transport.request(
            method,
            url,
            headers=headers,
            form=form,
            json=json,
            content=content,
            what=self.what,
            options=HttpOptions(allow_http=allow_http, total_s=within_s),
            idempotent=idempotent,
            heals=self.named.can_heal if self.named else None,
        )
        skew_s = clock_skew_s(answer.headers.get("date"), context.clock())
        if not answer.ok or self._code(answer):
            raise self.refused(answer, meaning(answer) if meaning else None, skew_s=skew_s)
        body = answer.json_object()
        return TokenAnswer(self, answer.what, answer.headers, body, requested_at, skew_s)

    def refused(
        self, answer: HttpAnswer, refusal: Refusal | None = None, *, skew_s: float = 0.0
    ) -> EntryError:
        """Return the error for a failure; ``refusal`` is what it means, if that is known.

        ``skew_s`` are the seconds that the server is ahead; if they are many, they may be why.
        """
        status, code = answer.status, shown_code(self._code(answer))
        told = f"status {status}, {code}" if code else f"status {status}"
        refusal = refusal or (self.named.meaning(answer) if self.named else None)
        refusal = refusal or self.refusals.get(status) or _USUAL.get(status)
        if refusal is None and (status in (408, 429) or status >= 500):
            refusal = LATER
        if refusal is None:
            return self.implausible(told, answer.what)
        return refusal.error(
            f"{self.kind}-{refusal.reference}",
            f"{answer.what}: {refusal.message} ({told}){_off(skew_s)}",
            refusal.hint,
        )

    def _code(self, answer: HttpAnswer) -> str:
        return self.named.code(answer) if self.named else ""

    def implausible(self, why: str, what: str = "") -> ImplausibleAnswer:
        """Return the error for an answer that makes no sense."""
        return ImplausibleAnswer(
            f"{self.kind}-answer-implausible",
            f"{what or self.what}: the answer makes no sense: {why}",
            "check the endpoint, and whether a proxy answers in its place",
        )


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A good answer; every look at it that finds no sense raises `ImplausibleAnswer`.

    ``body`` is the JSON object that it holds, ``headers`` have lower-case names. Times that it says
    are the server's: what returns one has corrected it by ``skew_s``, the seconds that the server
    is ahead.
    """

    issuer: Issuer
    what: str
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)
    requested_at: datetime
    skew_s: float

    def part(self, name: str) -> "TokenAnswer":
        """Return the answer that an object under a name is: an empty one, if there is none."""
        inner = self.body.get(name)
        return replace(self, body=inner if isinstance(inner, dict) else {})

    def text(self, name: str, meant: str) -> str:
        """Return a text that must be there, by name or JSON pointer; ``meant`` says what it is."""
        value = found_at(self.body, name) if name.startswith("/") else self.body.get(name)
        if not isinstance(value, str) or not value:
            raise self.implausible(f"it holds no {meant}")
        return value

    def token(self, name: str) -> Secret:
        """Return the token under a name."""
        return Secret(self.text(name, "token"))

    def at(self, seconds: object, *, unit_s: float = 1.0) -> datetime:
        """Return a time that is told in seconds, or other units, since the epoch."""
        try:
            # milliseconds that are meant as seconds would be a year of five digits
            return datetime.fromtimestamp(_number(seconds) * unit_s - self.skew_s, UTC)
        except (ValueError, OverflowError, OSError):
            raise self.implausible("it says no time of expiry that can be read") from None

    def after(self, seconds: object) -> datetime:
        """Return a time that is told in seconds from the request."""
        try:
            return self.requested_at + timedelta(seconds=_number(seconds))
        except (ValueError, OverflowError):
            raise self.implausible("it says no time of expiry that can be read") from None

    def on(self, text: object) -> datetime:
        """Return a time that is told in words of ISO 8601, with its zone."""
        try:
            there = datetime.fromisoformat(str(text))
        except ValueError:
            raise self.implausible("it says no time of expiry that can be read") from None
        if there.tzinfo is None:
            raise self.implausible("its time of expiry is of no time zone")
        return self.at(there.timestamp())

    def end_of(self, token: Secret) -> datetime:
        """Return when a JSON Web Token expires, by its own word (``exp`` of RFC 7519)."""
        return self.at((claims_of(token) or {}).get("exp"))

    def end_of_any(self, token: Secret, seconds: object) -> datetime:
        """Return when a token expires that may be no JSON Web Token, or not say its end.

        ``seconds`` from the request is what was told beside it, ``None`` if nothing was. If both
        say something, it is the earlier of the two.
        """
        if seconds is None:
            return self.end_of(token)
        told = self.after(seconds)
        exp = (claims_of(token) or {}).get("exp")
        return told if exp is None else min(told, self.at(exp))

    def grant(
        self,
        username: str,
        secret: Secret,
        expires_at: datetime,
        *,
        server_addresses: tuple[str, ...] = (),
        endpoint: str | None = None,
    ) -> Grant:
        """Return the grant, once its user name and its times make sense."""
        if problem := problem_of_username(username) or problem_of_secret(secret):
            raise self.implausible(problem)
        lives_s = (expires_at - self.requested_at).total_seconds()
        if not 0 < lives_s < _LONGEST_S:
            raise self.implausible("its time of expiry is past, or too far off to be one")
        return Grant(
            username=username,
            secret=secret,
            requested_at=self.requested_at,
            expires_at=expires_at,
            server_addresses=server_addresses,
            endpoint=endpoint,
            clock_skew_s=self.skew_s,
        )

    def implausible(self, why: str) -> ImplausibleAnswer:
        """Return the error for an answer that makes no sense."""
        return self.issuer.implausible(why, self.what)


def _off(skew_s: float) -> str:
    if abs(skew_s) <= _NAMED_SKEW_S:
        return ""
    return f"; this machine's clock is {abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead'}"


def _number(value: object) -> float:
    """Return a number; some services write theirs as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return float("nan")
    return float(value)
