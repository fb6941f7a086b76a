"""What of a user's own words may stand in a message: the log is public, and a word may be a secret.

Nothing tells a short secret from a name. What can be told is what no name looks like: text that is
random, or that holds other characters than names do.
"""

import re

_PLAIN = re.compile(r"[A-Za-z0-9_./-]{1,64}", re.ASCII)
_ANCHORS = ("/", "./", "../")
# From lower case to a digit, from a digit to upper case …; an upper-case letter before lower case
# is how a word begins.
_CHANGES = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[0-9]|(?<=[0-9])[A-Za-z]", re.ASCII)
_MOST_CHANGES = 5
NOT_SHOWN = "(not shown)"


def looks_random(text: str) -> bool:
    """Tell whether letters and digits change within ``text`` as they do in no name."""
    return len(_CHANGES.findall(text)) > _MOST_CHANGES


def shown_word(text: str, otherwise: str = NOT_SHOWN) -> str:
    """Return a word or file name for a message, ``otherwise`` if it may be a secret.

    A path that begins at a folder is one, whatever it is made of.
    """
    if text.startswith(_ANCHORS) and text.isprintable():
        return text
    return text if _PLAIN.fullmatch(text) and not looks_random(text) else otherwise


def shown_option(argument: str) -> str:
    """Return what an argument that begins with a dash names, without its value."""
    if not argument.startswith("--"):
        return argument[:2]
    return f"--{shown_word(argument[2:].partition('=')[0])}"
