"""What rules a document out before or after asking, told without running the command."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backends.base import Secret, SecretRef
from backends.testing import make_context
from generator.cache.freshness import FreshnessRule
from generator.cache.store import NoStore
from generator.config.model import BackendSetup, Config
from generator.errors import Unavailable
from generator.finished.making import NoDocument, Written, make_document, reasons_of_config
from generator.generate import EntryResult, Outcome
from generator.grants import Granted
from generator.model import Credentials, Grant
from generator.output.document import Login, render
from tests.generator.fakes import CANARY, START, Clock, entry

TOKEN = Grant("AWS", Secret(CANARY), START, START + timedelta(hours=12))
CACHED = Granted(TOKEN, "cached", stored_as="grant-0a")


def written(*outcomes: Granted | Unavailable, name: str = "prod") -> Written:
    results = [EntryResult(entry(name), outcome) for outcome in outcomes]
    outcome = Outcome(results, keep_going=False)
    return Written(outcome, b"{}", None, FreshnessRule(), {}, NoStore(), told=True)


def reason(work: Written, clock: Clock | None = None) -> str:
    with pytest.raises(NoDocument) as caught:
        make_document(work, make_context({}, clock=clock or Clock()))
    assert CANARY not in caught.value.reason
    return caught.value.reason


def test_fresh_tokens_make_one() -> None:
    document = make_document(written(CACHED), make_context({}, clock=Clock()))
    assert document.mode == 0o600
    assert document.body == b"{}"
    assert document.until == START.timestamp() + 0.8 * 43200


@pytest.mark.parametrize(
    ("outcome", "because"),
    [
        (Unavailable("down", "it is down"), "prod failed"),
        (Granted(TOKEN, "kept", Unavailable("down", "down"), "grant-0a"), "could not be renewed"),
        (Granted(TOKEN, "fetched"), "not one that is stored"),
        (replace(CACHED, grant=replace(TOKEN, clock_skew_s=61.0)), "the clock is off"),
        (replace(CACHED, grant=replace(TOKEN, expires_at=None)), "does not come whole"),
    ],
)
def test_whatever_a_warm_run_could_do_otherwise_is_a_reason(
    outcome: Granted | Unavailable, because: str
) -> None:
    assert because in reason(written(CACHED, outcome))


@pytest.mark.parametrize(("kind", "leaves_one"), [("env", True), ("vault", False)])
def test_when_a_password_ends_is_asked_for_again_where_it_is_asked_for(
    kind: str, *, leaves_one: bool
) -> None:
    fields = {"password": SecretRef("env", "TOKEN"), "expires_at": SecretRef("store", "ENDS")}
    one = entry("prod", credentials=Credentials(fields=fields))
    granted = Granted(TOKEN, "fetched", handed_through=True)
    content = render([Login("prod.example", "AWS", TOKEN.secret)], "docker")
    setups = {
        name: BackendSetup(type_name, None, None)  # type: ignore[arg-type] # only its type is looked at
        for name, type_name in (("env", "env"), ("store", kind))
    }
    outcome = Outcome([EntryResult(one, granted)], keep_going=False)
    work = replace(written(), outcome=outcome, content=content, backends=setups)
    context = make_context({"TOKEN": CANARY, "ENDS": "2026-01-01T12:00:00Z"}, clock=Clock())
    if leaves_one:
        document = make_document(work, context)
        assert document.filled({b"TOKEN": CANARY.encode()}) == content
        return
    with pytest.raises(NoDocument, match="does not come whole"):
        make_document(work, context)


def test_a_token_that_is_spent_at_once_is_a_reason() -> None:
    assert "due to be renewed" in reason(written(CACHED), Clock(START + timedelta(hours=11)))


def test_a_name_that_no_terminal_should_see_is_a_reason() -> None:
    assert "not printed" in reason(written(CACHED, name="a\x1b[31m"))


def test_what_other_packages_bring_is_a_reason() -> None:
    setup = BackendSetup("theirs", None, None)  # type: ignore[arg-type] # only its type is looked at
    config = Config((entry("prod"),), {"store": setup}, "environment")
    assert list(reasons_of_config(config)) == [
        "prod is of a kind that another package brings",
        "the backend store is of a type that another package brings",
    ]
