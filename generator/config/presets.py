"""Presets of a config, written out: as if each entry had said all of it itself.

They are expanded while the config is read, so that what is missing is told together with the rest,
and that every variable that was looked at, be it absent, is an input of the run.
"""

from collections.abc import Collection, Mapping
from typing import Any

from generator.config.conventions import Variables
from generator.config.problems import Path, Problems


class Presets:
    """Expands the presets of one config.

    ``selected`` are the names of the entries that count, all of them if it is empty. ``origins``
    tells where each setting comes from that a preset has brought.
    """

    def __init__(
        self, variable: Variables, problems: Problems, selected: Collection[str] = ()
    ) -> None:
        self.origins: dict[Path, str] = {}
        self._variable = variable
        self._problems = problems
        self._selected = selected

    def expanded(
        self, block: Mapping[str, Any], path: Path, *, optional: bool = False
    ) -> Mapping[str, Any] | None:
        """Return an entry with what its preset stands for; what it says itself wins.

        Credentials that are missing of an ``optional`` entry are found missing when they are read:
        that is a warning. An entry that is not selected lacks nothing; it is ``None`` if there is
        no server address for it.
        """
        if block.get("preset") is None:
            return block
        from generator.config.preset_entry import (  # noqa: PLC0415 - 2 ms that few runs need
            PresetEntry,
            unknown_preset,
        )
        from generator.registries.static.presets import PRESETS  # noqa: PLC0415 - as above

        rest = {key: value for key, value in block.items() if key != "preset"}
        if block.get("provider") not in (None, "static"):
            message = "a preset is of the kind static, and provider: says another"
            self._problems.add((*path, "preset"), message, "keep one of the two")
            return rest
        name = self._problems.text(block["preset"], (*path, "preset"))
        if name is not None and name not in PRESETS:
            self._problems.add((*path, "preset"), *unknown_preset(name))
        if name is None or name not in PRESETS:
            return {**rest, "provider": "static"}
        entry = PresetEntry(
            name,
            PRESETS[name],
            path,
            self._variable,
            self._problems,
            self.origins,
            is_selected=not self._selected or path[-1] in self._selected,
            is_optional=optional,
        )
        server = block.get("server") or entry.server()
        if server is None and not entry.is_selected:
            return None
        credentials = entry.credentials(block)
        return {**block, "provider": "static", "server": server, "credentials": credentials}
