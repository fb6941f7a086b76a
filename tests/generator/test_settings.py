from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.durations import parse_duration
from generator.errors import UsageError
from generator.settings import HelpShown, Settings, parse_settings


def parsed(*arguments: str, **environment: str) -> Settings:
    settings, problems = parse_settings(arguments, environment)
    assert problems == []
    return settings


def test_one_path_is_all_it_takes() -> None:
    assert parsed("/opt/data/dockercfg") == Settings("/opt/data/dockercfg")


@pytest.mark.parametrize("arguments", [("generate", "d"), ("./d",), ("-",), ("d.json",), ("a/b",)])
def test_paths_are_told_from_commands(arguments: tuple[str, ...]) -> None:
    assert parsed(*arguments).path == arguments[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "PATH is missing"),
        (("generate",), "PATH is missing"),
        (("genrate",), "did you mean generate?"),
        (("word",), "./word"),
        (("./a", "./b"), "more than one PATH"),
        (("",), "PATH is empty"),
        (("./a", "--nope"), "--nope"),
        (("./a", "--ref"), "--ref"),
        (("./a", "--timeout", "60"), "--timeout: not a duration"),
        (("./a", "--mode", "8"), "--mode: not a file mode"),
        (("./a", "--format", "xml"), "--format: not one of docker, legacy"),
        (("./a", "--confg=x"), "--confg did you mean --config?"),
        (("./a", "--min_validity", "2h"), "did you mean --min-validity?"),
        (("./a", "--timeout"), "--timeout: expected one argument"),
        (("cache", "lst"), "did you mean cache list?"),
        (("cache", "huh"), "write cache list or"),
        (("check", "base.yaml"), "write --config base.yaml"),
        (("schema", "base.yaml"), "usage: dockercfg-generator schema"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(arguments, {})
    assert said in f"{caught.value.message} {caught.value.hint}"


SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("./a", f"--token={SECRET}"), "there is no option --token"),
        (("./a", "--token", SECRET), "there is no option --token"),
        (("./a", f"-p{SECRET}"), "there is no option -p"),
        (("./a", f"--{SECRET}"), "there is no option --(not shown)"),
        (("./a", f"--merge={SECRET}"), "--merge: it takes no value"),
        (("./a", f"-h{SECRET}"), "it takes no value"),
        ((SECRET,), "(not shown) is not a command"),
        (("check", SECRET), "check takes no word beside its options"),
        (("check", f"{SECRET}.yaml"), "write --config FILE"),
        (("cache", SECRET), "cache needs to be told what"),
        (("completion", SECRET), "SHELL is not one of"),
        (("./a", "--timeout", SECRET), "not a duration"),
    ],
)
def test_a_secret_on_the_command_line_is_not_repeated(
    arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(arguments, {})
    words = f"{caught.value.message} {caught.value.hint}"
    assert said in words
    assert SECRET not in words


def test_a_variable_that_is_like_none_of_ours_only_by_its_prefix_is_not_guessed() -> None:
    _, problems = parse_settings(["./d"], {"DOCKERCFG_PASSWORD": "x"})
    assert problems[0][1].hint.startswith("known are ")


@pytest.mark.parametrize(
    ("arguments", "variable", "field", "value"),
    [
        (("--config", "f"), ("DOCKERCFG_CONFIG", "f"), "config", "f"),
        (("--cache-dir", "/c"), ("DOCKERCFG_CACHE_DIR", "/c"), "cache_dir", "/c"),
        (("--min-validity", "2h"), ("DOCKERCFG_MIN_VALIDITY", "2h"), "min_validity_s", 7200),
        (("--format", "legacy"), ("DOCKERCFG_FORMAT", "legacy"), "output_format", "legacy"),
        (("--mode", "0644"), ("DOCKERCFG_MODE", "0644"), "mode", 0o644),
        (("--merge",), ("DOCKERCFG_MERGE", "1"), "merge", True),
        (
            ("--registry", "a", "--registry", "b"),
            ("DOCKERCFG_REGISTRY", "a,b"),
            "registries",
            ("a", "b"),
        ),
        (("--refresh",), ("DOCKERCFG_REFRESH", "yes"), "refresh", True),
        (("--keep-going",), ("DOCKERCFG_KEEP_GOING", "true"), "keep_going", True),
        (("--timeout", "5s"), ("DOCKERCFG_TIMEOUT", "5s"), "timeout_s", 5),
        (("--quiet",), ("DOCKERCFG_QUIET", "on"), "quiet", True),
        (("--log-level", "debug"), ("DOCKERCFG_LOG_LEVEL", "debug"), "log_level", "debug"),
        (("--log-format", "json"), ("DOCKERCFG_LOG_FORMAT", "json"), "log_format", "json"),
    ],
)
def test_every_option_has_a_twin(
    arguments: tuple[str, ...], variable: tuple[str, str], field: str, value: Any
) -> None:
    assert getattr(parsed("./d", *arguments), field) == value
    assert getattr(parsed("./d", **{variable[0]: variable[1]}), field) == value


def test_an_argument_wins_over_its_twin() -> None:
    assert parsed("./d", "--timeout", "5s", DOCKERCFG_TIMEOUT="7s").timeout_s == 5
    assert parsed("./d", "--config", "f", DOCKERCFG_CONFIG_YAML="x").config_yaml is None


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_is_unset(blank: str) -> None:
    assert parsed("./d", DOCKERCFG_TIMEOUT=blank, DOCKERCFG_CONFIG=blank) == Settings("./d")


def test_all_problems_of_the_variables_are_found_at_once() -> None:
    environment = {
        "DOCKERCFG_TIMOUT": "5s",
        "DOCKERCFG_MODE": "hunter2-CANARY",
        "DOCKERCFG_MERGE": "perhaps",
        "DOCKERCFG_CONFIG": "f",
        "DOCKERCFG_CONFIG_YAML": "x",
    }
    _, problems = parse_settings(["./d"], environment)
    assert [place for place, _ in problems] == [
        "DOCKERCFG_TIMOUT",
        "DOCKERCFG_MODE",
        "DOCKERCFG_MERGE",
        "DOCKERCFG_CONFIG_YAML",
    ]
    assert problems[0][1].hint == "did you mean DOCKERCFG_TIMEOUT?"
    assert "CANARY" not in repr(problems)


@pytest.mark.parametrize("argument", ["--help", "-h", "--version"])
def test_help_needs_no_path(argument: str) -> None:
    with pytest.raises(HelpShown) as shown:
        parse_settings([argument], {})
    assert "dockercfg-generator" in shown.value.text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("500ms", 0.5), ("1d", 86400)],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "0s", "-5s", "5 s", "s", "1x", "400d", "٣s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


@given(st.text(max_size=20))
def test_any_text_is_a_bounded_duration_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0 < seconds <= 366 * 86400
