"""The variables of CodeShip's six generator images, and what each set of them means.

Names and meaning are those of the scripts in github.com/codeship-library. What they took for
granted is made right here: the partition of a role, the one region of the public registry.
"""

from collections.abc import Mapping
from typing import Any

from generator.config.conventions import Recognised, Variables, VariableSet
from generator.config.problems import Path


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
    region_variable = variable.first(_AWS_REGION)
    region = variable(region_variable) or ""
    found.places[path] = "AWS_ACCESS_KEY_ID"
    found.places[(*path, "region")] = region_variable
    found.places[(*path, "role_arn")] = "AWS_STS_ROLE"
    credentials = {
        "access_key_id": "env:AWS_ACCESS_KEY_ID",
        "secret_access_key": "env:AWS_SECRET_ACCESS_KEY",
    }
    if variable("AWS_SESSION_TOKEN"):
        credentials["session_token"] = "env:AWS_SESSION_TOKEN"  # noqa: S105 - a reference
    entry: dict[str, Any] = {"credentials": credentials}
    if variable.has("ECR_PUBLIC"):
        # the original asks the public registry in AWS_REGION, which only us-east-1 answers
        entry["provider"] = "ecr-public"
    else:
        entry |= {"provider": "ecr", "region": region}
    role, account = variable("AWS_STS_ROLE"), variable("AWS_STS_ACCOUNT")
    if role and account:
        entry["role_arn"] = f"arn:{_partition(region)}:iam::{account}:role/{role}"
        entry["role_session_name"] = "aws_docker_creds"
    elif role or account:
        absent = "AWS_STS_ACCOUNT" if role else "AWS_STS_ROLE"
        message = f"{variable.absence(absent)}: role and account belong together"
        found.refuse(absent, message, "set both or neither")
    return entry


def _partition(region: str) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((p for prefix, p in prefixes.items() if region.startswith(prefix)), "aws")


def _google(_variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    # account and project stand in the key itself, so the other two variables are not needed
    found.places[path] = "GOOGLE_AUTH_JSON"
    return {
        "provider": "gar",
        "server": "gcr.io",
        "aliases": [f"{name}.gcr.io" for name in _GCR_HOSTS],
        "credentials": {"key": "env:GOOGLE_AUTH_JSON"},
    }


def _azure(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    name = variable.first(_AZURE_REGISTRY)
    server = variable(name) or ""
    found.places[path] = "AZURE_USERNAME"
    found.places[(*path, "server")] = name
    found.places[(*path, "credentials")] = "AZURE_PASSWORD"
    bare = "." not in server and "/" not in server
    return {
        # admin users and repository-scoped tokens are passwords as they are
        "provider": "static",
        "server": f"{server.strip()}.azurecr.io" if bare else server,
        "username": variable("AZURE_USERNAME"),
        "credentials": {"password": "env:AZURE_PASSWORD"},
    }


def _heroku(_variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "HEROKU_API_KEY"
    return {"provider": "heroku", "credentials": {"api_key": "env:HEROKU_API_KEY"}}


def _ibm(variable: Variables, found: Recognised, path: Path) -> dict[str, Any]:
    found.places[path] = "BLUEMIX_API_KEY"
    endpoint = (variable("BLUEMIX_API_ENDPOINT") or "api.ng.bluemix.net").removeprefix("https://")
    region = endpoint.removeprefix("api.").partition(".")[0]
    if region not in _ICR_HOSTS:
        hint = f"known are api.REGION.bluemix.net of {', '.join(_ICR_HOSTS)}; else write a config"
        found.refuse("BLUEMIX_API_ENDPOINT", "names no region whose registry is known", hint)
        region = "ng"
    return {
        "provider": "ibm",
        "server": _ICR_HOSTS[region],
        "aliases": [f"registry.{region}.bluemix.net"],
        "credentials": {"api_key": "env:BLUEMIX_API_KEY"},
    }


_AWS_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
_AZURE_REGISTRY = ("AZURE_REGISTRY_NAME", "AZURE_REGISTRY")
# What `gcloud docker --authorize-only` wrote beside gcr.io.
_GCR_HOSTS = ("us", "eu", "asia", "b", "bucket", "appengine")
# Regions by their old names, as IBM's list of registry hosts has them.
_ICR_HOSTS = {"ng": "us.icr.io", "eu-de": "de.icr.io", "eu-gb": "uk.icr.io", "au-syd": "au.icr.io"}

SETS: Mapping[str, VariableSet] = {
    "docker": VariableSet(
        (("DOCKER_USERNAME",), ("DOCKER_PASSWORD",)),
        (("DOCKER_USERNAME",), ("DOCKER_PASSWORD",)),
        _docker,
    ),
    "aws": VariableSet(
        (
            ("AWS_ACCESS_KEY_ID",),
            ("AWS_SECRET_ACCESS_KEY",),
            ("AWS_STS_ROLE",),
            ("AWS_STS_ACCOUNT",),
        ),
        (_AWS_REGION, ("AWS_ACCESS_KEY_ID",), ("AWS_SECRET_ACCESS_KEY",)),
        _aws,
    ),
    "google": VariableSet(
        (("GOOGLE_AUTH_JSON",), ("GOOGLE_AUTH_EMAIL",)), (("GOOGLE_AUTH_JSON",),), _google
    ),
    "azure": VariableSet(
        (("AZURE_REGISTRY_NAME",), ("AZURE_REGISTRY",), ("AZURE_USERNAME", "AZURE_PASSWORD")),
        (_AZURE_REGISTRY, ("AZURE_USERNAME",), ("AZURE_PASSWORD",)),
        _azure,
        # Azure's own tools read user name and password too, but never without it
        others=("AZURE_CLIENT_ID",),
    ),
    "heroku": VariableSet((("HEROKU_API_KEY",),), (("HEROKU_API_KEY",),), _heroku),
    "ibm": VariableSet((("BLUEMIX_API_KEY",),), (("BLUEMIX_API_KEY",),), _ibm),
}
