"""From the words of a command line to the command that is meant."""

from collections.abc import Sequence
from difflib import get_close_matches

from generator.command_table import COMMANDS, GENERATE, Command, first_words
from generator.errors import UsageError
from generator.shown import shown_word


def command_of(words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    """Return the command, and the words that are left for it; a path alone means `GENERATE`.

    Only a bare word, without slash or dot, can be a command, so that a path never becomes one
    when a command of its name is added.

    Raises:
        UsageError: for a bare word that is no command.
    """
    if not words or words[0] in ("", "-") or set(words[0]) & {"/", "."}:
        return GENERATE, words
    for count in (1, 2):
        if (name := " ".join(words[:count])) in COMMANDS:
            return COMMANDS[name], words[count:]
    second = [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if second:
        meant = get_close_matches(words[1], second, 1) if len(words) > 1 else ()
        hint = f"did you mean {words[0]} {meant[0]}?" if meant else _one_of(words[0], second)
        raise UsageError("usage", f"{words[0]} needs to be told what", hint)
    close = get_close_matches(words[0], first_words(), 1)
    raise UsageError(
        "unknown-command",
        f"{shown_word(words[0])} is not a command{f'; did you mean {close[0]}?' if close else ''}",
        f"to write a file of that name, say ./{shown_word(words[0], 'NAME')}; "
        f"commands: {', '.join(first_words())}",
    )


def _one_of(first: str, second: Sequence[str]) -> str:
    return f"write {' or '.join(f'{first} {word}' for word in second)}"
