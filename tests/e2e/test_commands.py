"""The commands beside the contract form, through the installed command."""

import json
import subprocess
from pathlib import Path

import pytest

from generator.command_table import COMMANDS
from tests.e2e.command import CANARY, COMMAND, PLAIN_ENVIRONMENT, run

HUB = {"DOCKER_USERNAME": "ci-bot", "DOCKER_PASSWORD": CANARY}
PLUGIN = Path(__file__).parents[2] / "examples" / "backend-plugin" / "src"


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    """An environment in which the example package is installed."""
    info = tmp_path / "dockercfg_json_store-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: json-store\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[dockercfg_generator.backends]\n"
        "json-store = dockercfg_json_store.factory:JsonStoreFactory\n"
        "broken = no.such.module:Factory\n"
    )
    return {"PYTHONPATH": f"{PLUGIN}:{tmp_path}"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_with_an_example(name: str) -> None:
    ran = run(*name.split(), "--help")
    assert ran.code == 0
    assert ran.stdout.startswith("usage: dockercfg-generator")
    assert f"example:\n  dockercfg-generator {name.split(maxsplit=1)[0]}" in ran.stdout
    for option in COMMANDS[name].options:
        assert f"--{option.name}" in ran.stdout


def test_the_help_of_the_tool_lists_the_commands() -> None:
    said = run("--help").stdout
    for name, command in COMMANDS.items():
        assert f"  {name} " in said
        assert command.summary in said


def test_a_group_of_commands_has_help_and_says_what_is_missing() -> None:
    assert "cache prune" in run("cache", "--help").stdout
    ran = run("cache")
    assert (ran.code, ran.stdout) == (2, "")
    assert "write cache list or cache prune or cache clear" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--merge"], "check does not take --merge"),
        (["schema", "--json"], "it takes none"),
        (["./d", "--json"], "generate does not take --json"),
        (["check", "./d"], "check takes no ./d"),
        (["completion"], "SHELL is missing"),
        (["completion", "tcsh"], "not one of bash, zsh, fish"),
        (["cache", "lst"], "did you mean cache list?"),
        (["cache"], "write cache list"),
    ],
)
def test_what_a_command_does_not_take_is_a_usage_error(arguments: list[str], said: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert said in ran.stderr


def test_check_says_ok_and_how_many_without_looking_at_secrets() -> None:
    config = "registries: {a: {server: a.io, username: u, credentials: env:NOT_SET}}"
    ran = run("check", environment={"DOCKERCFG_CONFIG_YAML": config})
    assert (ran.code, ran.stdout, ran.stderr) == (0, "ok: 1 entry\n", "")


def test_check_tells_all_problems_and_the_environments() -> None:
    config = "registries: {a: {server: a.io, usernam: u}, b: {}}"
    environment = {"DOCKERCFG_CONFIG_YAML": config, "DOCKERCFG_REPROT": "x"}
    ran = run("check", environment=environment)
    assert (ran.code, ran.stdout) == (78, "")
    for said in ("did you mean username?", "no server is named", "did you mean DOCKERCFG_REPORT?"):
        assert said in ran.stderr


def test_installed_packages_are_listed_and_their_kinds_are_in_the_schema(
    plugin: dict[str, str],
) -> None:
    listed = json.loads(run("providers", "--json", environment=plugin).stdout)
    rows = {row["name"]: row for row in listed["backends"]}
    assert rows["json-store"]["package"] == "json-store 1.0"
    assert rows["vault"]["package"] is None
    assert rows["broken"]["problem"] == "can not be loaded: ModuleNotFoundError"
    assert "json-store:" in run("providers", environment=plugin).stdout
    schema = run("schema", environment=plugin)
    assert "backend.json-store" in json.loads(schema.stdout)["$defs"], schema.stderr
    assert "warning: broken can not be loaded: ModuleNotFoundError" in schema.stderr


def test_the_help_says_which_options_have_no_twin() -> None:
    for name, command in COMMANDS.items():
        twins, _, alone = run(*name.split(), "--help").stdout.partition("options without one:\n")
        assert ("a twin in the environment" in twins) == bool(command.options)
        if command.options:
            assert "--help" not in twins.partition("options, each")[2]
            assert "--help" in alone
        assert ("--registry" in alone) == (name == "cache clear")
    assert json.loads(run("providers", environment={"DOCKERCFG_JSON": "1"}).stdout)


def test_the_help_tells_what_becomes_of_the_other_entries() -> None:
    assert "only this entry; --merge keeps the others" in run("generate", "--help").stdout
    assert "--merge" not in run("check", "--help").stdout


def test_completion_is_printed() -> None:
    assert "complete -o default" in run("completion", "bash").stdout


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_a_stdout_that_can_not_be_written_is_told(redirection: str) -> None:
    ran = subprocess.run(
        ["bash", "-c", f"{COMMAND} schema {redirection}"],
        env=PLAIN_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 73
    assert "stdout" in ran.stderr
