"""The keys that the cache is encrypted with; the environment names them, never a config."""

from pathlib import Path

from backends.inputs import InputRecorder
from backends.secret import Secret
from generator.cache.sealing import CacheKeys, parse_cache_key
from generator.config.text_file import absolute, read_text_file
from generator.model import Problem
from generator.settings import Settings

KEY = "DOCKERCFG_CACHE_KEY"
KEY_FILE = "DOCKERCFG_CACHE_KEY_FILE"
PREVIOUS = "DOCKERCFG_CACHE_KEY_PREVIOUS"
LARGEST_FILE = 4096


def read_cache_keys(
    settings: Settings, inputs: InputRecorder, placed: list[tuple[str, Problem]]
) -> CacheKeys | None:
    """Return the keys that the environment names, ``None`` if it names none.

    Problems are added to ``placed``, each with its variable; none echoes a value.
    """
    key, file = settings.cache_key, settings.cache_key_file
    if key is not None and file is not None:
        placed.append((KEY_FILE, Problem((), f"{KEY} is set as well", "keep one of the two")))
        return None
    if file is not None:
        key = _from_file(Path(file), inputs, placed)
    if key is not None:
        return CacheKeys(key, settings.cache_key_previous)
    if settings.cache_key_previous is not None and file is None:
        hint = f"set {KEY} to what is to be encrypted with from now on, or unset it"
        placed.append((PREVIOUS, Problem((), f"there is no {KEY} that it was before", hint)))
    return None


def _from_file(
    path: Path, inputs: InputRecorder, placed: list[tuple[str, Problem]]
) -> Secret | None:
    try:
        inputs.file(absolute(path))
        return parse_cache_key(read_text_file(path, limit=LARGEST_FILE))
    except ValueError as error:
        hint = (
            "name a file that holds the key and nothing else, as `openssl rand -base64 32` prints"
        )
        placed.append((KEY_FILE, Problem((), f"{path} {error}", hint)))
        return None
