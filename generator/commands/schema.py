"""``schema``: print the JSON schema of the config."""

from collections.abc import Callable, Iterable

from backends.loader import backend_type_names, load_backend_type
from generator.call import Call
from generator.config.schema import config_schema
from generator.errors import ExitCode
from generator.log import Logger
from generator.printing import print_json
from generator.registries.loader import kind_names, load_provider


def run(call: Call) -> int:
    """Print the schema, with the kinds and types of installed packages."""
    kinds = _loadable(kind_names(), load_provider, call.log)
    types = _loadable(backend_type_names(), load_backend_type, call.log)
    print_json(config_schema(kinds, types))
    return ExitCode.OK


def _loadable(names: Iterable[str], load: Callable[[str], object | None], log: Logger) -> list[str]:
    """Return the names without repetition, and without those of packages that are broken."""
    good = []
    for name in dict.fromkeys(names):
        try:
            load(name)
        except Exception as error:  # noqa: BLE001 - one broken package must not hide the others
            kind = type(error).__name__
            log.warning("package.unusable", message=f"{name} can not be loaded: {kind}", kind=name)
        else:
            good.append(name)
    return good
