"""From settings and environment to a `Config`, or to all that is wrong at once."""

import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from backends.inputs import InputRecorder
from generator.config.codeship import SETS
from generator.config.conventions import Variables, recognise
from generator.config.document import read_config
from generator.config.model import Config
from generator.config.problems import Path, Problems
from generator.config.yaml_text import TextDocument, parse_yaml, shown_key
from generator.errors import ConfigError
from generator.model import Problem
from generator.settings import Settings

LARGEST_CONFIG = 1024 * 1024
Placed = tuple[str, Problem]


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
    if settings.config is not None:
        config = _from_file(settings, FilePath(settings.config), inputs, placed)
    elif settings.config_yaml is not None:
        inputs.variable("DOCKERCFG_CONFIG_YAML")
        document = parse_yaml(settings.config_yaml)
        config = _from_yaml(settings, document, "DOCKERCFG_CONFIG_YAML", FilePath(), placed)
    else:
        config = _from_conventions(settings, environment, inputs, placed)
    if placed or config is None:
        raise ConfigError(placed)
    return config


def _from_file(
    settings: Settings, path: FilePath, inputs: InputRecorder, placed: list[Placed]
) -> Config | None:
    inputs.file(path.absolute())
    try:
        text = _read(path)
    except OSError as error:
        words = {errno.ENOENT: "does not exist", errno.EACCES: "may not be read"}
        message = words.get(error.errno or 0, "can not be read")
        placed.append((str(path), Problem((), message, "check --config, and what is mounted")))
        return None
    except ValueError as error:
        placed.append((str(path), Problem((), str(error), "name a YAML file")))
        return None
    return _from_yaml(settings, parse_yaml(text), str(path), path.absolute().parent, placed)


def _from_yaml(
    settings: Settings,
    document: TextDocument,
    name: str,
    base_folder: FilePath,
    placed: list[Placed],
) -> Config | None:
    problems = Problems()
    config = None
    if not document.problems or document.content:
        config = read_config(
            document.content,
            problems,
            source=name,
            base_folder=base_folder,
            settings=settings,
        )

    def place(path: Path) -> str:
        return f"{name}:{document.line(path)} {_dotted(path)}".rstrip()

    found = sorted([*document.problems, *problems.found], key=lambda p: document.line(p.path))
    _collect(found, place, placed)
    return config


def _from_conventions(
    settings: Settings,
    environment: Mapping[str, str],
    inputs: InputRecorder,
    placed: list[Placed],
) -> Config | None:
    found = recognise(Variables(environment, inputs), SETS, settings.from_env)
    placed += found.problems
    if not found.registries:
        if not placed:
            placed.append(("config", _nothing_recognised()))
        return None
    problems = Problems()
    config = read_config(
        {"registries": found.registries},
        problems,
        source="environment",
        base_folder=FilePath(),
        # what the operator's own environment means is not a config's to bound
        settings=replace(settings, allow_servers=None, allow_secrets=None, allow_endpoints=None),
    )

    def place(path: Path) -> str:
        while path and path not in found.places:
            path = path[:-1]
        return found.places.get(path, "environment")

    _collect(problems.found, place, placed)
    return config


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
        "AZURE_REGISTRY_NAME, AZURE_USERNAME and AZURE_PASSWORD; HEROKU_API_KEY; BLUEMIX_API_KEY",
    )


def _dotted(path: Path) -> str:
    return ".".join(
        shown_key(part) if not part.isdigit() else part for part in path if "#" not in part
    )


def _read(path: FilePath) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("is not a regular file")
        content = b""
        while chunk := os.read(descriptor, LARGEST_CONFIG + 1):
            content += chunk
            if len(content) > LARGEST_CONFIG:
                raise ValueError("is larger than 1 MiB")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    finally:
        os.close(descriptor)
