"""The file that lists the inputs of a run: the first of the two steps to a document.

::

    dockercfg-index 1 MAC
    v NAME            a variable          p PREFIX      all variables that begin so
    f PATH            a file

    h KIND XX NAME    eight bits of what it held when a document was last left, to tell later
                      which one changed; too little to tell anything else

Only the list, not the hints, is part of what a document is found by.
"""

from generator.fast.digest import blake2b, mac, same_digest
from generator.fast.inputs import FILE, PREFIX, VARIABLE, Listed

HEADER = b"dockercfg-index 1 "
LARGEST_INDEX = 64 * 1024
_KINDS = (VARIABLE, PREFIX, FILE)
_HINT_PERSON = b"dockercfg hint"


def encode_index(inputs: list[Listed], hints: dict[Listed, bytes], name: str, key: bytes) -> bytes:
    """Return the content of the index ``name``.

    Raises:
        ValueError: if a name holds what a line can not.
    """
    for kind, text in (*inputs, *hints):
        if b"\n" in text or kind not in _KINDS:
            raise ValueError("a name that no line can hold")
    lines = [b"%b %b" % listed for listed in inputs]
    lines += [b"", *(b"h %b %b %b" % (kind, hint, text) for (kind, text), hint in hints.items())]
    content = b"\n".join(lines)
    return HEADER + mac(name, content, key) + b"\n" + content


def decode_index(content: bytes, name: str, key: bytes) -> tuple[list[Listed], list[bytes]] | None:
    """Return the inputs that an index lists and the lines of its hints.

    ``None`` if it is not one that was made for this name with this key.
    """
    header, _, rest = content.partition(b"\n")
    if not same_digest(header, HEADER + mac(name, rest, key)):
        return None
    listed, _, hints = rest.partition(b"\n\n")
    inputs = [(line[:1], line[2:]) for line in listed.split(b"\n") if line]
    return inputs, hints.split(b"\n") if hints else []


def decode_hints(lines: list[bytes]) -> dict[Listed, bytes]:
    """Return what `encode_index` was given as hints."""
    hints = {}
    for line in lines:
        _, kind, hint, text = line.split(b" ", 3)
        hints[kind, text] = hint
    return hints


def hint_of(held: bytes, key: bytes) -> bytes:
    """Return eight bits of what an input holds."""
    return blake2b(held, digest_size=1, key=key, person=_HINT_PERSON).hexdigest().encode()
