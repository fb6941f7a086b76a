"""No config: the variables of CodeShip's own generators are recognised.

Each set becomes an entry as if it had been written in a config; a variable that alone means
nothing is ignored, a set that is clearly meant but incomplete is a problem. Variables and their
meaning are those of the scripts in github.com/codeship-library.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.config.problems import Path, did_you_mean
from generator.model import Problem


@dataclass(slots=True)
class Recognised:
    """The entries that the environment means, as a config would say it.

    ``places`` leads from a setting's path to the variable that it came from.
    """

    registries: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[tuple[str, Problem]] = field(default_factory=list)


Variable = Callable[[str], str | None]
"""Returns a variable's value, ``None`` if it is unset or blank; records that it was looked at."""


def recognise(variable: Variable, narrowed: tuple[str, ...] | None) -> Recognised:
    """Return what the environment means; ``narrowed`` names the sets to look for."""
    found = Recognised()
    for name in narrowed or ():
        if name not in SETS:
            hint = did_you_mean(name, SETS, f"known: {', '.join(SETS)}")
            found.problems.append(
                ("DOCKERCFG_FROM_ENV", Problem((), "names a set that does not exist", hint))
            )
    for name, known in SETS.items():
        if narrowed is None or name in narrowed:
            _recognise(name, known, variable, found, named=narrowed is not None)
    return found


@dataclass(frozen=True, slots=True)
class _Set:
    """Variables that together mean one entry.

    ``clues`` tell that the set is meant; each of ``required`` is one variable, or several of which
    the first that is set counts.
    """

    clues: tuple[str, ...]
    required: tuple[tuple[str, ...], ...]
    entry: Callable[[Variable, "Recognised", Path], dict[str, Any]]


def _recognise(
    name: str, known: _Set, variable: Variable, found: Recognised, *, named: bool
) -> None:
    missing = [names for names in known.required if not any(variable(n) for n in names)]
    meant = named or any(variable(clue) for clue in known.clues)
    if missing and meant:
        for names in missing:
            message = f"is not set, and the set of variables called {name} needs it"
            found.problems.append((names[0], Problem((), message, "set it, or unset the others")))
    elif not missing:
        found.registries[name] = known.entry(variable, found, ("registries", name))


def _docker(variable: Variable, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "DOCKER_USERNAME"
    found.places[(*path, "username")] = "DOCKER_USERNAME"
    found.places[(*path, "server")] = "DOCKER_REGISTRY"
    found.places[(*path, "credentials")] = "DOCKER_PASSWORD"
    return {
        "provider": "static",
        "server": variable("DOCKER_REGISTRY") or "docker.io",
        "username": variable("DOCKER_USERNAME"),
        "credentials": {"password": "env:DOCKER_PASSWORD"},
    }


def _aws(variable: Variable, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "AWS_ACCESS_KEY_ID"
    found.places[(*path, "region")] = (
        "AWS_REGION" if variable("AWS_REGION") else "AWS_DEFAULT_REGION"
    )
    found.places[(*path, "role_arn")] = "AWS_STS_ROLE"
    region = variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or ""
    entry: dict[str, Any] = {
        "provider": "ecr",
        "region": region,
        "credentials": {
            "access_key_id": "env:AWS_ACCESS_KEY_ID",
            "secret_access_key": "env:AWS_SECRET_ACCESS_KEY",
        },
    }
    if variable("AWS_SESSION_TOKEN"):
        entry["credentials"]["session_token"] = "env:AWS_SESSION_TOKEN"  # noqa: S105 - a reference
    role, account = variable("AWS_STS_ROLE"), variable("AWS_STS_ACCOUNT")
    if role and account:
        entry["role_arn"] = f"arn:{_partition(region)}:iam::{account}:role/{role}"
        entry["role_session_name"] = "aws_docker_creds"
    elif role or account:
        absent = "AWS_STS_ACCOUNT" if role else "AWS_STS_ROLE"
        problem = Problem((), "is not set: role and account belong together", "set both or neither")
        found.problems.append((absent, problem))
    return entry


def _partition(region: str) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((p for prefix, p in prefixes.items() if region.startswith(prefix)), "aws")


SETS: Mapping[str, _Set] = {
    "docker": _Set(
        ("DOCKER_USERNAME", "DOCKER_PASSWORD"),
        (("DOCKER_USERNAME",), ("DOCKER_PASSWORD",)),
        _docker,
    ),
    "aws": _Set(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_STS_ROLE", "AWS_STS_ACCOUNT"),
        (
            ("AWS_REGION", "AWS_DEFAULT_REGION"),
            ("AWS_ACCESS_KEY_ID",),
            ("AWS_SECRET_ACCESS_KEY",),
        ),
        _aws,
    ),
}
