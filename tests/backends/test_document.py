from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import SecretDocument, SecretRef
from backends.document import fields_of, pick
from backends.errors import BackendError, BackendMisconfigured, SecretNotFound

CANARY = "hunter2-CANARY"
REF = SecretRef("vault", "secret/ci")


def picked(content: Any, selector: str | None, *, multiline: bool = False) -> str:
    return pick(SecretDocument(content), REF, selector, multiline=multiline).reveal()


@pytest.mark.parametrize(
    ("content", "selector", "value"),
    [
        ("text", None, "text"),
        ({"a.b": "x"}, "a.b", "x"),
        ({"a": {"b": ["x", "y"]}}, "/a/b/1", "y"),
        ({"a/b": {"c~d": "x"}}, "/a~1b/c~0d", "x"),
        ({"pin": 12345}, "pin", "12345"),
        ('{"user": "ci"}', "user", "ci"),
        ('{"user": "ci"}', None, '{"user": "ci"}'),
    ],
)
def test_a_value_is_picked(content: Any, selector: str | None, value: str) -> None:
    assert picked(content, selector) == value


@pytest.mark.parametrize(
    ("content", "selector", "kind", "said"),
    [
        ({"user": CANARY, "pw": CANARY}, "nope", SecretNotFound, "it has pw, user"),
        ({f"{CANARY} !": "x"}, "nope", SecretNotFound, "it has …"),
        ({}, "nope", SecretNotFound, "it has none"),
        ({"a": [CANARY]}, "/a/1", SecretNotFound, "no such field"),
        ({"a": [CANARY]}, "/a/x", SecretNotFound, "no such field"),
        (CANARY, "field", SecretNotFound, "plain text"),
        ("{broken", "field", SecretNotFound, "plain text"),
        ("{" * 100_000, "field", SecretNotFound, "plain text"),
        ({"a": CANARY}, None, BackendMisconfigured, "several fields (a)"),
        ({"a": None}, "a", BackendMisconfigured, "null"),
        ({"a": True}, "a", BackendMisconfigured, "true or false"),
        ({"a": 1.5}, "a", BackendMisconfigured, "fraction"),
        ({"a": {"b": CANARY}}, "a", BackendMisconfigured, "object or a list"),
        ({"a": 2**60}, "a", BackendMisconfigured, "loses digits"),
        ({"a": ""}, "a", BackendMisconfigured, "empty"),
        ({"a": f"{CANARY}\n"}, "a", BackendMisconfigured, "ends with a line break"),
        ({"a": f"{CANARY}\0x"}, "a", BackendMisconfigured, "control character"),
        ({"a": CANARY * 5000}, "a", BackendMisconfigured, "larger than 64 KiB"),
        ({"a": f"{CANARY}\udcff"}, "a", BackendMisconfigured, "not UTF-8"),
    ],
)
def test_what_can_not_be_picked_is_named_and_never_shown(
    content: Any, selector: str | None, kind: type[BackendError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        picked(content, selector)
    assert said in caught.value.message
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert "vault:secret/ci" in caught.value.message


def test_line_breaks_belong_to_a_value_that_may_have_them() -> None:
    assert picked("-----BEGIN\nx\n-----END\n", None, multiline=True).count("\n") == 3


@pytest.mark.parametrize("text", ["plain", "[1]", '"x"', "{", "null", ""])
def test_only_an_object_has_fields(text: str) -> None:
    assert fields_of(SecretDocument(text)) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text() | st.dictionaries(st.text(), _json), st.none() | st.text(min_size=1))
def test_any_document_gives_a_value_or_an_error_of_ours(content: Any, selector: str | None) -> None:
    try:
        value = picked(content, selector)
    except BackendError:
        return
    assert value
