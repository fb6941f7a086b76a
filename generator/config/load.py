"""From settings and environment to a `Config`, or to all that is wrong at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from backends.inputs import InputRecorder
from generator.config.cache_keys import read_cache_keys
from generator.config.codeship import SETS
from generator.config.conventions import Variables, recognise
from generator.config.document import read_cache, read_config
from generator.config.model import CacheSettings, Config
from generator.config.presets import Presets
from generator.config.problems import Path, Problems
from generator.config.registries import addresses_of
from generator.config.source import Placed, Source, read_source
from generator.errors import ConfigError
from generator.model import Problem
from generator.settings import Settings


def load_config(
    settings: Settings,
    environment: Mapping[str, str],
    inputs: InputRecorder,
    problems: Sequence[Placed] = (),
) -> Config:
    """Return the config that the settings name, else what the environment means.

    Args:
        settings: where the config is.
        environment: for the conventions.
        inputs: what is read is recorded here.
        problems: those of the settings, to be reported together.

    Raises:
        ConfigError: with every problem and its place.
    """
    placed = list(problems)
    variable = Variables(environment, inputs)
    if settings.config is None and settings.config_yaml is None:
        config = _from_conventions(settings, variable, placed)
    else:
        source = read_source(settings, inputs, placed)
        config = _from_yaml(settings, source, variable, placed) if source else None
    keys = read_cache_keys(settings, inputs, placed)
    if placed or config is None:
        raise ConfigError(placed)
    return replace(config, cache=replace(config.cache, keys=keys))


def load_cache_settings(
    settings: Settings, inputs: InputRecorder, problems: Sequence[Placed] = ()
) -> CacheSettings:
    """Return what the config says of the cache, whatever else is in it.

    Raises:
        ConfigError: if the config, or its ``cache:`` block, can not be read.
    """
    placed, found = list(problems), Problems()
    cache = CacheSettings()
    if settings.config is not None or settings.config_yaml is not None:
        source = read_source(settings, inputs, placed)
        if source is not None:
            cache = read_cache(source.document.content, found, source.base_folder)
            _collect([*source.document.problems, *found.found], source.place, placed)
    keys = read_cache_keys(settings, inputs, placed)
    if placed:
        raise ConfigError(placed)
    return replace(cache, keys=keys)


def load_addresses(
    settings: Settings, environment: Mapping[str, str], inputs: InputRecorder
) -> Mapping[str, Sequence[str]]:
    """Return the server addresses of a config's entries by their names, whatever else is in it.

    There are none without a config, nor in one that can not be read: who asks for the cache's
    settings is told of that.
    """
    if settings.config is None and settings.config_yaml is None:
        return {}
    source = read_source(settings, inputs, [])
    content = source.document.content if source else {}
    unheard = Problems()
    presets = Presets(Variables(environment, inputs), unheard)
    blocks = unheard.mapping(content.get("registries"), ("registries",))
    return {
        name: addresses_of(presets.expanded(block, ("registries", name)) or {})
        for name, block in blocks.items()
        if isinstance(block, dict)
    }


def _from_yaml(
    settings: Settings, source: Source, variable: Variables, placed: list[Placed]
) -> Config | None:
    problems, document = Problems(), source.document
    presets = Presets(variable, problems, settings.registries)
    config = None
    if not document.problems or document.content:
        config = read_config(
            document.content,
            problems,
            source=source.name,
            base_folder=source.base_folder,
            settings=settings,
            presets=presets,
        )
    found = sorted([*document.problems, *problems.found], key=lambda p: document.line(p.path))
    _collect(found, source.place, placed)
    placed += problems.outside

    def origin(path: Path) -> str | None:
        return source.origin(path) or presets.origins.get(path)

    return replace(config, origin=origin) if config else None


def _from_conventions(
    settings: Settings, variable: Variables, placed: list[Placed]
) -> Config | None:
    from generator.config import preset_entry  # noqa: PLC0415 - 2 ms that few runs need

    found = recognise(variable, {**SETS, **preset_entry.SETS}, settings.from_env)
    placed += found.problems
    if not found.registries:
        if not placed:
            placed.append(("config", _nothing_recognised()))
        return None
    problems = Problems()
    presets = Presets(variable, problems, settings.registries)
    config = read_config(
        {"registries": found.registries},
        problems,
        source="environment",
        base_folder=FilePath(),
        # what the operator's own environment means is not a config's to bound
        settings=replace(
            settings,
            allow_servers=None,
            allow_secrets=None,
            allow_endpoints=None,
            allow_programs=None,
        ),
        presets=presets,
    )

    def place(path: Path) -> str:
        while path and path not in found.places:
            path = path[:-1]
        return found.places.get(path, "environment")

    def origin(path: Path) -> str | None:
        name = found.places.get(path)
        return name if name and variable(name) else presets.origins.get(path)

    _collect(problems.found, place, placed)
    placed += problems.outside
    return replace(config, origin=origin)


def _collect(
    problems: Sequence[Problem], place: Callable[[Path], str], placed: list[Placed]
) -> None:
    placed += [(place(problem.path), problem) for problem in problems]


def _nothing_recognised() -> Problem:
    return Problem(
        (),
        "nothing is configured, and no variables of a registry are recognised",
        "name a file (--config FILE or DOCKERCFG_CONFIG), put the config into "
        "DOCKERCFG_CONFIG_YAML, or set the variables of a registry: "
        "DOCKER_USERNAME and DOCKER_PASSWORD; "
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; GOOGLE_AUTH_JSON; "
        "AZURE_REGISTRY_NAME, AZURE_USERNAME and AZURE_PASSWORD; HEROKU_API_KEY; BLUEMIX_API_KEY; "
        "or those of a preset that DOCKERCFG_FROM_ENV names",
    )
