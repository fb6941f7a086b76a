"""The script for zsh: to be sourced, or to lie in ``fpath`` as ``_dockercfg-generator``."""

from collections.abc import Iterable, Mapping
from shlex import quote

from generator.completion.offers import (
    ALWAYS,
    begins,
    is_path,
    takes_any_value,
    takes_path,
    words_after,
)
from generator.options import OPTIONS, Option

# compinit runs a file of fpath as the body of the function that it is called by, at the first TAB
_SCRIPT = """\
#compdef dockercfg-generator
# zsh completion of dockercfg-generator
_dockercfg-generator() {
  local begin="" word
  local -a flags offered
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "${begin:+$begin }$word" in
      (COMMANDS) begin="${begin:+$begin }$word" ;;
    esac
  done
  case "${words[CURRENT-1]}" in
    CHOICES
    (ANY_VALUE) _message value; return ;;
    (PATH_VALUE) _files; return ;;
  esac
  case "$begin" in
    OFFERS
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option flags
  elif [[ "$begin" == (PATHS) || ( -z "$begin" && "$PREFIX" == *[./]* ) ]]; then
    _files
  else
    _describe word offered
  fi
}
if [[ "${funcstack[1]}" == _dockercfg-generator ]]; then
  _dockercfg-generator "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _dockercfg-generator dockercfg-generator
fi
"""


def script() -> str:
    """Return the script."""
    parts = {
        "(COMMANDS)": _one_of(f'"{name}"' for name in begins() if name),
        "CHOICES": "\n    ".join(
            f"(--{o.name}) compadd -- {' '.join(o.choices)}; return ;;"
            for o in OPTIONS
            if o.choices
        ),
        "(ANY_VALUE)": _one_of(f"--{o.name}" for o in OPTIONS if takes_any_value(o)),
        "(PATH_VALUE)": _one_of(f"--{o.name}" for o in OPTIONS if is_path(o)),
        "OFFERS": "\n    ".join(_case(*row) for row in begins().items()),
        "(PATHS)": _one_of(f'"{name}"' for name in begins() if takes_path(name)),
    }
    made = _SCRIPT
    for name, text in parts.items():
        made = made.replace(name, text, 1)
    return made


def _case(begin: str, options: Iterable[Option]) -> str:
    flags = {f"--{option.name}": option.help for option in options}
    flags |= {f"--{name}": text for name, text in ALWAYS}
    return f'("{begin}") flags=({_described(flags)}) offered=({_described(words_after(begin))}) ;;'


def _described(texts: Mapping[str, str]) -> str:
    return " ".join(quote(f"{word}:{text}" if text else word) for word, text in texts.items())


def _one_of(patterns: Iterable[str]) -> str:
    return f"({'|'.join(patterns)})"
