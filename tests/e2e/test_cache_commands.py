"""cache list, prune and clear through the installed command, beside real runs."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.cache.volume import open_volume
from tests.e2e.command import CANARY, Ran, run
from tests.generator.cache.samples import NAME, USE, make_grant, make_store
from tests.parts.ecr import EcrStandIn

ONE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
TWO = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
CONFIG = f"""
cache: {{dir: cache}}
registries:
  one: {{server: {ONE}}}
  two: {{server: {TWO}, aliases: [mirror.example]}}
"""


class Host:
    """A host with a cache that holds two tokens."""

    def __init__(self, folder: Path, ecr: EcrStandIn) -> None:
        self.folder, self.ecr, self.cache = folder, ecr, folder / "cache"
        (folder / "r.yaml").write_text(CONFIG)
        self.generate()

    def generate(self) -> None:
        environment = {**self.ecr.environment, "DOCKERCFG_CONFIG": "r.yaml"}
        ran = run("./d", environment=environment, folder=self.folder)
        assert ran.code == 0, ran.stderr

    def run(self, *arguments: str) -> Ran:
        ran = run("cache", *arguments, "--cache-dir", self.cache, folder=self.folder)
        assert CANARY not in ran.output
        assert "Traceback" not in ran.stderr
        return ran

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        ran = self.run("list", "--json", *arguments)
        assert ran.code == 0, ran.stderr
        grants: list[dict[str, Any]] = json.loads(ran.stdout)["grants"]
        return sorted(grants, key=lambda grant: grant["server_addresses"])

    @property
    def grants(self) -> list[Path]:
        return sorted(p for p in self.cache.glob("grant-*") if p.is_file() and not p.suffix)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with EcrStandIn() as ecr:
        yield Host(tmp_path, ecr)


def test_the_list_says_for_which_servers_and_for_how_long(host: Host) -> None:
    before = {p: p.stat().st_mtime_ns for p in host.cache.iterdir()}
    one, two = host.listed()
    assert one["server_addresses"] == [ONE]
    assert two["server_addresses"][:2] == [TWO, "mirror.example"]
    assert (one["provider"], one["state"], one["reason"]) == ("ecr", "fresh", None)
    assert one["fresh_until"] < one["expires_at"]
    assert one["size"] > 100
    assert host.listed("--min-validity", "1d")[0]["state"] == "stale"
    assert {p: p.stat().st_mtime_ns for p in host.cache.iterdir()} == before
    text = host.run("list").stdout
    assert f"{ONE}  " in text
    assert "fresh" in text


def test_the_folder_may_stand_in_the_config_whatever_else_is_in_it(host: Host) -> None:
    (host.folder / "r.yaml").write_text("cache: {dir: cache}\nregistries: {x: {nonsense: 1}}\n")
    ran = run("cache", "list", "--config", "r.yaml", folder=host.folder)
    assert (ran.code, ran.stderr) == (0, "")
    assert ONE in ran.stdout


@pytest.mark.parametrize("command", ["list", "prune", "clear"])
def test_a_folder_has_to_be_named_and_is_not_made(command: str, tmp_path: Path) -> None:
    ran = run("cache", command, folder=tmp_path)
    assert ran.code == 78
    assert "--cache-dir" in ran.stderr
    ran = run("cache", command, "--cache-dir", "cache", folder=tmp_path)
    assert ran.code == (66 if command == "clear" else 0), ran.stderr
    assert ("cache folder cache does not exist" in ran.stderr) == (command == "clear")
    assert list(tmp_path.iterdir()) == []


def test_clear_removes_the_tokens_and_the_next_run_fetches(host: Host) -> None:
    (host.cache / "finished-0a").write_text(CANARY)
    (host.cache / "notes.txt").write_text("somebody else's")
    (host.cache / "grant-foreign").mkdir()
    ran = host.run("clear")
    assert ran.code == 0, ran.stderr
    assert f"removed {ONE} (ecr)" in ran.stdout
    assert f"removed 2 tokens from {host.cache}" in ran.stdout
    assert host.grants == []
    assert not (host.cache / "finished-0a").exists()
    assert (host.cache / "notes.txt").exists()
    host.generate()
    assert host.ecr.token_calls == 4


@pytest.mark.parametrize("address", ["mirror.example", f"https://{TWO}/"])
def test_clear_can_be_for_one_server(address: str, host: Host) -> None:
    ran = host.run("clear", "--registry", address)
    assert f"removed 1 token from {host.cache}" in ran.stdout
    assert [grant["server_addresses"] for grant in host.listed()] == [[ONE]]


def test_a_variable_that_names_entries_does_not_keep_tokens_from_being_cleared(host: Host) -> None:
    environment = {"DOCKERCFG_REGISTRY": "one"}
    ran = run("cache", "clear", "--cache-dir", host.cache, environment=environment)
    assert "removed 2 tokens" in ran.stdout


@pytest.mark.parametrize(("name", "left"), [("one", TWO), ("two", ONE)])
def test_clear_takes_an_entrys_name_for_its_addresses(name: str, left: str, host: Host) -> None:
    (host.folder / "r.yaml").write_text(f"{CONFIG}\n  broken: {{nonsense: 1}}\n  worse: 7\n")
    ran = host.run("clear", "--config", "r.yaml", "--registry", name)
    assert (ran.code, ran.stderr) == (0, "")
    assert "removed 1 token" in ran.stdout
    assert [grant["server_addresses"][0] for grant in host.listed()] == [left]


def test_an_entry_that_names_no_server_can_not_be_cleared_by_its_name(host: Host) -> None:
    (host.folder / "r.yaml").write_text("registries: {own: {provider: ecr, region: eu-west-1}}")
    ran = host.run("clear", "--config", "r.yaml", "--registry", "own")
    assert ran.code == 78
    assert "entry own names no server" in ran.stderr
    assert len(host.listed()) == 2


def test_the_only_address_of_an_entrys_registry_is_known(host: Host) -> None:
    (host.folder / "r.yaml").write_text("registries: {app: {provider: heroku}}")
    ran = host.run("clear", "--config", "r.yaml", "--registry", "app")
    assert ran.code == 66
    assert "no token of app (registry.heroku.com) is stored" in ran.stderr


def test_what_was_meant_and_is_not_stored_is_told_and_the_rest_is_removed(host: Host) -> None:
    ran = host.run("clear", "--registry", "prod", "--registry", "mirror.example")
    assert ran.code == 66
    assert f"no token of prod is stored; there are tokens of {ONE}, {TWO}, mirror" in ran.stderr
    assert "removed 1 token" in ran.stdout
    assert [grant["server_addresses"] for grant in host.listed()] == [[ONE]]
    assert host.run("clear").code == 0
    ran = host.run("clear", "--registry", ONE)
    assert ran.code == 66
    assert f"no token of {ONE} is stored; there are none in {host.cache}" in ran.stderr
    assert host.run("clear").code == 0


def test_of_many_tokens_that_are_stored_some_are_named(host: Host) -> None:
    names = ", ".join(f"mirror{n:02}.example" for n in range(12))
    (host.folder / "r.yaml").write_text(CONFIG.replace("[mirror.example]", f"[{names}]"))
    host.run("clear")
    host.generate()
    said = host.run("clear", "--registry", "prod").stderr
    assert "mirror07.example and 4 more (cache list); mend the name" in said


def test_a_server_that_nobody_has_removes_nothing(host: Host) -> None:
    ran = host.run("clear", "--registry", "other.example")
    assert ran.code == 66
    assert "removed 0 tokens" in ran.stdout
    ran = host.run("clear", "--registry", "a b")
    assert ran.code == 78
    assert "--registry" in ran.stderr
    assert len(host.listed()) == 2


def test_a_grant_that_a_run_is_about_to_renew_is_kept_and_told(host: Host) -> None:
    name = next(g["name"] for g in host.listed() if ONE in g["server_addresses"])
    with (host.cache / f"{name}.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = host.run("clear")
    assert ran.code == 69
    assert f"{ONE} (ecr) was not removed" in ran.stderr
    assert "removed 1 token" in ran.stdout
    assert [grant["server_addresses"] for grant in host.listed()] == [[ONE]]


def test_what_can_not_be_read_is_listed_and_cleared(host: Host) -> None:
    host.grants[0].write_bytes(b"garbage" + CANARY.encode())
    states = {grant["state"] for grant in host.listed()}
    assert states == {"fresh", "unreadable"}
    assert "is no grant of this version" in host.run("list").stdout
    ran = host.run("clear", "--registry", "other.example")
    assert "can not be read" in ran.stderr
    assert host.run("clear").code == 0
    assert host.grants == []


def test_prune_removes_what_has_expired_only(host: Host) -> None:
    with open_volume(host.cache) as volume:
        make_store(volume)[0].store(NAME, make_grant(requested_at=1e9, expires_at=1e9 + 60), USE)
    assert [grant["state"] for grant in host.listed()].count("expired") == 1
    assert "removed 1 token from" in host.run("prune").stdout
    assert [grant["state"] for grant in host.listed()] == ["fresh", "fresh"]


def test_a_folder_that_others_may_write_to_is_refused(host: Host) -> None:
    host.cache.chmod(0o777)
    for command in ("list", "prune", "clear"):
        ran = host.run(command)
        assert ran.code == 69
        assert "others may write to it" in ran.stderr
