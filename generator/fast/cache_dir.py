"""The cache folder that a config names, where it stands in a way that no YAML parser is needed for.

What is not plain to see is not seen; the run then goes the ordinary way. A wrong guess would do no
harm either: whatever is found in a folder has to fit the whole config.
"""

_KEY = b"cache:"
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@")


def named_cache_dir(config: bytes) -> str | None:
    """Return what ``cache: {dir: …}`` says, in a line or in a block; ``None`` if that is unclear.

    Only a single ``cache:`` in the first column counts, and a plain or simply quoted path.
    """
    lines = config.split(b"\n")
    starts = [index for index, line in enumerate(lines) if line.startswith(_KEY)]
    if len(starts) != 1:
        return None
    rest = _without_comment(lines[starts[0]][len(_KEY) :])
    if rest:
        if not (rest.startswith(b"{") and rest.endswith(b"}")):
            return None
        items = rest[1:-1].split(b",")
    else:
        items = _block(lines[starts[0] + 1 :])
    values = [item.strip()[4:] for item in items if item.strip().startswith((b"dir: ", b"dir:\t"))]
    return _plain(values[0].strip()) if len(values) == 1 else None


def _block(lines: list[bytes]) -> list[bytes]:
    items = []
    for line in lines:
        bare = _without_comment(line)
        if bare and not line.startswith(b" "):
            break
        items.append(bare)
    return items


def _without_comment(line: bytes) -> bytes:
    if line.lstrip().startswith(b"#"):
        return b""
    return line.partition(b" #")[0].strip()


def _plain(value: bytes) -> str | None:
    if len(value) > 1 and value[:1] == value[-1:] and value[:1] in (b"'", b'"'):
        value = value[1:-1]
    return value.decode() if value and _PLAIN.issuperset(value) else None
