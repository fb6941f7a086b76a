"""Issuers of one's own against a loopback token endpoint that checks what it is sent."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backends.base import Secret, SecretRef
from backends.errors import BackendError, BackendMisconfigured, SecretNotFound
from backends.testing import make_context
from generator.errors import (
    AccessDenied,
    EntryError,
    ImplausibleAnswer,
    Misconfigured,
    SecretMissing,
    Unavailable,
)
from generator.model import Credentials, Grant, GrantRequest, RegistryEntry
from generator.registries.issuer import TokenAnswer
from generator.registries.loader import kind_of_host
from generator.registries.oauth2.entry import OAuth2Options
from generator.registries.oauth2.errors import ISSUER
from generator.registries.oauth2.provider import OAuth2Provider, _expiry
from generator.testing import CANARY, ProviderCase, ProviderContract
from tests.parts.oauth2 import (
    AUDIENCE,
    CLIENT,
    CLIENT_SECRET,
    LIFETIME_S,
    ci_token,
    issuer,
    token_answer,
    told_error,
)
from tests.parts.service import PAGE, Service, Told, service

SECRETS = {"client_secret": Secret(CLIENT_SECRET)}
URN = "urn:ietf:params:oauth:"
CI_TOKEN = "HTTPS___ISSUER_EXAMPLE_ID_TOKEN"


@pytest.fixture(name="own")
def stand_in_for_an_issuer() -> Iterator[Service]:
    with service(issuer) as made:
        yield made


def entry(url: str = "https://issuer.example", *named: str, **more: Any) -> RegistryEntry:
    """Return an entry of client credentials; ``named`` are the fields under its credentials."""
    options = {
        "grant_type": "client_credentials",
        "endpoint": f"{url}/oauth2/token",
        "client_id": CLIENT,
        "username": "ci",
        **more,
    }
    server = options.pop("server", "r.example")
    document = options.pop("document", None)
    fields = {name: SecretRef("env", name.upper()) for name in named}
    return RegistryEntry(
        "own",
        "oauth2",
        server,
        OAuth2Options(**{n: v for n, v in options.items() if v is not None}),
        credentials=Credentials(document, fields),
    )


async def fetched(
    own: Service,
    secrets: Mapping[str, Secret] | None = None,
    *named: str,
    environment: Mapping[str, str] | None = None,
    **more: Any,
) -> Grant:
    given = SECRETS if secrets is None else secrets
    request = GrantRequest(entry(own.url, *(named or given), **more), given)
    return await OAuth2Provider().fetch(request, make_context(environment or {}))


def problems(one: RegistryEntry) -> list[str]:
    return [".".join(problem.path) for problem in OAuth2Provider().validate(one)]


class TestOAuth2KeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self, own: Service) -> ProviderCase:
        def told(**changes: Any) -> Any:
            return own.fail(Told(200, token_answer(**changes)))

        def refused(code: str, status: int = 400) -> Any:
            return own.fail(told_error(code, status))

        failures: dict[str, tuple[Any, type[EntryError | BackendError]]] = {
            "client": (refused("invalid_client", 401), AccessDenied),
            "grant": (refused("invalid_grant"), AccessDenied),
            "not allowed": (refused("unauthorized_client"), AccessDenied),
            "scope": (refused("invalid_scope"), Misconfigured),
            "target": (refused("invalid_target"), Misconfigured),
            "grant type": (refused("unsupported_grant_type"), Misconfigured),
            "request": (refused("invalid_request"), Misconfigured),
            "an unknown code": (refused(CANARY), Misconfigured),
            "a code that is none": (own.fail(Told(400, {"error": [CANARY]})), Misconfigured),
            "an unknown denial": (refused(CANARY, 403), AccessDenied),
            "a page that refuses": (own.fail(Told(400, PAGE)), Misconfigured),
            "an error with status 200": (refused("invalid_client", 200), AccessDenied),
            "an unknown error with status 200": (refused(CANARY, 200), AccessDenied),
            "later": (own.fail(*[told_error("temporarily_unavailable")] * 3), Unavailable),
            "another path": (own.fail(Told(404)), Misconfigured),
            "redirected": (
                own.fail(Told(302, headers={"Location": "https://elsewhere.example"})),
                ImplausibleAnswer,
            ),
            "throttled for ever": (own.fail_for_ever(429), Unavailable),
            "500 for ever": (own.fail_for_ever(500), Unavailable),
            "a page": (own.fail(Told(200, PAGE)), ImplausibleAnswer),
            "no token": (told(access_token=None), ImplausibleAnswer),
            "a token that is no text": (told(access_token=7), ImplausibleAnswer),
            "a token that is not UTF-8": (told(access_token="\ud800"), ImplausibleAnswer),
            "no expiry": (told(expires_in=None), ImplausibleAnswer),
            "expired": (told(expires_in=0), ImplausibleAnswer),
            "a negative expiry": (told(expires_in=-1), ImplausibleAnswer),
            "an expiry in words": (told(expires_in="soon"), ImplausibleAnswer),
            "milliseconds": (told(expires_in=3_600_000_000), ImplausibleAnswer),
            "no time at all": (told(expires_at=10**400), ImplausibleAnswer),
        }
        return ProviderCase(
            provider=OAuth2Provider(),
            entry=entry(own.url, "client_secret"),
            secrets=SECRETS,
            lifetime_s=LIFETIME_S,
            failures=failures,
            hang=own.hang,
            throttle=own.fail(Told(429, headers={"Retry-After": "1"})),
            retry_after_s=1.0,
            bad_entries={
                "no server": entry(own.url, "client_secret", server=None),
                "no user name": entry(own.url, "client_secret", username=None),
                "a user name with a colon": entry(own.url, "client_secret", username="a:b"),
                "no secret": entry(own.url),
                "a secret in the form": entry(
                    own.url, "client_secret", form={"client_secret": CANARY}
                ),
            },
        )


async def test_the_code_is_shown_and_a_passing_one_heals(own: Service) -> None:
    own.fail(told_error("invalid_scope"), told_error("temporarily_unavailable", 400))()
    with pytest.raises(Misconfigured, match=r"\(status 400, invalid_scope\)"):
        await fetched(own)
    assert (await fetched(own)).username == "ci"


async def test_client_credentials_by_basic_and_in_the_form(own: Service) -> None:
    grant = await fetched(own, scope="pull push", audience="r", form={"tenant": "t", "scope2": "x"})
    assert (grant.username, grant.secret) == ("ci", Secret(f"{CANARY}-oauth2"))
    assert grant.endpoint == f"{own.url}/oauth2/token"
    assert own.asked[0].form == {
        "grant_type": "client_credentials",
        "scope": "pull push",
        "audience": "r",
        "tenant": "t",
        "scope2": "x",
    }
    await fetched(own, client_auth="form")
    assert "authorization" not in own.asked[1].headers
    assert own.asked[1].form == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
    }


async def test_a_client_whose_name_is_a_secret_too(own: Service) -> None:
    secrets = {**SECRETS, "client_id": Secret(CLIENT)}
    assert (await fetched(own, secrets, client_id=None)).username == "ci"
    for missing in secrets:
        some = {name: secret for name, secret in secrets.items() if name != missing}
        with pytest.raises(SecretMissing, match=missing):
            await fetched(own, some, client_id=None)


async def test_a_token_is_exchanged(own: Service) -> None:
    token = {"oidc_token": Secret(ci_token())}
    grant = await fetched(
        own,
        token,
        grant_type="token_exchange",
        client_id=None,
        resource="https://r.example",
    )
    assert grant.secret == Secret(f"{CANARY}-oauth2")
    assert own.asked[0].form == {
        "grant_type": f"{URN}grant-type:token-exchange",
        "subject_token": token["oidc_token"].reveal(),
        "subject_token_type": f"{URN}token-type:jwt",
        "resource": "https://r.example",
    }
    more: Any = {"grant_type": "token_exchange", "subject_token_type": "id_token"}
    await fetched(own, {**token, **SECRETS}, **more)
    assert own.asked[1].form["subject_token_type"] == f"{URN}token-type:id_token"
    assert own.asked[1].headers["authorization"].startswith("Basic ")
    with pytest.raises(AccessDenied):
        await fetched(own, token, grant_type="token_exchange", subject_token_type="urn:x:other")
    assert own.asked[2].form["subject_token_type"] == "urn:x:other"
    assert own.asked[2].form["client_id"] == CLIENT


async def test_the_jobs_own_token_is_a_grant(own: Service) -> None:
    environment = {"GITLAB_CI": "true", CI_TOKEN: ci_token()}
    more: dict[str, Any] = {"grant_type": "jwt_bearer", "client_id": None}
    grant = await fetched(own, {}, environment=environment, token_audience=AUDIENCE, **more)
    assert grant.secret == Secret(f"{CANARY}-oauth2")
    assert own.asked[0].form == {
        "grant_type": f"{URN}grant-type:jwt-bearer",
        "assertion": environment[CI_TOKEN],
    }


@pytest.mark.parametrize("grant_type", ["token_exchange", "jwt_bearer"])
@pytest.mark.parametrize(
    "claims",
    [{"aud": "https://other.example"}, {"exp": 1_000_000_000}],
    ids=["wrong audience", "expired"],
)
async def test_a_token_that_is_not_accepted_is_a_denial(
    own: Service, grant_type: str, claims: dict[str, Any]
) -> None:
    with pytest.raises(AccessDenied) as caught:
        await fetched(own, {"oidc_token": Secret(ci_token(**claims))}, grant_type=grant_type)
    assert caught.value.reference == "oauth2-token-refused"
    assert "token_audience" in caught.value.hint


async def test_a_job_whose_token_is_for_another_audience_is_told_before_anybody_is_asked(
    own: Service,
) -> None:
    environment = {"GITLAB_CI": "true", CI_TOKEN: ci_token(aud="https://other.example")}
    more: dict[str, Any] = {"grant_type": "jwt_bearer", "token_audience": AUDIENCE}
    with pytest.raises(BackendMisconfigured):
        await fetched(own, {}, environment=environment, **more)
    with pytest.raises(SecretNotFound):
        await fetched(own, {}, **more)
    assert own.asked == []


async def test_a_document_without_the_token_is_not_completed_by_the_jobs_own(own: Service) -> None:
    document = SecretRef("env", "DOC")
    environment = {"GITLAB_CI": "true", CI_TOKEN: ci_token()}
    with pytest.raises(SecretMissing, match="oidc_token"):
        await fetched(
            own, SECRETS, environment=environment, grant_type="jwt_bearer", document=document
        )
    assert own.asked == []


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now + LIFETIME_S, UTC).isoformat()


def _jwt_that_ends(now: float) -> str:
    return jwt.encode({"exp": int(now) + LIFETIME_S}, "k" * 32)


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (lambda _: {"expires_in": str(LIFETIME_S)}, {}),
        (lambda _: {"expires_in": float(LIFETIME_S)}, {}),
        (lambda now: {"expires_at": int(now) + LIFETIME_S}, {}),
        (lambda now: {"expires_at": str(int(now) + LIFETIME_S)}, {}),
        (lambda now: {"expires_at": int((now + LIFETIME_S) * 1000)}, {}),
        (lambda now: {"expires_in": None, "expires_at": _iso(now)}, {}),
        (
            lambda _: {"expires_in": 7, "data": [{"ttl": LIFETIME_S}]},
            {"expires_in": "/data/0/ttl"},
        ),
        (
            lambda now: {"expires_in": 7, "meta": {"~/": int(now) + LIFETIME_S}},
            {"expires_at": "/meta/~0~1"},
        ),
        (lambda now: {"expires_in": None, "access_token": _jwt_that_ends(now)}, {}),
        (lambda now: {"expires_in": 7200, "access_token": _jwt_that_ends(now)}, {}),
        (lambda now: {"expires_at": now + 7200, "access_token": _jwt_that_ends(now)}, {}),
        (lambda _: {"expires_in": None}, {"lifetime": f"{LIFETIME_S}s"}),
        (lambda _: {"expires_in": LIFETIME_S}, {"lifetime": "5m"}),
    ],
)
async def test_the_expiry_is_the_answers_or_the_tokens_else_the_configs(
    own: Service, answer: Callable[[float], dict[str, Any]], options: dict[str, Any]
) -> None:
    now = time.time()
    own.fail(Told(200, token_answer(**answer(now))))()
    grant = await fetched(own, **options)
    assert grant.expires_at is not None
    assert grant.expires_at.timestamp() - now == pytest.approx(LIFETIME_S, abs=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(at=JSON, seconds=JSON, token=st.text(min_size=1))
def test_whatever_an_answer_says_of_its_expiry_it_is_a_time_or_makes_no_sense(
    at: Any, seconds: Any, token: str
) -> None:
    body = {"expires_at": at, "expires_in": seconds}
    answer = TokenAnswer(ISSUER, "the token endpoint", {}, body, datetime.now(UTC), 0.0)
    try:
        expires_at = _expiry(answer, Secret(token), entry().options)
    except ImplausibleAnswer:
        return
    assert expires_at.utcoffset() is not None


async def test_without_an_expiry_it_says_what_to_write(own: Service) -> None:
    own.fail(Told(200, token_answer(expires_in=None)))()
    with pytest.raises(ImplausibleAnswer) as caught:
        await fetched(own)
    assert caught.value.reference == "oauth2-expiry-unknown"
    assert "lifetime: 1h" in caught.value.hint


@pytest.mark.parametrize(
    ("option", "message"),
    [("token", "no token where the option token"), ("username_at", "the option username_at says")],
)
async def test_what_is_not_where_the_entry_says_names_the_option_and_never_the_pointer(
    own: Service, option: str, message: str
) -> None:
    own.fail(Told(200, token_answer()))()
    options: dict[str, Any] = {"username": None, "username_at": "/user", option: f"/{CANARY}"}
    with pytest.raises(ImplausibleAnswer, match=message) as caught:
        await fetched(own, **options)
    assert CANARY not in caught.value.message


async def test_a_path_where_nothing_is_is_the_endpoints(own: Service) -> None:
    own.fail(Told(404))()
    with pytest.raises(Misconfigured) as caught:
        await fetched(own)
    assert caught.value.hint == "check the path of endpoint"


async def test_a_clock_ten_minutes_off_is_corrected_for(own: Service) -> None:
    own.date_offset_s = 600
    expires_at = int(own.now()) + LIFETIME_S
    own.fail(Told(200, token_answer(expires_at=expires_at)))()
    grant = await fetched(own)
    assert grant.clock_skew_s == pytest.approx(600, abs=2)
    assert grant.expires_at is not None
    lives_s = (grant.expires_at - grant.requested_at).total_seconds()
    assert lives_s == pytest.approx(LIFETIME_S, abs=3)


async def test_token_and_user_name_are_read_where_they_are_said_to_stand(own: Service) -> None:
    answer = token_answer(data={"user": "robot", "pass": f"{CANARY}-there", "none": None})
    options: dict[str, Any] = {"username": None, "username_at": "/data/user", "token": "/data/pass"}
    own.fail(Told(200, answer), Told(200, answer), Told(200, answer))()
    grant = await fetched(own, **options)
    assert (grant.username, grant.secret) == ("robot", Secret(f"{CANARY}-there"))
    for nowhere in ("/data/none", "/data/user/0"):
        with pytest.raises(ImplausibleAnswer):
            await fetched(own, **{**options, "username_at": nowhere})


@pytest.mark.parametrize("username", ["a:b", "", "\ud800"])
async def test_a_user_name_that_no_client_reads_back_makes_no_sense(
    own: Service, username: str
) -> None:
    own.fail(Told(200, token_answer(user=username)))()
    with pytest.raises(ImplausibleAnswer):
        await fetched(own, username=None, username_at="/user")


async def test_a_secret_travels_over_plain_http_only_if_the_entry_says_so() -> None:
    request = GrantRequest(entry("http://192.0.2.1", "client_secret"), SECRETS)
    with pytest.raises(BackendMisconfigured, match="plain http"):
        await OAuth2Provider().fetch(request, make_context({}))


TOKEN = {"grant_type": "token_exchange", "client_id": None}


@pytest.mark.parametrize(
    ("one", "places"),
    [
        (entry("https://i", "client_secret"), []),
        (entry("https://i", document=SecretRef("env", "DOC"), client_id=None), []),
        (entry("https://i", "client_id", "client_secret", client_id=None), []),
        (entry("https://i", "oidc_token", **TOKEN), []),
        (entry("https://i", **TOKEN, token_audience="x", subject_token_type="id_token"), []),
        (entry("https://i", "client_secret", "oidc_token", grant_type="jwt_bearer"), []),
        (entry("https://i"), ["credentials"]),
        (entry("https://i", "client_secret", client_id=None), ["client_id"]),
        (entry("https://i", "client_id", "client_secret"), ["client_id"]),
        (entry("https://i", "client_secret", client_auth="none"), ["client_auth"]),
        (
            entry("https://i", "client_secret", grant_type="jwt_bearer", client_auth="none"),
            ["credentials.client_secret"],
        ),
        (entry("https://i", **TOKEN, client_auth="form"), ["credentials", "client_id"]),
        (entry("https://i", "client_secret", "oidc_token"), ["credentials.oidc_token"]),
        (entry("https://i", "client_secret", token_audience="x"), ["token_audience"]),
        (entry("https://i", "oidc_token", **TOKEN, token_audience="x"), ["token_audience"]),
        (
            entry("https://i", grant_type="jwt_bearer", subject_token_type="jwt"),
            ["subject_token_type"],
        ),
        (entry("https://i", "client_secret", username_at="/user"), ["username_at"]),
        (entry("https://i", "client_secret", username=None), ["username"]),
        (entry("https://i", "client_secret", server=None), ["server"]),
    ],
)
def test_an_entry_says_what_its_grant_needs_and_nothing_against_it(
    one: RegistryEntry, places: list[str]
) -> None:
    assert problems(one) == places


@pytest.mark.parametrize("name", ["token", "username_at", "expires_in", "expires_at"])
def test_a_pointer_that_is_none_may_be_a_secret_and_is_not_shown(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        entry(**{name: CANARY})
    assert "not a JSON pointer, as /access_token is one" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"requested_token_type": f"{URN}token-type:jwt", "token_format": "opaque"}, None),
        ({"grant_type": "password"}, "itself"),
        ({"scope": "x"}, "itself"),
        ({"client_id": "x"}, "itself"),
        ({"client_secret": CANARY}, "secret"),
        ({"password": CANARY}, "secret"),
        ({"Api_Key": CANARY}, "secret"),
        ({"actor_token": CANARY}, "secret"),
        ({"client_assertion": CANARY}, "secret"),
        ({"anything": ci_token()}, "secret"),
    ],
)
def test_the_form_holds_neither_the_grants_own_fields_nor_secrets(
    form: dict[str, str], message: str | None
) -> None:
    found = OAuth2Provider().validate(entry("https://i", "client_secret", form=form))
    assert [".".join(problem.path) for problem in found] == (
        [] if message is None else [f"form.{name}" for name in form]
    )
    assert all(message is not None and message in problem.message for problem in found)
    assert CANARY not in repr(found)


def test_whatever_makes_it_another_token_makes_it_another_grant() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"url": "https://other.example"},
        {"client_id": "other"},
        {"client_auth": "form"},
        {"scope": "pull"},
        {"audience": "r"},
        {"resource": "https://r"},
        {"form": {"tenant": "t"}},
        {"form": {"tenant": "u"}},
        {"username": "other"},
        {"username_at": "/user"},
        {"token": "/id_token"},
        {"expires_in": "/ttl"},
        {"expires_at": "/until"},
        {"lifetime": "1h"},
    ]
    keys = {OAuth2Provider().grant_key(entry(**change), make_context({})) for change in changes}
    assert len(keys) == len(changes)
    same: list[dict[str, Any]] = [{"server": "other.example"}, {"allow_http": True}]
    keys |= {OAuth2Provider().grant_key(entry(**change), make_context({})) for change in same}
    assert len(keys) == len(changes)


def test_the_job_counts_by_whose_it_is_although_a_clients_secret_is_named() -> None:
    def key(one: RegistryEntry, subject: str, number: int = 1) -> Any:
        token = ci_token(sub=subject, jti=str(number))
        context = make_context({"GITLAB_CI": "true", CI_TOKEN: token})
        return OAuth2Provider().grant_key(one, context)

    for named in ((), ("client_secret",)):
        one = entry("https://i", *named, grant_type="jwt_bearer", token_audience=AUDIENCE)
        assert OAuth2Provider().uses_host(one)
        assert key(one, "project", 1) == key(one, "project", 2)
        assert key(one, "project") != key(one, "other")
    clients = entry("https://i", "client_secret")
    assert key(clients, "project") == key(clients, "other")
    assert not OAuth2Provider().uses_host(clients)
    assert not OAuth2Provider().uses_host(entry("https://i", "oidc_token", **TOKEN))


def test_no_host_is_taken_for_one_of_its() -> None:
    assert kind_of_host("issuer.example") == "static"
    assert kind_of_host("oauth2.example") == "static"
