"""What can be offered where, whatever the shell."""

from collections.abc import Mapping, Sequence

from generator.command_table import COMMANDS, GENERATE, Command
from generator.options import Option

ALWAYS = (("help", "show the help of the command"), ("version", "show the version"))
_PATHS = ("FILE", "DIR")


def groups() -> dict[str, list[str]]:
    """Return the second words of the commands that have two, by the first."""
    found: dict[str, list[str]] = {}
    for first, _, second in (name.partition(" ") for name in COMMANDS):
        if second:
            found.setdefault(first, []).append(second)
    return found


def words_after(begin: str) -> dict[str, str]:
    """Return the words that may follow those of a command, or of none, and what each is for."""
    if begin in COMMANDS:
        word = COMMANDS[begin].word
        return dict.fromkeys(word.choices, "") if word else {}
    found: dict[str, str] = {}
    for name, command in COMMANDS.items():
        head, _, last = name.rpartition(" ")
        if head == begin:
            found[last] = command.summary
        elif head and not begin:
            *others, second = groups()[head]
            found[head] = f"{', '.join(others)} or {second}"
    return found


def begins() -> dict[str, Sequence[Option]]:
    """Return all that a line can begin with, and the options that are taken there."""
    alone: Mapping[str, Command] = {"": GENERATE, **COMMANDS}
    return {
        **dict.fromkeys(groups(), ()),
        **{name: command.options for name, command in alone.items()},
    }


def takes_path(begin: str) -> bool:
    """Tell whether the word there is the path of a file; at the very beginning it may be."""
    word = COMMANDS[begin].word if begin in COMMANDS else None
    return word is not None and word.field == "path"


def is_path(option: Option) -> bool:
    """Tell whether its value is the path of a file or folder."""
    return option.metavar in _PATHS


def takes_any_value(option: Option) -> bool:
    """Tell whether nothing can be offered for its value: neither a choice nor a path."""
    return bool(option.metavar) and not option.choices and not is_path(option)
