"""All commands: what each is for, which options it takes, and where its code is.

The code is named by text, so that whoever asks for one command, or for help, imports no other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from generator.options import OPTIONS, Option, named

_OF_AN_ENTRY = replace(*named("registry"), help="only this entry of the config")
_CONFIGURES = (*named("config"), _OF_AN_ENTRY, *named("log-level", "log-format"))
_CACHE = named("config", "cache-dir", "log-level", "log-format")
_JSON = named("json")
_OF_A_HOST = replace(
    *named("registry"),
    metavar="HOST|NAME",
    help="only tokens for this server address, or for an entry of the config",
    twin=False,
)
_COMPLETION = """\
Commands, options and their values. Where a shell looks for it:

bash (with the package bash-completion):
  mkdir -p ~/.local/share/bash-completion/completions
  dockercfg-generator completion bash > \\
    ~/.local/share/bash-completion/completions/dockercfg-generator
zsh:
  mkdir -p ~/.zfunc
  dockercfg-generator completion zsh > ~/.zfunc/_dockercfg-generator
  echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit' >> ~/.zshrc
fish:
  mkdir -p ~/.config/fish/completions
  dockercfg-generator completion fish > ~/.config/fish/completions/dockercfg-generator.fish

For one session of bash or zsh: source <(dockercfg-generator completion SHELL)"""


@dataclass(frozen=True, slots=True)
class Word:
    """The one word that a command may take beside its options; ``field`` is the setting's."""

    field: str
    metavar: str
    needed: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One command; ``target`` is ``module:function``, ``text`` and ``example`` are for help."""

    name: str
    target: str
    summary: str
    text: str
    example: str
    options: tuple[Option, ...] = ()
    word: Word | None = None

    def load(self) -> Callable[[Any], int]:
        """Import the function that runs it: it takes a `generator.call.Call`."""
        module, _, attribute = self.target.partition(":")
        function: Callable[[Any], int] = getattr(import_module(module), attribute)
        return function


GENERATE = Command(
    "generate",
    "generator.commands.generate:run",
    "write the dockercfg; a PATH alone means this",
    "Fetch what is not in the cache, and write one Docker config for all registries.\n"
    "PATH is the file to write, - is stdout.",
    "generate --config registries.yaml --cache-dir /cache ./dockercfg",
    tuple(option for option in OPTIONS if option.name != "json"),
    Word("path", "PATH"),
)

COMMANDS = {
    command.name: command
    for command in (
        GENERATE,
        Command(
            "explain",
            "generator.commands.explain:run",
            "say what a run would do, and why; asks nobody, writes nothing",
            "For each entry: where its settings come from, which variables, files and secrets it\n"
            "depends on (names, never values), whether a token is stored, and why the next run is\n"
            "fast, warm or cold. Take the line of a run and put explain in front.",
            "explain --config registries.yaml --cache-dir /cache ./dockercfg",
            OPTIONS,
            Word("path", "PATH", needed=False),
        ),
        Command(
            "check",
            "generator.commands.check:run",
            "check the config; asks nobody",
            "Say ok and how many entries there are, or all that is wrong at once, with lines.\n"
            "Secrets are not looked at: they may be there in the pipeline only.",
            "check --config registries.yaml",
            _CONFIGURES,
        ),
        Command(
            "providers",
            "generator.commands.providers:run",
            "list the kinds of registries and of secret backends",
            "All kinds that are there, installed packages' too: hosts, how long a token lives,\n"
            "credentials, options, an example; presets. KIND is the name of one of them.",
            "providers ecr",
            _JSON,
            Word("kind", "KIND", needed=False),
        ),
        Command(
            "schema",
            "generator.commands.schema:run",
            "print the JSON schema of the config, for editors",
            "The JSON schema (draft 2020-12) of the config, installed packages' kinds included.\n"
            "Editors that speak yaml-language-server take it by a first line in the config:\n"
            "  # yaml-language-server: $schema=dockercfg.schema.json",
            "schema > dockercfg.schema.json",
        ),
        Command(
            "cache list",
            "generator.commands.cache:list_grants",
            "list the tokens in the cache, and whether they are still good",
            "A line for each stored token; never the token.",
            "cache list --cache-dir /cache",
            (*_CACHE, *named("min-validity"), *_JSON),
        ),
        Command(
            "cache prune",
            "generator.commands.cache:prune",
            "remove what has expired",
            "Runs do so by themselves whenever they fetch; this is for a host that has none.",
            "cache prune --cache-dir /cache",
            _CACHE,
        ),
        Command(
            "cache clear",
            "generator.commands.cache_clear:clear",
            "remove all tokens, or those of one registry; asks nothing",
            "For a credential that was revoked or leaked: no later run uses what came from it.\n"
            "Only files of the cache are removed, each under its lock. --registry takes a server\n"
            "address or, with a config, the name of an entry, which stands for its addresses.\n"
            "That no such token is stored is an error (66); those that are stored are named.",
            "cache clear --cache-dir /cache --registry ghcr.io",
            (*_CACHE, _OF_A_HOST),
        ),
        Command(
            "completion",
            "generator.commands.completion:run",
            "print a completion script for a shell",
            _COMPLETION,
            "completion bash > dockercfg-generator.bash",
            word=Word("shell", "SHELL", choices=("bash", "zsh", "fish")),
        ),
    )
}


def first_words() -> tuple[str, ...]:
    """Return the words that a command line may begin with, in the order of the table."""
    return tuple(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))
