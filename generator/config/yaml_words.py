"""What is wrong with a YAML text, in words that quote nothing of it.

PyYAML tells places exactly and reasons in terms of its tokens; a value that it quotes may be a
secret. Its places are kept, the kind of its complaint is told anew.
"""

import re
from collections.abc import Sequence

import yaml

from generator.model import Problem

_QUOTE = "quote a value that holds ?, #, ': ' or a comma"
_INDENT = "indent neighbours by the same number of spaces"
_OTHERWISE = ("it can not be read here", f"write KEY: VALUE, {_INDENT}, and {_QUOTE}")
# Pieces of PyYAML's complaint, with what it means; the first that fits counts.
_MEANINGS = (
    (r"found character '\\t'|a tab character", "a tab is used for indentation", "use spaces"),
    ("a single document", "there is more than one document", "keep one of them"),
    (
        "undefined alias|scanning an alias|scanning an anchor|duplicate anchor",
        "a value that begins with * or & is an alias or anchor, and not understood here",
        "quote the value",
    ),
    ("tag", "a value that begins with ! is a tag, and not understood here", "quote the value"),
    ("escape", r"an escape (\) in double quotes is not understood", "use single quotes"),
    ("block scalar", "a value begins with > or |, but goes on in its line", "quote the value"),
    ("cannot start any token", "a value begins with @, ` or %", "quote the value"),
    ("expected the node content", "a value is expected here", f"write one; {_QUOTE}"),
    (
        "(expected <block end>|'<document start>'), but found '<block (mapping|sequence) start>'",
        "this line is indented differently than its neighbours",
        _INDENT,
    ),
    (
        "expected <block end>, but found '(<scalar>|,|<tag>|<anchor>|<alias>|[{}[\\]])'",
        "something follows after the end of a value",
        "quote the value as a whole",
    ),
    (
        "expected <block end>",
        "KEY: VALUE lines and items of a list (- ITEM) stand side by side",
        f"keep one of the two, and {_INDENT}",
    ),
    ("sequence entries", "an item of a list (- ITEM) can not begin here", "give it its own line"),
)
_NO_SPACE = re.compile(r"\s*[\w.-]+:[^\s:/][^\s]*\s*", re.ASCII)


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> tuple[int, Problem]:
    """Return the line (from 1) of what PyYAML could not read in ``text``, and the problem."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    start = error.context_mark.line + 1 if error.context_mark else line
    context, problem = error.context or "", error.problem or ""
    lines = text.splitlines()
    if "quoted scalar" in context and "unexpected" in problem:
        return start, _problem(f"the quote of line {start} is not closed", "close it")
    if "flow mapping" in context or "flow sequence" in context:
        opened, closing = ("{", "}") if "mapping" in context else ("[", "]")
        return line, _unclosed(problem, opened, closing, line, start)
    if "could not find expected ':'" in problem:
        return start, _no_key(lines, start)
    if "mapping values are not allowed" in problem:
        return _unexpected_colon(lines, line, mark.column if mark else 0)
    for pattern, message, hint in _MEANINGS:
        if re.search(pattern, f"{context} {problem}"):
            return line, _problem(message, hint)
    return line, _problem(*_OTHERWISE)


def _problem(message: str, hint: str) -> Problem:
    return Problem((), f"not YAML: {message}", hint)


def _unclosed(problem: str, opened: str, closing: str, line: int, start: int) -> Problem:
    ended = "<stream end>" in problem or (line > start and "got '?'" not in problem)
    message = (
        f"the {opened} of line {start} is not closed"
        if ended
        else f"a value within the {opened} of line {start} breaks off"
    )
    return _problem(message, f"close it with {closing}, and {_QUOTE}")


def _no_key(lines: Sequence[str], line: int) -> Problem:
    if _lacks_space(lines, line):
        return _problem("there is no space after the colon", "write a space after each colon")
    return _problem("this line is no KEY: VALUE", f"write KEY: VALUE, and {_INDENT}")


def _unexpected_colon(lines: Sequence[str], line: int, column: int) -> tuple[int, Problem]:
    """Say why ``KEY:`` can not stand in this line: mostly it is the one before that is wrong."""
    before = line - 1
    while before > 0 and not lines[before - 1].strip():
        before -= 1
    if _lacks_space(lines, before):
        return before, _no_key(lines, before)
    if line <= len(lines) and ": " in lines[line - 1][:column]:
        return line, _problem("there are two colons in this line", _QUOTE)
    message = "this line is indented differently than its neighbours"
    return line, _problem(message, f"{_INDENT}, and write a space after each colon")


def _lacks_space(lines: Sequence[str], line: int) -> bool:
    return 0 < line <= len(lines) and _NO_SPACE.fullmatch(lines[line - 1]) is not None
