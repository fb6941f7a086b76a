"""``completion``: a script that completes commands, options and their values in a shell.

It is made of the table of commands, and asks nothing when it runs: a shell stays quick.
"""

from collections.abc import Callable, Sequence

from generator.call import Call
from generator.command_table import COMMANDS, GENERATE, Command, first_words
from generator.errors import ExitCode
from generator.help import DISTRIBUTION
from generator.options import OPTIONS, Option
from generator.printing import print_lines

_ALWAYS = ("--help", "--version")
_PATHS = ("FILE", "DIR")
_BASH = """\
# bash completion of dockercfg-generator
_dockercfg_generator() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local command="" word flags="" values=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "${command:+$command }$word" in
      COMMANDS) command="${command:+$command }$word" ;;
    esac
  done
  case "$previous" in
    CHOICES
    ANY_VALUE) return ;;
    PATH_VALUE) COMPREPLY=(); compopt -o default; return ;;
  esac
  case "$command" in
    FLAGS
  esac
  case "$current" in
    -*) values=$flags ;;
  esac
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -o default -F _dockercfg_generator dockercfg-generator
"""
_ZSH = """\
#compdef dockercfg-generator
# zsh completion of dockercfg-generator, by way of the one for bash
autoload -U +X compinit && compinit -u
autoload -U +X bashcompinit && bashcompinit
"""


def run(call: Call) -> int:
    """Print the script of the shell that was named."""
    print_lines(SCRIPTS[call.settings.shell]().splitlines())
    return ExitCode.OK


def _bash() -> str:
    names = [*_groups(), *COMMANDS]
    parts = {
        "COMMANDS": "|".join(f'"{name}"' for name in names),
        "CHOICES": "\n    ".join(_bash_choices(o) for o in OPTIONS if o.choices),
        "ANY_VALUE": "|".join(f"--{o.name}" for o in OPTIONS if _takes_any_value(o)),
        "PATH_VALUE": "|".join(f"--{o.name}" for o in OPTIONS if o.metavar in _PATHS),
        "FLAGS": "\n    ".join(
            [
                _bash_case('""', _flags(GENERATE), first_words()),
                *(_bash_case(f'"{c.name}"', _flags(c), _values(c)) for c in COMMANDS.values()),
                *(_bash_case(f'"{group}"', (), words) for group, words in _groups().items()),
            ]
        ),
    }
    script = _BASH
    for name, text in parts.items():
        script = script.replace(f"    {name}", f"    {text}", 1)
    return script


def _bash_choices(option: Option) -> str:
    words = " ".join(option.choices)
    return f'--{option.name}) COMPREPLY=($(compgen -W "{words}" -- "$current")); return ;;'


def _bash_case(pattern: str, flags: Sequence[str], values: Sequence[str]) -> str:
    return f'{pattern}) flags="{" ".join(flags)}" values="{" ".join(values)}" ;;'


def _zsh() -> str:
    # zsh has no compopt; it falls back to files by itself
    return _ZSH + _bash().replace(" compopt -o default;", "")


def _fish() -> str:
    lines = [f"# fish completion of {DISTRIBUTION}"]
    lines += [_fish_offer("__fish_use_subcommand", group, group) for group in _groups()]
    for name, command in COMMANDS.items():
        first, _, second = name.partition(" ")
        seen = f"__fish_seen_subcommand_from {first}"
        offered = second or first
        lines.append(
            _fish_offer(seen if second else "__fish_use_subcommand", offered, command.summary)
        )
        if values := _values(command):
            lines.append(_fish_offer(seen, " ".join(values), name))
    return "\n".join([*lines, *map(_fish_option, OPTIONS)])


def _fish_offer(condition: str, words: str, text: str) -> str:
    return f"complete -c {DISTRIBUTION} -n '{condition}' -a '{words}' -d '{text}'"


def _fish_option(option: Option) -> str:
    line = f"complete -c {DISTRIBUTION} -l {option.name} -d '{option.help}'"
    if option.choices:
        return f"{line} -x -a '{' '.join(option.choices)}'"
    if option.metavar is None:
        return line
    return f"{line} {'-r' if option.metavar in _PATHS else '-x'}"


def _flags(command: Command) -> Sequence[str]:
    return [*(f"--{option.name}" for option in command.options), *_ALWAYS]


def _values(command: Command) -> Sequence[str]:
    return command.word.choices if command.word else ()


def _takes_any_value(option: Option) -> bool:
    """Tell whether nothing can be offered for a value: neither a choice nor a path."""
    return bool(option.metavar) and not option.choices and option.metavar not in _PATHS


def _groups() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for first, _, second in (name.partition(" ") for name in COMMANDS):
        if second:
            groups.setdefault(first, []).append(second)
    return groups


SCRIPTS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
