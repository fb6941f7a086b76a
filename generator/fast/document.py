"""The file that holds what a run wrote and said; static secrets are holes in it.

::

    dockercfg-finished 1 UNTIL MAC
    w WRITTEN_AT MODE ADDRESSES       when it was left; the mode of a new file; how many servers
    g NAME MTIME_NS SIZE              a grant that is in it, and the file that it was loaded from
    s EXPIRES_AT|- <tab> TEXT <tab> TEXT    a line of the summary, around how long a token lives
    h OFFSET <tab> USER <tab> SECRET  where base64 of user and secret belongs: =TEXT, $NAME, @PATH

    the bytes of the dockercfg without what belongs into the holes

Moments are seconds since the epoch. A file that is named by ``@PATH`` is read as ``file:`` is:
without one line break at its end.
"""

from binascii import b2a_base64

from generator.cache.layout import DOCUMENT_HEADER
from generator.fast.digest import mac, same_digest
from generator.fast.inputs import read_file

CLOCK_STEP_S = 60.0


class Document:
    """What a run wrote and said, and until when that is what a warm run would."""

    __slots__ = ("addresses", "body", "grants", "holes", "lines", "mode", "until", "written_at")

    def __init__(self, written_at: float, until: float, mode: int, addresses: int) -> None:
        self.written_at = written_at
        self.until = until
        self.mode = mode
        self.addresses = addresses
        self.grants: list[tuple[str, int, int]] = []
        self.lines: list[tuple[float | None, str, str]] = []
        self.holes: list[tuple[int, str, str]] = []
        self.body = b""

    def is_of_now(self, now: float) -> bool:
        """Return whether it may be used, by the clock."""
        return self.written_at - CLOCK_STEP_S <= now < self.until

    def filled(self, environment: dict[bytes, bytes]) -> bytes:
        """Return the bytes of the dockercfg.

        Raises:
            ValueError: if something that belongs into a hole is not there.
        """
        if not self.holes:
            return self.body
        parts, begin = [], 0
        for offset, user, secret in self.holes:
            pair = b"%b:%b" % (_held(user, environment), _held(secret, environment))
            parts += [self.body[begin:offset], b2a_base64(pair, newline=False)]
            begin = offset
        return b"".join([*parts, self.body[begin:]])

    def summary(self, path: str, now: float) -> str:
        """Return what a warm run would say at ``now``; nothing if it was told to say nothing."""
        if not self.addresses:
            return ""
        said = [
            head if expires_at is None else f"{head}{duration(expires_at - now)}{tail}"
            for expires_at, head, tail in self.lines
        ]
        return "\n".join([*said, written_words(path, self.addresses), ""])


def encode_document(document: Document, name: str, key: bytes) -> bytes:
    """Return the content of the file ``name``.

    Raises:
        ValueError: if a text holds what a line can not.
    """
    lines = [f"w {document.written_at!r} {document.mode:o} {document.addresses}"]
    lines += [f"g {name} {mtime_ns} {size}" for name, mtime_ns, size in document.grants]
    for expires_at, head, tail in document.lines:
        lines.append(f"s {'-' if expires_at is None else repr(expires_at)}\t{head}\t{tail}")
    lines += [f"h {offset}\t{user}\t{secret}" for offset, user, secret in document.holes]
    texts = [text for _, *pair in (*document.lines, *document.holes) for text in pair]
    if any("\t" in text or "\n" in text for text in texts):
        raise ValueError("a text that no line can hold")
    content = "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n\n" + document.body
    header = DOCUMENT_HEADER + repr(document.until).encode() + b" "
    return header + mac(name, header + content, key) + b"\n" + content


def decode_document(content: bytes, name: str, key: bytes) -> Document | None:
    """Return the document that `encode_document` made for this name with this key."""
    header, _, rest = content.partition(b"\n")
    begin, _, given = header.rpartition(b" ")
    begin += b" "
    if not same_digest(given, mac(name, begin + rest, key)):
        return None
    listed, _, body = rest.partition(b"\n\n")
    lines = listed.decode("utf-8", "surrogateescape").split("\n")
    written_at, mode, addresses = lines[0][2:].split(" ")
    until = float(begin[len(DOCUMENT_HEADER) :])
    document = Document(float(written_at), until, int(mode, 8), int(addresses))
    document.body = body
    for line in lines[1:]:
        kind, value = line[0], line[2:]
        if kind == "g":
            grant, mtime_ns, size = value.split(" ")
            document.grants.append((grant, int(mtime_ns), int(size)))
        elif kind == "s":
            moment, head, tail = value.split("\t")
            document.lines.append((None if moment == "-" else float(moment), head, tail))
        else:
            offset, user, secret = value.split("\t")
            document.holes.append((int(offset), user, secret))
    return document


def duration(seconds: float) -> str:
    """Return a duration as people say it: "11 h 59 min", "4 min 10 s"."""
    total = max(0, round(seconds))
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def written_words(path: str, addresses: int) -> str:
    """Return the line for the file."""
    return f"wrote {path}: {addresses} server address{'es' if addresses > 1 else ''}"


def _held(source: str, environment: dict[bytes, bytes]) -> bytes:
    kind, name = source[:1], source[1:].encode("utf-8", "surrogateescape")
    if kind == "=":
        return name
    value = environment.get(name) if kind == "$" else read_file(name)
    if not value:
        raise ValueError("a secret is gone")
    return value if kind == "$" else value.removesuffix(b"\n").removesuffix(b"\r")
