"""The command line, and its twins in the environment: one table for both."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

from backends.durations import parse_duration
from generator.errors import UsageError
from generator.log import LogFormat
from generator.model import Problem
from generator.output.document import OutputFormat

PREFIX = "DOCKERCFG_"
DISTRIBUTION = "dockercfg-generator"
COMMANDS = ("generate",)
CONTRACT = "usage: dockercfg-generator [OPTIONS] PATH     (PATH is the file to write, - is stdout)"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line and its twins say; ``None`` where they say nothing."""

    path: str
    config: str | None = None
    config_yaml: str | None = None
    from_env: tuple[str, ...] | None = None
    allow_servers: tuple[str, ...] | None = None
    allow_secrets: tuple[str, ...] | None = None
    allow_endpoints: tuple[str, ...] | None = None
    cache_dir: str | None = None
    min_validity_s: float | None = None
    output_format: OutputFormat | None = None
    mode: int | None = None
    merge: bool = False
    registries: tuple[str, ...] = ()
    refresh: bool = False
    keep_going: bool = False
    timeout_s: float | None = None
    quiet: bool = False
    log_level: str = "info"
    log_format: LogFormat = "console"


class HelpShown(Exception):
    """``--help`` or ``--version`` was asked for; ``text`` is what to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class _Option:
    """One option: ``--name`` and ``DOCKERCFG_NAME``; a flag takes no value on the command line."""

    name: str
    field: str
    parse: Callable[[str], Any]
    metavar: str | None
    help: str
    repeatable: bool = False

    @property
    def variable(self) -> str:
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


_OPTIONS = (
    _Option("config", "config", _text, "FILE", "YAML file that says what to generate"),
    _Option("cache-dir", "cache_dir", _text, "DIR", "keep tokens here between runs"),
    _Option(
        "min-validity",
        "min_validity_s",
        parse_duration,
        "DURATION",
        "promise that every token lives at least that long (90s, 15m, 2h)",
    ),
    _Option("format", "output_format", one_of("docker", "legacy"), "docker|legacy", "of the file"),
    _Option("mode", "mode", parse_mode, "OCTAL", "mode of a new file (0600)"),
    _Option("merge", "merge", _flag, None, "keep what an existing file holds for other registries"),
    _Option(
        "registry", "registries", _list, "NAME", "only this entry of the config", repeatable=True
    ),
    _Option("refresh", "refresh", _flag, None, "fetch tokens although there are fresh ones"),
    _Option(
        "keep-going", "keep_going", _flag, None, "write what there is although an entry failed"
    ),
    _Option("timeout", "timeout_s", parse_duration, "DURATION", "for the whole run (60s)"),
    _Option("quiet", "quiet", _flag, None, "say nothing unless something is wrong"),
    _Option(
        "log-level",
        "log_level",
        one_of("debug", "info", "warning", "error"),
        "LEVEL",
        "debug, info, warning or error (info)",
    ),
    _Option("log-format", "log_format", one_of("console", "json"), "console|json", "of the log"),
)
# Settings that only the environment has.
_VARIABLES = (
    _Option(
        "allow-servers", "allow_servers", _list, None, "globs of servers that a config may name"
    ),
    _Option("allow-secrets", "allow_secrets", _list, None, "globs of secrets, likewise"),
    _Option("allow-endpoints", "allow_endpoints", _list, None, "globs of endpoints, likewise"),
    _Option("config-yaml", "config_yaml", _text, None, "the whole config in one variable"),
    _Option(
        "from-env",
        "from_env",
        _list,
        None,
        "which variables of other tools to recognise: docker,aws,heroku,ibm",
    ),
)


def parse_settings(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[Settings, list[tuple[str, Problem]]]:
    """Return what arguments and environment say; an argument wins over its twin.

    Returns:
        The settings, and the problems of the variables, each with the variable's name.

    Raises:
        UsageError: if the command line can not be understood.
        HelpShown: if help or the version is asked for.
    """
    given = _parser().parse_args(list(arguments))
    if given.help:
        raise HelpShown(_help())
    if given.version:
        from importlib.metadata import version  # noqa: PLC0415 - 14 ms that few runs need

        raise HelpShown(f"{DISTRIBUTION} {version(DISTRIBUTION)}\n")
    values: dict[str, Any] = {"path": _path(given.words)}
    problems = _unknown_variables(environment)
    for option in (*_OPTIONS, *_VARIABLES):
        argument = getattr(given, option.field, None)
        if argument is not None:
            values[option.field] = _argument(option, argument)
        elif (text := environment.get(option.variable, "").strip()) and option.field:
            try:
                values[option.field] = option.parse(text)
            except ValueError as error:
                problems.append((option.variable, Problem((), str(error), "mend or unset it")))
    if given.config is not None:
        values["config_yaml"] = None
    elif values.get("config") and values.get("config_yaml"):
        problems.append(
            (
                "DOCKERCFG_CONFIG_YAML",
                Problem((), "DOCKERCFG_CONFIG names a file as well", "keep one of the two"),
            )
        )
    return Settings(**values), problems


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError("usage", message, CONTRACT)


def _parser() -> _Parser:
    parser = _Parser(prog=DISTRIBUTION, add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="store_true")
    for option in _OPTIONS:
        action = "store_true" if option.metavar is None else "store"
        if option.repeatable:
            action = "append"
        parser.add_argument(f"--{option.name}", action=action, dest=option.field, default=None)
    return parser


def _path(words: Sequence[str]) -> str:
    """Return the one path; only a bare word, without slash or dot, can be a command."""
    if words and words[0] in COMMANDS:
        words = words[1:]
    elif words and words[0] not in ("", "-") and not set(words[0]) & {"/", "."}:
        close = get_close_matches(words[0], COMMANDS, 1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise UsageError(
            "unknown-command",
            f"{words[0]} is not a command{meant}",
            f"to write a file of that name, say ./{words[0]}",
        )
    if len(words) != 1:
        problem = "PATH is missing" if not words else "there is more than one PATH"
        raise UsageError("usage", problem, CONTRACT)
    if not words[0]:
        raise UsageError("usage", "PATH is empty", CONTRACT)
    return words[0]


def _argument(option: _Option, argument: Any) -> Any:
    try:
        if option.repeatable:
            return tuple(name for text in argument for name in option.parse(text))
        return option.parse(argument) if isinstance(argument, str) else argument
    except ValueError as error:
        raise UsageError("usage", f"--{option.name}: {error}", CONTRACT) from None


def _unknown_variables(environment: Mapping[str, str]) -> list[tuple[str, Problem]]:
    known = [option.variable for option in (*_OPTIONS, *_VARIABLES)]
    problems = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            problems.append((name, Problem((), "is not a variable of ours", hint)))
    return problems


def _help() -> str:
    rows = [
        (f"--{option.name}{f' {option.metavar}' if option.metavar else ''}", option.help)
        for option in _OPTIONS
    ]
    rows += [("--version", "show the version"), ("-h, --help", "show this")]
    options = "\n".join(f"  {left:<26} {right}" for left, right in rows)
    variables = "\n".join(f"  {option.variable:<26} {option.help}" for option in _VARIABLES)
    return f"""{CONTRACT}

Write one Docker config for all registries of a pipeline.

options, each with a twin in the environment (--cache-dir is {PREFIX}CACHE_DIR):
{options}

more variables:
{variables}

With no config the variables of CodeShip's generators are recognised:
  DOCKER_USERNAME, DOCKER_PASSWORD [, DOCKER_REGISTRY]
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
      [, AWS_STS_ROLE, AWS_STS_ACCOUNT] [, ECR_PUBLIC]
  HEROKU_API_KEY
  BLUEMIX_API_KEY [, BLUEMIX_API_ENDPOINT]

example:
  DOCKER_USERNAME=ci DOCKER_PASSWORD=... DOCKER_REGISTRY=ghcr.io {DISTRIBUTION} ./dockercfg

exit codes: 0 written, 2 usage, 66 secret not found, 69 unavailable, 70 bug, 73 output,
76 implausible answer, 77 denied, 78 config
"""
