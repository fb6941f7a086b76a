"""Which of a user's words may stand in a message."""

import pytest

from generator.shown import NOT_SHOWN, shown_option, shown_word


@pytest.mark.parametrize(
    "word",
    [
        "dockercfg",
        "registries.yaml",
        "ci/v1.2.3-rc1/registries.yaml",
        "build-2026-11-24T10-22-33Z.yaml",
        "MyTeamsRegistries2.yml",
        "/builds/3f2a9c1e-77b0-4d1e-9f7a-0b1c2d3e4f5a/my registries (1).yaml",
        "../r.yaml",
    ],
)
def test_names_and_paths_are_shown(word: str) -> None:
    assert shown_word(word) == word


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "glpat-x8Yz3kQ9mP2rT5vW7nB4",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "3f2a9c1e-77b0-4d1e-9f7a-0b1c2d3e4f5a",
        "correct horse battery staple",
        "p@ssword!",
        "a" * 65,
        "/forged\nline",
    ],
)
def test_what_no_name_looks_like_is_not_shown(secret: str) -> None:
    assert shown_word(secret) == NOT_SHOWN
    assert secret not in shown_option(f"--{secret}")


@pytest.mark.parametrize(
    ("argument", "shown"),
    [("--token=hunter2", "--token"), ("-phunter2", "-p"), ("--confg", "--confg"), ("-", "-")],
)
def test_an_option_is_shown_without_its_value(argument: str, shown: str) -> None:
    assert shown_option(argument) == shown
