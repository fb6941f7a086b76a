"""The script for bash."""

from collections.abc import Iterable

from generator.completion.offers import (
    ALWAYS,
    begins,
    is_path,
    takes_any_value,
    words_after,
)
from generator.options import OPTIONS, Option

_SCRIPT = """\
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


def script() -> str:
    """Return the script; bash falls back to files by itself."""
    parts = {
        "COMMANDS": "|".join(f'"{name}"' for name in begins() if name),
        "CHOICES": "\n    ".join(_choices(o) for o in OPTIONS if o.choices),
        "ANY_VALUE": "|".join(f"--{o.name}" for o in OPTIONS if takes_any_value(o)),
        "PATH_VALUE": "|".join(f"--{o.name}" for o in OPTIONS if is_path(o)),
        "FLAGS": "\n    ".join(_case(*row) for row in begins().items()),
    }
    made = _SCRIPT
    for name, text in parts.items():
        made = made.replace(f"    {name}", f"    {text}", 1)
    return made


def _choices(option: Option) -> str:
    words = " ".join(option.choices)
    return f'--{option.name}) COMPREPLY=($(compgen -W "{words}" -- "$current")); return ;;'


def _case(begin: str, options: Iterable[Option]) -> str:
    names = [*(option.name for option in options), *(name for name, _ in ALWAYS)]
    flags = " ".join(f"--{name}" for name in names)
    return f'"{begin}") flags="{flags}" values="{" ".join(words_after(begin))}" ;;'
