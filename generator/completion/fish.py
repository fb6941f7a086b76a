"""The script for fish."""

from collections.abc import Sequence

from generator.completion.offers import ALWAYS, begins, is_path, takes_path, words_after
from generator.options import Option

# a bare word is a command, so files are offered at the beginning once a path is being written
_HEAD = """\
# fish completion of dockercfg-generator
function __dockercfg_generator_is
    set -l command
    for word in (commandline -opc)[2..]
        set -l joined (string join ' ' -- $command $word)
        if contains -- "$joined" COMMANDS
            set command $joined
        end
    end
    contains -- "$command" $argv
end
function __dockercfg_generator_path
    __dockercfg_generator_is ''; and string match -qr '[./]' -- (commandline -ct)
end
complete -c dockercfg-generator -f
complete -c dockercfg-generator -n __dockercfg_generator_path -F
"""


def script() -> str:
    """Return the script."""
    head = _HEAD.replace("COMMANDS", " ".join(_quoted(name) for name in begins() if name))
    lines = [_line((name,), "-F") for name in begins() if takes_path(name)]
    lines += [
        _line((begin,), f"-a {word} -d {_quoted(text)}")
        for begin in begins()
        for word, text in words_after(begin).items()
    ]
    taken: dict[Option, list[str]] = {}
    for begin, options in begins().items():
        for option in options:
            taken.setdefault(option, []).append(begin)
    lines += [_line(names, _option(option)) for option, names in taken.items()]
    always = [f"complete -c dockercfg-generator -l {n} -d {_quoted(text)}" for n, text in ALWAYS]
    return "\n".join([head.rstrip(), *lines, *always, ""])


def _line(names: Sequence[str], what: str) -> str:
    condition = " ".join(("__dockercfg_generator_is", *(f'"{name}"' for name in names)))
    return f"complete -c dockercfg-generator -n {_quoted(condition)} {what}"


def _option(option: Option) -> str:
    line = f"-l {option.name} -d {_quoted(option.help)}"
    if option.choices:
        return f"{line} -x -a {_quoted(' '.join(option.choices))}"
    if option.metavar is None:
        return line
    return f"{line} {'-r -F' if is_path(option) else '-x'}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
