"""Cold, warm and fast write the same bytes; whatever changes, no fast run misses it."""

import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.generator.fast.samples import Place
from tests.parts.ecr import EcrStandIn

# Every example runs the command several times over a real socket.
PATIENT = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ENTRIES = {
    "ecr": "{server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com}",
    "ecr-keys": "{server: 123456789012.dkr.ecr.us-east-1.amazonaws.com, "
    "credentials: {access_key_id: env:KEY_ID, secret_access_key: env:KEY}}",
    "ecr-role": "{server: 210987654321.dkr.ecr.eu-west-1.amazonaws.com, "
    "role_arn: 'arn:aws:iam::210987654321:role/ci', aliases: [cr.example.com]}",
    "ecr-public": "{provider: ecr-public}",
    "ecr-own": "{provider: ecr, region: eu-central-1}",
    "hub": "{server: docker.io, username: ci, credentials: env:TOKEN}",
    "on-disk": "{server: 'a.example:5000', username: ü, credentials: file:secret, "
    "aliases: [b.example]}",
    "pair": "{server: c.example, credentials: {username: env:USERNAME, password: env:TOKEN}}",
    "both-files": "{server: d.example, credentials: {username: file:user, password: file:secret}}",
    "ends": "{server: e.example, username: ci, "
    "credentials: {password: env:TOKEN, expires_at: env:ENDS}}",
    "heroku": "{provider: heroku, optional: true, credentials: env:TOKEN}",
    "preset": "{preset: ghcr}",
    "preset-ends": "{preset: scaleway, "
    "credentials: {password: env:SCW_SECRET_KEY, expires_at: env:ENDS}}",
    "preset-server": "{preset: harbor, optional: true}",
}
HABITS = {
    "GITHUB_ACTOR": "octocat",
    "GITHUB_TOKEN": "of-the-job",
    "SCW_DEFAULT_REGION": "fr-par",
    "SCW_SECRET_KEY": "key",
    "HARBOR_URL": "https://harbor.example:8443/",
    "HARBOR_USERNAME": "robot$ci",
    "HARBOR_PASSWORD": "secret",
}
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40
)
MOMENTS = ("", "30m", "2h")


@dataclass(frozen=True, slots=True)
class Case:
    """A config, how it is handed over, and the secrets behind it."""

    entries: tuple[str, ...]
    in_variable: bool
    cache_in_config: str
    variables: Mapping[str, str]
    token: str
    secret: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    optional = {
        "DOCKERCFG_FORMAT": draw(st.sampled_from(["", "docker", "legacy"])),
        "DOCKERCFG_MODE": draw(st.sampled_from(["", "0644"])),
        "DOCKERCFG_MIN_VALIDITY": draw(st.sampled_from(MOMENTS)),
        "DOCKERCFG_QUIET": draw(st.sampled_from(["", "1"])),
        "DOCKERCFG_LOG_LEVEL": draw(st.sampled_from(["", "debug", "error"])),
        "DOCKERCFG_KEEP_GOING": draw(st.sampled_from(["", "yes"])),
    }
    return Case(
        entries=tuple(
            draw(st.lists(st.sampled_from(sorted(ENTRIES)), min_size=1, max_size=5, unique=True))
        ),
        in_variable=draw(st.booleans()),
        cache_in_config=draw(st.sampled_from(["", "cache: {dir: CACHE}", "cache:\n  dir: CACHE"])),
        variables={name: value for name, value in optional.items() if value},
        token=draw(SECRETS),
        secret=draw(SECRETS),
    )


@contextmanager
def arranged(case: Case, ecr: EcrStandIn) -> Iterator[Place]:
    """Make the place that a case describes, nothing having run there yet."""
    folder = Path(tempfile.mkdtemp())
    (folder / "secret").write_text(f"{case.secret}\n")
    (folder / "user").write_text("robot")
    place = Place(folder, {**ecr.environment, **HABITS, **case.variables})
    place.environment |= {"TOKEN": case.token, "USERNAME": "user", "KEY_ID": "A", "KEY": "k"}
    place.environment["ENDS"] = str(int(time.time()) + 30 * 3600)
    config = case.cache_in_config.replace("CACHE", str(place.cache))
    if config:
        del place.environment["DOCKERCFG_CACHE_DIR"]
    config += "\nregistries:\n" + "".join(f"  {n}: {ENTRIES[n]}\n" for n in case.entries)
    if case.in_variable:
        config = config.replace("file:", f"file:{folder}/")
        place.environment["DOCKERCFG_CONFIG_YAML"] = config
    else:
        (folder / "registries.yaml").write_text(config)
        place.environment["DOCKERCFG_CONFIG"] = str(folder / "registries.yaml")
    try:
        yield place
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ecr() -> Iterator[EcrStandIn]:
    with EcrStandIn() as stand_in:
        yield stand_in


