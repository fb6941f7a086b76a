"""Whatever an issuer answers: a grant that can be written or an error in our own words."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import BackendError
from backends.http_model import HttpAnswer
from backends.inputs import RecordedInputs
from backends.testing import make_context
from backends.transport import HttpTransport
from generator.config.load import load_config
from generator.errors import EntryError
from generator.generate import opened_backends
from generator.model import Grant, GrantRequest
from generator.registries.loader import provider_of
from generator.registries.login import problem_of_secret, problem_of_username
from generator.resolve import Resolver
from generator.settings import Settings
from tests.parts.one_entry import SECRET, One, entries, environment, token

ENTRIES = entries()
ENVIRONMENT = environment()

numbers = st.sampled_from([0, -1, 1e308, 1e400, -1e400, float("nan"), 10**18, 10**400, -(10**400)])
times = st.sampled_from(
    ["2030-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "nan", "1e400", "1_0"]
)
tokens = st.sampled_from(
    [token(exp=10**400), token(exp="x"), token(exp=None), token(sub="jfrt@x/users/a:b"), "e30.x.y"]
)
# what a hostile one would say again of what it was sent, in the form of its codes
words = st.sampled_from(
    [
        f"x{SECRET}9a9b9c9d",
        "<token>",
        "a:b",
        "x\n",
        "\x00",
        "\ud800",
        "ya29.x",
        "Throttling",
        "slow_down",
    ]
)
scalars = st.none() | st.booleans() | numbers | times | tokens | words | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["Code", "errorCode", "auth", "Error"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
FAILURES = ("Code", "Response", "code", "error", "error_code", "errors", "message", "IsSuccess")
HEADERS = ("date", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-swr-expireat")
headers = st.dictionaries(
    st.sampled_from(HEADERS),
    st.sampled_from(["0", "9" * 400, f"Thu, 01 Jan {'9' * 25} 00:00:00 GMT"]) | st.text(max_size=9),
)
statuses = st.sampled_from([200] * 8 + [204, 302, 400, 401, 403, 404, 409, 412, 418, 422, 429, 503])


@dataclass(frozen=True, slots=True)
class Mouth:
    """Stands for the HTTP client: the next answer is drawn when it is asked."""

    answer: Callable[[], HttpAnswer]

    async def request(self, _method: str, _url: str, **arguments: Any) -> HttpAnswer:
        given = arguments["headers"]
        if callable(given):
            given()
        answer = self.answer()
        if arguments["heals"]:
            arguments["heals"](answer)
        return answer


async def fetched(one: One, answer: Callable[[], HttpAnswer]) -> Grant:
    config = json.dumps({"registries": {"one": one.entry}})
    loaded = load_config(Settings("-", config_yaml=config), ENVIRONMENT, RecordedInputs())
    transport = cast(HttpTransport, Mouth(answer))
    context = replace(make_context(ENVIRONMENT), transport=transport)
    (entry,) = loaded.entries
    provider = provider_of(entry)
    async with opened_backends(loaded.backends, context) as backends:
        resolver = Resolver({name: one for name, (_, one) in backends.items()}, context.clock)
        resolved = await resolver.credentials(entry.credentials, provider.credential_fields)
        return await provider.fetch(GrantRequest(entry, resolved.secrets), context)


def bent(good: Mapping[str, Any], data: st.DataObject) -> Any:
    """Return a good answer with something else in one place, and perhaps a failure beside it."""
    if data.draw(st.integers(0, 9)) == 0:
        return data.draw(values)
    body = copy.deepcopy(dict(good))
    at = body
    while isinstance(inner := at[key := data.draw(st.sampled_from(sorted(at)))], dict):
        if data.draw(st.integers(0, 4)) == 0:
            break
        at = inner
    at[key] = data.draw(values)
    if data.draw(st.integers(0, 3)) == 0:
        body[data.draw(st.sampled_from(FAILURES))] = data.draw(values)
    return body


@pytest.mark.parametrize("name", ENTRIES)
def test_a_good_answer_is_a_grant(name: str) -> None:
    one = ENTRIES[name]
    answer = HttpAnswer(200, one.headers, json.dumps(one.answer).encode(), "there")
    assert anyio.run(fetched, one, lambda: answer).expires_at is not None


@pytest.mark.parametrize("name", ENTRIES)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_bent_answer_is_a_grant_or_an_error_of_ours(name: str, data: st.DataObject) -> None:
    one = ENTRIES[name]

    def answer() -> HttpAnswer:
        body = json.dumps(bent(one.answer, data)).encode()
        told = {**one.headers, **data.draw(headers)}
        return HttpAnswer(data.draw(statuses), told, body, "there")

    try:
        grant = anyio.run(fetched, one, answer)
    except (EntryError, BackendError) as refused:
        error = refused
    else:
        assert grant.expires_at is not None
        assert problem_of_username(grant.username) is None
        assert problem_of_secret(grant.secret) is None
        assert SECRET not in repr(grant)
        return
    assert error.hint
    assert SECRET not in f"{error.reference}{error.message}{error.hint}{error.__cause__!r}"
