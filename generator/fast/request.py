"""What is asked for, told from arguments and environment alone.

Only the container's contract is fast: one path, everything else by environment. A setting that is
not in the table here makes a run ordinary, so an option that is added need not know of this.
"""

import os

from generator import __version__
from generator.fast.digest import framed
from generator.fast.inputs import read_file

PREFIX = b"DOCKERCFG_"
# Part of every name; counts up when what is digested, or what the files hold, changes.
_FORMAT = b"1"
_UNDERSTOOD = (
    "ALLOW_ENDPOINTS",
    "ALLOW_PROGRAMS",
    "ALLOW_SECRETS",
    "ALLOW_SERVERS",
    "CACHE_DIR",
    "CONFIG",
    "CONFIG_YAML",
    "FAST",
    "FORMAT",
    "FROM_ENV",
    "KEEP_GOING",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MIN_VALIDITY",
    "MODE",
    "QUIET",
    "REGISTRY",
    "TIMEOUT",
)
# Where the cache is mounted is no matter of what is in it.
_NOT_NAMED = (b"DOCKERCFG_CACHE_DIR", b"DOCKERCFG_FAST")
_TRUE = ("", "1", "true", "yes", "on")


class NotFast(Exception):
    """This run can not be fast; ``reason`` says why, without any value.

    ``bucket`` are the digits of the run lock to take where a document may come to be.
    """

    def __init__(self, reason: str, bucket: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bucket = bucket


class Request:
    """What a plain run asks for.

    ``folder_path`` and ``name`` are the target's, ``cache_dir`` is where documents lie. ``mark``
    is all that an index is found by.
    """

    __slots__ = ("cache_dir", "config", "folder_path", "mark", "name", "path")

    def __init__(self, path: str, cache_dir: str, config: bytes, mark: bytes) -> None:
        self.path = path
        folder_path, slash, self.name = path.rpartition("/")
        self.folder_path = folder_path or (slash or ".")
        self.cache_dir = cache_dir
        self.config = config
        self.mark = mark


def read_request(arguments: list[str], environment: dict[bytes, bytes]) -> Request:
    """Return what is asked for.

    Raises:
        NotFast: if it is anything but the plain form, or not clear.
    """
    path = _plain_path(arguments)
    named = {
        os.fsdecode(name)[len(PREFIX) :]: text
        for name, value in environment.items()
        if name.startswith(PREFIX) and (text := os.fsdecode(value).strip())
    }
    _check_settings(named)
    config, base = _config(named, environment)
    cache_dir = _cache_dir(named, config, base)
    return Request(path, cache_dir, config, _mark(environment, config, base))


def _plain_path(arguments: list[str]) -> str:
    if len(arguments) != 1:
        raise NotFast("there are options on the command line; by environment they are fast")
    path = arguments[0]
    if path.startswith("-") or not ("/" in path or "." in path):
        raise NotFast("the argument is not the path of a file")
    if path.rpartition("/")[2] in ("", ".", "..") or not path.isprintable():
        raise NotFast("the path of the file is an odd one")
    return path


def _check_settings(named: dict[str, str]) -> None:
    if named.get("FAST", "").lower() not in _TRUE:
        raise NotFast("DOCKERCFG_FAST turns it off")
    if named.get("LOG_FORMAT", "console") != "console":
        raise NotFast("DOCKERCFG_LOG_FORMAT asks for another log than the console's")
    for name in named:
        if name not in _UNDERSTOOD:
            raise NotFast(f"DOCKERCFG_{name} is set")
    if "CONFIG" in named and "CONFIG_YAML" in named:
        raise NotFast("there are two configs")


def _config(named: dict[str, str], environment: dict[bytes, bytes]) -> tuple[bytes, str]:
    """Return the config's bytes, and the folder that its relative paths are meant from."""
    path = named.get("CONFIG")
    if path is None:
        return environment.get(b"DOCKERCFG_CONFIG_YAML", b""), ""
    content = read_file(os.fsencode(path))
    if content is None:
        raise NotFast("the config can not be read")
    folder = path.rpartition("/")[0] or ("/" if path.startswith("/") else "")
    return content, folder if folder.startswith("/") else os.path.join(os.getcwd(), folder)


def _cache_dir(named: dict[str, str], config: bytes, base: str) -> str:
    cache_dir = named.get("CACHE_DIR")
    if cache_dir is None:
        from generator.fast.cache_dir import named_cache_dir

        found = named_cache_dir(config)
        cache_dir = None if found is None else os.path.join(base, found)
    if cache_dir is None:
        raise NotFast(
            "the config does not say cache: {dir: /cache}, plainly and on a line of its own; "
            "write it so, or set DOCKERCFG_CACHE_DIR"
        )
    cache_dir = cache_dir.rstrip("/")
    # "link/." would open what a symbolic link leads to
    if cache_dir.rpartition("/")[2] in ("", ".", ".."):
        raise NotFast("the path of the cache folder is an odd one")
    return cache_dir


def _mark(environment: dict[bytes, bytes], config: bytes, base: str) -> bytes:
    settings = sorted(
        (name, value)
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in _NOT_NAMED
    )
    parts = [framed(b"f", _FORMAT), framed(b"v", __version__.encode())]
    parts += [framed(b"n", name) + framed(b"s", value) for name, value in settings]
    parts += [framed(b"b", os.fsencode(base)), framed(b"c", config)]
    return b"".join(parts)
