"""What ``--help`` shows."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from generator.command_table import COMMANDS, GENERATE, Command
from generator.options import PREFIX, VARIABLES, Option

DISTRIBUTION = "dockercfg-generator"
CONTRACT = f"usage: {DISTRIBUTION} [OPTIONS] PATH     (PATH is the file to write, - is stdout)"


def help_for(words: Sequence[str]) -> str:
    """Return the help of the command, or group of commands, that ``words`` name, else of all."""
    for count in (2, 1):
        if (name := " ".join(words[:count])) in COMMANDS:
            return _help_of(COMMANDS[name])
    group = [c for name, c in COMMANDS.items() if words and name.startswith(f"{words[0]} ")]
    return "\n".join(_help_of(command) for command in group) or help_text()


def usage(command: Command) -> str:
    """Return the line that says how a command is written."""
    if command is GENERATE:
        return CONTRACT
    word = command.word
    shown = "" if word is None else "|".join(word.choices) or word.metavar
    shown = f" {shown}" if word is None or word.needed else f" [{shown}]"
    return f"usage: {DISTRIBUTION} {command.name} [OPTIONS]{shown}".rstrip()


def help_text() -> str:
    """Return the help of the tool as a whole."""
    commands = _rows((command.name, command.summary) for command in COMMANDS.values())
    variables = _rows((option.variable, option.help) for option in VARIABLES)
    return f"""{CONTRACT}
       {DISTRIBUTION} COMMAND [OPTIONS]

Write one Docker config for all registries of a pipeline.

examples:
  DOCKER_USERNAME=ci DOCKER_PASSWORD=... DOCKER_REGISTRY=ghcr.io {DISTRIBUTION} ./dockercfg
  {DISTRIBUTION} --config registries.yaml --cache-dir /cache ./dockercfg
  {DISTRIBUTION} explain --config registries.yaml

commands, each with a --help of its own (a file of such a name is written ./NAME):
{commands}

{_options(GENERATE.options)}

more variables:
{variables}

With no config the variables of CodeShip's generators are recognised:
  DOCKER_USERNAME, DOCKER_PASSWORD [, DOCKER_REGISTRY]
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
      [, AWS_STS_ROLE, AWS_STS_ACCOUNT] [, ECR_PUBLIC]
  GOOGLE_AUTH_JSON
  AZURE_USERNAME, AZURE_PASSWORD, AZURE_REGISTRY_NAME
  HEROKU_API_KEY
  BLUEMIX_API_KEY [, BLUEMIX_API_ENDPOINT]
Those of presets are recognised where {PREFIX}FROM_ENV names them (docker,ghcr,gitlab):
{_presets()}
  {DISTRIBUTION} providers tells the variables of each.

exit codes: 0 written, 2 usage, 66 secret not found, 69 unavailable, 70 bug, 73 output,
76 implausible answer, 77 denied, 78 config

The config, the kinds of registries and secret stores, and the cache are told in README.md;
{DISTRIBUTION} providers lists the kinds, {DISTRIBUTION} schema is for editors.
"""


def _presets() -> str:
    from generator.registries.static.presets import PRESETS  # noqa: PLC0415 - few ask for help

    return fill(", ".join(PRESETS), 78, initial_indent="  ", subsequent_indent="  ")


def _help_of(command: Command) -> str:
    example = f"{DISTRIBUTION} {command.example}"
    return f"""{usage(command)}

{command.text}

example:
  {example}

{_options(command.options)}
"""


def _options(options: Sequence[Option]) -> str:
    twins = [_shown(option) for option in options if option.twin]
    alone = [_shown(option) for option in options if not option.twin]
    alone += [("--version", "show the version"), ("-h, --help", "show this")]
    if not twins:
        return f"options:\n{_rows(alone)}"
    return f"""options, each with a twin in the environment (--cache-dir is {PREFIX}CACHE_DIR):
{_rows(twins)}

options without one:
{_rows(alone)}"""


def _shown(option: Option) -> tuple[str, str]:
    return f"--{option.name}{f' {option.metavar}' if option.metavar else ''}", option.help


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"  {left:<26} {right}" for left, right in rows)
