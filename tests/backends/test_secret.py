"""The one type that holds a secret value."""

import copy
import json
import logging
import pickle
import traceback

import pytest

from backends.secret import Secret
from backends.testing import CANARY


def test_nothing_prints_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    logging.getLogger("test").warning("%s %r", secret, [secret])
    shown = f"{secret} {secret!r} {secret!s} {secret:>40} {[secret]} {caplog.text}"
    assert CANARY not in shown
    assert str(secret) == "Secret('***')"


def test_a_traceback_with_it_shows_nothing() -> None:
    def fails(secret: Secret) -> None:
        raise ValueError(secret)

    with pytest.raises(ValueError, match="Secret") as caught:
        fails(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("serialise", [pickle.dumps, copy.deepcopy, json.dumps, copy.copy])
def test_it_can_not_be_serialised(serialise: object) -> None:
    assert callable(serialise)
    with pytest.raises(TypeError) as caught:
        serialise(Secret(CANARY))
    assert CANARY not in str(caught.value)


def test_it_has_no_dict_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


def test_equality_is_that_of_the_values() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_the_value_leaves_only_when_asked_for() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_secrets_that_are_no_utf8_can_be_compared() -> None:
    assert Secret("p\udcff") == Secret("p\udcff") != Secret("p\udcfe")