@PATIENT
@given(cases())
def test_cold_warm_and_fast_write_the_same_and_say_the_same(ecr: EcrStandIn, case: Case) -> None:
    with arranged(case, ecr) as place:
        assert place.ordinary() == 0
        cold, mode = place.target.read_bytes(), place.target.stat().st_mode
        place.target.unlink()
        calls = ecr.token_calls
        with redirect_stderr(io.StringIO()) as warm_said:
            assert place.ordinary(DOCKERCFG_FAST="0") == 0
        warm = place.target.read_bytes()
        place.target.unlink()
        with said_in(place.folder) as fast_said:
            assert place.fast()
        assert place.target.read_bytes() == warm == cold
        assert place.target.stat().st_mode == mode
        assert json.loads(cold)
        assert ecr.token_calls == calls
        assert without_durations(fast_said.read_text()) == without_durations(warm_said.getvalue())


CHANGES: dict[str, dict[str, str | None]] = {
    "a variable of a secret changes": {"TOKEN": "another"},
    "an expiry changes": {"ENDS": "2100-01-01T00:00:00Z"},
    "a variable appears under a prefix": {"AWS_PROFILE_OF_NOBODY": ""},
    "a variable under a prefix changes": {"AWS_SECRET_ACCESS_KEY": "another"},
    "a variable is gone": {"KEY": None, "TOKEN": None, "AWS_EC2_METADATA_DISABLED": None},
    "home moves": {"HOME": "/nonexistent"},
    "a setting changes": {"DOCKERCFG_TIMEOUT": "59s"},
    "a variable appears that counts before others": {"CR_PAT": "another"},
    "a variable appears that counts before no other": {"GH_TOKEN": "another"},
    "a user name appears that counts before the other": {"GHCR_USERNAME": "another"},
    "a variable of a server changes": {
        "HARBOR_URL": "else.example",
        "SCW_DEFAULT_REGION": "nl-ams",
    },
    "a variable is left to what comes after it": {"GITHUB_TOKEN": " ", "GH_TOKEN": "another"},
}
FILES = ("secret", "user", ".aws/config", ".aws/credentials", "registries.yaml")


@PATIENT
@given(cases(), st.sampled_from(sorted(CHANGES)))
def test_a_change_of_a_variable_is_never_missed(ecr: EcrStandIn, case: Case, change: str) -> None:
    with arranged(case, ecr) as place:
        assert place.ordinary() == 0
        lines = place.indexes[0].read_bytes().split(b"\n\n")[0].decode().splitlines()
        prefixes = ("DOCKERCFG_", *(line[2:] for line in lines if line.startswith("p ")))
        environment = dict(place.environment)
        for name, value in CHANGES[change].items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        counts = any(name.startswith(prefixes) or f"v {name}" in lines for name in CHANGES[change])
        assert place.fast(environment) is not counts
        if not counts:
            fast = place.target.read_bytes()
            place.environment = environment
            assert place.ordinary(DOCKERCFG_FAST="0") == 0
            assert place.target.read_bytes() == fast


@PATIENT
@given(cases(), st.sampled_from(FILES), st.sampled_from(["changes", "goes", "comes", "a folder"]))
def test_a_change_of_a_file_is_never_missed(
    ecr: EcrStandIn, case: Case, name: str, change: str
) -> None:
    with arranged(case, ecr) as place:
        path = place.folder / name
        assert place.ordinary() == 0
        inputs = place.indexes[0].read_bytes().split(b"\n\n")[0].decode().splitlines()
        was = path.read_bytes() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        if change == "a folder":
            path.mkdir()
        elif change != "goes":
            path.write_bytes((was or b"") + b" ")
        differs = change != "goes" or was is not None
        counts = f"f {path}" in inputs or (name == "registries.yaml" and not case.in_variable)
        assert place.fast() is not (counts and differs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "another.example") for name in HABITS if not name.startswith("SCW_")),
        *((name, "") for name in HABITS if not name.startswith("SCW_")),
        *((name, "another") for name in ("GHCR_USERNAME", "GHCR_TOKEN", "CR_PAT")),
        ("DOCKER_REGISTRY", "another.example"),
        ("DOCKERCFG_FROM_ENV", "docker,ghcr"),
    ],
)
def test_what_the_environment_alone_means_is_compared(
    tmp_path: Path, name: str, value: str
) -> None:
    place = Place(tmp_path, {**HABITS, "DOCKER_USERNAME": "ci", "DOCKER_PASSWORD": "secret"})
    place.environment["DOCKERCFG_FROM_ENV"] = "docker,ghcr,harbor"
    assert place.ordinary() == 0
    assert place.fast()
    assert not place.fast(place.environment | {name: value})


def without_durations(said: str) -> str:
    """Two runs of a test are not at one moment: what is left of a token may differ by a second."""
    return "\n".join(line.partition(" (")[0] + line.rpartition(")")[2] for line in said.split("\n"))


@contextmanager
def said_in(folder: Path) -> Iterator[Path]:
    """Catch what is written to the descriptor of stderr, which no text stream sees."""
    path = folder / "said"
    sys.stderr.flush()
    kept = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield path
    finally:
        os.dup2(kept, 2)
        os.close(kept)
