"""Where the text of a config comes from: the file, or the variable, that was named."""

from dataclasses import dataclass
from pathlib import Path as FilePath

from backends.inputs import InputRecorder
from generator.config.text_file import absolute, read_text_file
from generator.config.yaml_text import HiddenKey, Path, TextDocument, parse_yaml, shown_key
from generator.model import Problem
from generator.settings import Settings
from generator.shown import shown_word

LARGEST_CONFIG = 1024 * 1024
Placed = tuple[str, Problem]
"""A problem and its place: file and line, or a variable."""


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML text that was read; relative paths in it are meant from ``base_folder``."""

    name: str
    document: TextDocument
    base_folder: FilePath

    def place(self, path: Path) -> str:
        """Return where a setting, or the nearest one above it, stands: for a message."""
        dotted = ".".join(
            shown_key(part) if not part.isdigit() else part
            for part in path
            if "#" not in part and not isinstance(part, HiddenKey)
        )
        return f"{self.name}:{self.document.line(path)} {dotted}".rstrip()

    def origin(self, path: Path) -> str | None:
        """Return the file and line of a setting, ``None`` if it does not stand there."""
        lines = self.document.lines
        return f"{self.name}:{lines[path]}" if path in lines else None


def read_source(settings: Settings, inputs: InputRecorder, placed: list[Placed]) -> Source | None:
    """Return the config's text; if it can not be read that is noted, and there is none."""
    if settings.config is None:
        inputs.variable("DOCKERCFG_CONFIG_YAML")
        document = parse_yaml(settings.config_yaml or "")
        return Source("DOCKERCFG_CONFIG_YAML", document, FilePath())
    path = FilePath(settings.config)
    try:
        full = absolute(path)
        inputs.file(full)
        text = read_text_file(path, limit=LARGEST_CONFIG)
        return Source(str(path), parse_yaml(text), full.parent)
    except ValueError as error:
        named_by = settings.origins.get("config", "--config")
        name = shown_word(str(path), f"the file that {named_by} names")
        placed.append((name, Problem((), str(error), "check --config, and what is mounted")))
    return None
