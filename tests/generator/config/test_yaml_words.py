"""What PyYAML can not read is told in our words, with its line and without its values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.config.yaml_text import parse_yaml

CANARY = "hunter2-CANARY"
QUOTE = "quote a value that holds ?, #, ': ' or a comma"
INDENTED = "indented differently than its neighbours"


def told(text: str) -> tuple[int, str]:
    """Return line and words of the one problem of a text."""
    document = parse_yaml(text)
    (problem,) = document.problems
    assert CANARY not in repr(problem)
    return document.line(problem.path), f"{problem.message}; {problem.hint}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{password: vault:secret/ci?version=1#token}", "a value within the { of line 2 breaks"),
        (f"{{password: vault:{CANARY} #token}}", "the { of line 2 is not closed"),
        (f"{{password: {CANARY}: x}}", "a value within the { of line 2 breaks"),
        (f"{{password: {CANARY}]", "a value within the { of line 2 breaks"),
        (f"[{CANARY}", "the [ of line 2 is not closed"),
        (f"{{password: {CANARY}\nb: c", "the { of line 2 is not closed"),
    ],
)
def test_braces_that_break_say_which_values_to_quote(value: str, said: str) -> None:
    _, words = told(f"a:\n  credentials: {value}\n")
    assert said in words
    assert QUOTE in words


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"a:\n  b: '{CANARY}\nc: d\n", 2, "the quote of line 2 is not closed"),
        (f'a:\n  b: "{CANARY}\n---\nc: d\n', 2, "the quote of line 2 is not closed"),
        (f"a:\n  server:{CANARY}\n  b: c\n", 2, "a space after each colon"),
        (f"a:\n  server:{CANARY}\n\n  b: c\n", 2, "a space after each colon"),
        (f"a:\n  b: c\n  server:{CANARY}\nd: e\n", 3, "a space after each colon"),
        (f"a: b\n{CANARY} x\nc: d\n", 2, "this line is no KEY: VALUE"),
        (f"a: b: {CANARY}\n", 1, "there are two colons in this line"),
        (f"a:\n  b: {CANARY}\n c: d\n", 3, INDENTED),
        (f"a:\n  b: {CANARY}\n    c: d\n", 3, INDENTED),
        ("  a: b\n c: d\n", 2, INDENTED),
        ("a:\n\tb: c\n", 2, "a tab is used for indentation; use spaces"),
        ("a:\n  - b\n  c: d\n", 3, "stand side by side"),
        (f"a: - {CANARY}\n", 1, "an item of a list"),
        (f"a: 'b' {CANARY}\n", 1, "after the end of a value"),
        (f"a: @{CANARY}\n", 1, "begins with @"),
        (f"a: *{CANARY}\n", 1, "begins with * or &"),
        (f"a: !{CANARY}!x y\n", 1, "begins with !"),
        (f"a: }}{CANARY}\n", 1, "a value is expected here"),
        ('a: "\\q"\n', 1, "an escape"),
        (f"a: >{CANARY}\n  b\n", 1, "begins with > or |"),
        ("a: b\n---\nc: d\n", 2, "more than one document"),
        (f"%{CANARY}\na: b\n", 2, "can not be read here"),
    ],
)
def test_what_yaml_does_not_take_is_told_with_its_line(text: str, line: int, said: str) -> None:
    where, words = told(text)
    assert where == line
    assert said in words


@given(st.text(alphabet="a:{}[]'\"-?#,&*!|>%@` \n\t", max_size=40))
def test_any_text_is_read_or_told_in_words(text: str) -> None:
    document = parse_yaml(text)
    for problem in document.problems:
        assert problem.message
        assert 1 <= document.line(problem.path) <= text.count("\n") + 1
