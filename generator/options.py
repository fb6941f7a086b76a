"""All options, each with its twin in the environment: one table for both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from backends.durations import parse_duration
from generator.cache.sealing import parse_cache_key

PREFIX = "DOCKERCFG_"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: ``--name`` and ``DOCKERCFG_NAME``; a flag takes no value on the command line.

    Without ``twin`` the variable does not count for the command.
    """

    name: str
    field: str
    parse: Callable[[str], Any]
    metavar: str | None
    help: str
    repeatable: bool = False
    choices: tuple[str, ...] = ()
    twin: bool = True

    @property
    def variable(self) -> str:
        """The twin's name."""
        return PREFIX + self.name.upper().replace("-", "_")


def _text(value: str) -> str:
    return value


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _flag(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True}
    known |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("neither true nor false")
    return known[value.lower()]


def parse_mode(value: str) -> int:
    """Return the file mode that octal ``value`` means; the owner must be able to read and write.

    Raises:
        ValueError: with what to write instead.
    """
    try:
        mode = int(value, 8)
    except ValueError:
        mode = -1
    if not 0o600 <= mode <= 0o777 or mode & 0o600 != 0o600:
        raise ValueError("not a file mode, as 0600 and 0644 are (octal, 0600 at the least)")
    return mode


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser that takes one of ``choices``."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"not one of {', '.join(choices)}")
        return value

    return parse


def _choice(name: str, field: str, text: str, *choices: str) -> Option:
    return Option(name, field, one_of(*choices), "|".join(choices), text, choices=choices)


OPTIONS = (
    Option("config", "config", _text, "FILE", "YAML file that says what to generate"),
    Option("cache-dir", "cache_dir", _text, "DIR", "keep tokens here between runs"),
    Option(
        "min-validity",
        "min_validity_s",
        parse_duration,
        "DURATION",
        "promise that every token lives at least that long (90s, 15m, 2h)",
    ),
    _choice("format", "output_format", "of the file", "docker", "legacy"),
    Option("mode", "mode", parse_mode, "OCTAL", "mode of a new file (0600)"),
    Option("merge", "merge", _flag, None, "keep what an existing file holds for other registries"),
    Option(
        "registry",
        "registries",
        _list,
        "NAME",
        "only this entry; --merge keeps the others that the file holds",
        repeatable=True,
    ),
    Option("refresh", "refresh", _flag, None, "fetch tokens although there are fresh ones"),
    Option("keep-going", "keep_going", _flag, None, "write what there is although an entry failed"),
    Option("timeout", "timeout_s", parse_duration, "DURATION", "for the whole run (60s)"),
    Option("quiet", "quiet", _flag, None, "say nothing unless something is wrong"),
    Option(
        "report", "report", _text, "FILE", "say in JSON what became of each entry, for later steps"
    ),
    Option("json", "json", _flag, None, "JSON on stdout instead of text"),
    replace(
        _choice("log-level", "log_level", "", "debug", "info", "warning", "error"),
        metavar="LEVEL",
        help="debug, info, warning or error (info)",
    ),
    _choice("log-format", "log_format", "of the log", "console", "json"),
)
# Settings that only the environment has.
VARIABLES = (
    Option(
        "allow-servers", "allow_servers", _list, None, "globs of servers that a config may name"
    ),
    Option("allow-secrets", "allow_secrets", _list, None, "globs of secrets, likewise"),
    Option("allow-endpoints", "allow_endpoints", _list, None, "globs of endpoints, likewise"),
    Option(
        "allow-programs",
        "allow_programs",
        _list,
        None,
        "globs of commands that a config may have run, word by word",
    ),
    Option(
        "cache-key",
        "cache_key",
        parse_cache_key,
        None,
        "encrypt the cache: 32 random bytes as base64 or hexadecimal",
    ),
    Option("cache-key-file", "cache_key_file", _text, None, "a file that holds the key instead"),
    Option(
        "cache-key-previous",
        "cache_key_previous",
        parse_cache_key,
        None,
        "the key before it; what it encrypted can still be read",
    ),
    Option("fast", "fast", _flag, None, "0: never write the finished document of the last run"),
    Option("config-yaml", "config_yaml", _text, None, "the whole config in one variable"),
    Option(
        "from-env",
        "from_env",
        _list,
        None,
        "which variables to recognise: docker,aws,google,azure,heroku,ibm, and presets' names",
    ),
)


def named(*names: str) -> tuple[Option, ...]:
    """Return the options of these names."""
    return tuple(option for name in names for option in OPTIONS if option.name == name)
