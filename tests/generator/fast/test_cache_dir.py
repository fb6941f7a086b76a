"""The folder that a config names, seen without a YAML parser: the same that the parser sees."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.fast.cache_dir import named_cache_dir


@pytest.mark.parametrize(
    "config",
    [
        "cache: {dir: /cache}",
        "cache: {dir: /cache, min_validity: 30m}\nregistries: {}",
        "cache: {min_validity: 30m, dir: '/cache'}",
        'cache: { dir: "/cache" }   # on the volume',
        "registries: {}\ncache:\n  # on the volume\n  dir: /cache\n\n  max_age: 1h\noutput: {}",
        "cache:\r\n  dir: /cache\r\nregistries: {}\r\n",
    ],
)
def test_the_usual_ways_to_write_it_are_seen(config: str) -> None:
    assert named_cache_dir(config.encode()) == "/cache"


@pytest.mark.parametrize(
    "config",
    [
        "",
        "cache: {}",
        "cache:",
        "cache: &a {dir: /cache}",
        "cache: {dir: /cache",
        "cache: {dir:/cache}",
        "cache: {dir: /ca che}",
        "cache: {dir: '/ca''che'}",
        "cache: {dir: $HOME}",
        "cache: {dir: /a, dir: /b}",
        "cache: {dir: }",
        "cache: {dir: *a}",
        "cache: {dir: /cache}\ncache: {dir: /other}",
        " cache: {dir: /cache}",
        '{"cache": {"dir": "/cache"}}',
        "caches: {dir: /cache}",
        "cache: |\n  dir: /cache",
        "cache:\nregistries:\n  dir: /cache",
    ],
)
def test_what_is_not_plain_is_not_seen(config: str) -> None:
    assert named_cache_dir(config.encode()) is None


LINES = st.lists(
    st.sampled_from(
        [
            "cache:",
            "cache: {dir: /a}",
            "cache: {dir: '/a', max_age: 1h}",
            "  dir: /b",
            "  dir: '/b' # c",
            "  max_age: 1h",
            "    dir: /c",
            "# dir: /d",
            "registries: {x: {dir: /e}}",
            "registries: {",
            "}",
            "text: >",
            "  cache: {dir: /f}",
            "",
        ]
    ),
    max_size=6,
)


@given(LINES)
def test_what_is_seen_is_what_a_parser_sees(lines: list[str]) -> None:
    config = "\n".join(lines)
    seen = named_cache_dir(config.encode())
    try:
        parsed: Any = yaml.safe_load(config)
    except yaml.YAMLError:
        return
    if seen is not None and isinstance(parsed, dict) and lines.count("registries: {") == 0:
        assert parsed["cache"]["dir"] == seen
