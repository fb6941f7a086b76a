"""What the command line and its twins in the environment say."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NoReturn

from backends.secret import Secret
from generator.command_table import GENERATE, Command
from generator.errors import UsageError
from generator.help import CONTRACT, DISTRIBUTION, help_for, usage
from generator.log import LogFormat
from generator.model import Problem
from generator.options import OPTIONS, PREFIX, VARIABLES, Option, named
from generator.output.document import OutputFormat
from generator.shown import shown_option, shown_word
from generator.words import command_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line and its twins say; ``None`` where they say nothing.

    ``path`` is empty where a command does without one.
    """

    path: str = ""
    command: Command = GENERATE
    shell: str = ""
    kind: str = ""
    config: str | None = None
    config_yaml: str | None = None
    from_env: tuple[str, ...] | None = None
    allow_servers: tuple[str, ...] | None = None
    allow_secrets: tuple[str, ...] | None = None
    allow_endpoints: tuple[str, ...] | None = None
    allow_programs: tuple[str, ...] | None = None
    cache_dir: str | None = None
    cache_key: Secret | None = None
    cache_key_file: str | None = None
    cache_key_previous: Secret | None = None
    min_validity_s: float | None = None
    output_format: OutputFormat | None = None
    mode: int | None = None
    merge: bool = False
    registries: tuple[str, ...] = ()
    refresh: bool = False
    keep_going: bool = False
    timeout_s: float | None = None
    quiet: bool = False
    report: str | None = None
    json: bool = False
    log_level: str = "info"
    log_format: LogFormat = "console"
    fast: bool = True
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Which option or variable each field is from."""

    @property
    def bounds_configs(self) -> bool:
        """Whether an operator bounds what a config may name."""
        bounds = (self.allow_servers, self.allow_secrets, self.allow_endpoints, self.allow_programs)
        return any(globs is not None for globs in bounds)


class HelpShown(Exception):
    """``--help`` or ``--version`` was asked for; ``text`` is what to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


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
    given, unknown = _parser().parse_known_intermixed_args(list(arguments))
    if unknown:
        raise _unknown_argument(unknown[0])
    if given.version:
        from importlib.metadata import version  # noqa: PLC0415 - 14 ms that few runs need

        raise HelpShown(f"{DISTRIBUTION} {version(DISTRIBUTION)}\n")
    if given.help:
        raise HelpShown(help_for(given.words))
    command, words = command_of(given.words)
    values: dict[str, Any] = {"command": command, **_word(command, words)}
    origins: dict[str, str] = {}
    _refuse_others(command, given)
    problems = _unknown_variables(environment)
    for option in (*OPTIONS, *VARIABLES):
        argument = getattr(given, option.field, None)
        if argument is not None:
            values[option.field] = _argument(option, argument)
            origins[option.field] = f"--{option.name}"
        elif (text := environment.get(option.variable, "").strip()) and option.field:
            try:
                values[option.field] = option.parse(text)
                origins[option.field] = option.variable
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
    return Settings(**values, origins=origins), problems


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # what follows here is the value
        option, valued, _ = message.partition(": ignored explicit argument ")
        raise UsageError("usage", f"{option}: it takes no value" if valued else message, CONTRACT)


def _parser() -> _Parser:
    parser = _Parser(prog=DISTRIBUTION, add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="store_true")
    for option in OPTIONS:
        action = "store_true" if option.metavar is None else "store"
        if option.repeatable:
            action = "append"
        parser.add_argument(f"--{option.name}", action=action, dest=option.field, default=None)
    return parser


def _unknown_argument(argument: str) -> UsageError:
    option = shown_option(argument)
    known = [*(option.name for option in OPTIONS), "help", "version"]
    close = get_close_matches(option.lstrip("-").lower().replace("_", "-"), known, 1)
    hint = f"did you mean --{close[0]}?" if close and option.startswith("--") else CONTRACT
    return UsageError("usage", f"there is no option {option}", hint)


def _word(command: Command, words: Sequence[str]) -> dict[str, str]:
    word = command.word
    if word is None or (not words and not word.needed):
        if words:
            shown = shown_word(words[0], "word beside its options")
            hint = usage(command)
            if named("config")[0] in command.options and words[0].endswith((".yaml", ".yml")):
                hint = f"write --config {shown_word(words[0], 'FILE')}"
            raise UsageError("usage", f"{command.name} takes no {shown}", hint)
        return {}
    if len(words) != 1:
        problem = (
            f"{word.metavar} is missing" if not words else f"there is more than one {word.metavar}"
        )
        raise UsageError("usage", problem.format(word.metavar), usage(command))
    if not words[0]:
        raise UsageError("usage", f"{word.metavar} is empty", usage(command))
    if word.choices and words[0] not in word.choices:
        choices = ", ".join(word.choices)
        raise UsageError("usage", f"{word.metavar} is not one of {choices}", usage(command))
    return {word.field: words[0]}


def _refuse_others(command: Command, given: argparse.Namespace) -> None:
    """Refuse an option that means nothing to the command: it was meant for something else."""
    taken = [option.name for option in command.options]
    for option in OPTIONS:
        if getattr(given, option.field) is not None and option.name not in taken:
            takes = ", ".join(f"--{name}" for name in taken) or "none"
            raise UsageError(
                "usage", f"{command.name} does not take --{option.name}", f"it takes {takes}"
            )


def _argument(option: Option, argument: Any) -> Any:
    try:
        if option.repeatable:
            return tuple(name for text in argument for name in option.parse(text))
        return option.parse(argument) if isinstance(argument, str) else argument
    except ValueError as error:
        raise UsageError("usage", f"--{option.name}: {error}", CONTRACT) from None


def _unknown_variables(environment: Mapping[str, str]) -> list[tuple[str, Problem]]:
    known = [option.variable for option in (*OPTIONS, *VARIABLES)]
    # the prefix makes all of them alike
    tails = [name.removeprefix(PREFIX) for name in known]
    problems = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name.removeprefix(PREFIX), tails, 1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else f"known are {', '.join(known)}"
            problems.append((name, Problem((), "is not a variable of ours", hint)))
    return problems
