"""The table of presets in the page of ``static``, from their own data."""

from generator.registries.static.presets import PRESETS, Preset
from tests.docs.kinds import PAGES

PAGE = PAGES / "static.md"
_MARKS = ("<!-- presets: begin -->\n", "<!-- presets: end -->\n")


def with_presets(page: str) -> str:
    """Return the page with the table as it is now."""
    before, begin, rest = page.partition(_MARKS[0])
    _, end, after = rest.partition(_MARKS[1])
    assert begin, _MARKS
    assert end, _MARKS
    return f"{before}{begin}{_table()}{end}{after}"


def _table() -> str:
    head = ["| preset | for | server | user name | password |", "|---|---|---|---|---|"]
    rows = [_row(name, preset) for name, preset in PRESETS.items()]
    return "\n".join([*head, *rows]) + "\n"


def _row(name: str, preset: Preset) -> str:
    variables = _listed(preset.servers)
    server = variables
    if preset.server is not None:
        server = f"`{preset.server.format('REGION')}`"
        server += f", REGION from {variables}" if variables else ""
    # a bar would end the cell
    user = preset.user.replace("|", "\\|")
    username = f"`{preset.username}`" if preset.username else f"{_listed(preset.usernames)}: {user}"
    return f"| `{name}` | {preset.title} | {server} | {username} | {_listed(preset.passwords)} |"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
