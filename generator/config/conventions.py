"""No config: the variables of CodeShip's own generators are recognised.

Each set becomes an entry as if it had been written in a config; a variable that alone means
nothing is ignored, a set that is clearly meant but incomplete is a problem. Variables and their
meaning are those of the scripts in github.com/codeship-library.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.inputs import InputRecorder
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


class Variables:
    """The environment, each look at it recorded."""

    def __init__(self, environment: Mapping[str, str], inputs: InputRecorder) -> None:
        self._environment = environment
        self._inputs = inputs

    def __call__(self, name: str) -> str | None:
        """Return a variable's value, ``None`` if it is unset or blank."""
        self._inputs.variable(name)
        value = self._environment.get(name, "")
        return value if value.strip() else None

    def has(self, name: str) -> bool:
        """Tell whether a variable is set, be it to nothing."""
        self._inputs.variable(name)
        return name in self._environment


def recognise(variable: Variables, narrowed: tuple[str, ...] | None) -> Recognised:
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
    entry: Callable[[Variables, "Recognised", Path], dict[str, Any]]


def _recognise(
    name: str, known: _Set, variable: Variables, found: Recognised, *, named: bool
) -> None:
    missing = [names for names in known.required if not any(variable(n) for n in names)]
    meant = named or any(variable(clue) for clue in known.clues)
    if missing and meant:
        for names in missing:
            message = f"is not set, and the set of variables called {name} needs it"
            found.problems.append((names[0], Problem((), message, "set it, or unset the others")))
    elif not missing:
        found.registries[name] = known.entry(variable, found, ("registries", name))


def _docker(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
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


def _aws(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "AWS_ACCESS_KEY_ID"
    found.places[(*path, "region")] = (
        "AWS_REGION" if variable("AWS_REGION") else "AWS_DEFAULT_REGION"
    )
    found.places[(*path, "role_arn")] = "AWS_STS_ROLE"
    region = variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or ""
    entry: dict[str, Any] = {
        # the original asks the public registry in AWS_REGION, which only us-east-1 answers
        **({"provider": "ecr-public"} if variable.has("ECR_PUBLIC") else {"provider": "ecr"}),
        **({} if variable.has("ECR_PUBLIC") else {"region": region}),
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


def _heroku(_variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "HEROKU_API_KEY"
    return {"provider": "heroku", "credentials": {"api_key": "env:HEROKU_API_KEY"}}


def _ibm(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "BLUEMIX_API_KEY"
    endpoint = (variable("BLUEMIX_API_ENDPOINT") or "api.ng.bluemix.net").removeprefix("https://")
    region = endpoint.removeprefix("api.").partition(".")[0]
    if region not in _ICR_HOSTS:
        hint = f"known are api.REGION.bluemix.net of {', '.join(_ICR_HOSTS)}; else write a config"
        problem = Problem((), "names no region whose registry is known", hint)
        found.problems.append(("BLUEMIX_API_ENDPOINT", problem))
        region = "ng"
    return {
        "provider": "ibm",
        "server": _ICR_HOSTS[region],
        "aliases": [f"registry.{region}.bluemix.net"],
        "credentials": {"api_key": "env:BLUEMIX_API_KEY"},
    }


# Regions by their old names, as IBM's list of registry hosts has them.
_ICR_HOSTS = {"ng": "us.icr.io", "eu-de": "de.icr.io", "eu-gb": "uk.icr.io", "au-syd": "au.icr.io"}


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
    "heroku": _Set(("HEROKU_API_KEY",), (("HEROKU_API_KEY",),), _heroku),
    "ibm": _Set(("BLUEMIX_API_KEY",), (("BLUEMIX_API_KEY",),), _ibm),
}
