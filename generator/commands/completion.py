"""``completion``: a script that completes commands, options and their values in a shell.

It is made of the table of commands, and asks nothing when it runs: a shell stays quick.
"""

from generator.call import Call
from generator.completion import bash, fish, zsh
from generator.errors import ExitCode
from generator.printing import print_lines

SCRIPTS = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}


def run(call: Call) -> int:
    """Print the script of the shell that was named."""
    print_lines(SCRIPTS[call.settings.shell]().splitlines())
    return ExitCode.OK
