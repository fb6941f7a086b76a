"""``codeship-services.yml`` and ``codeship-steps.yml``, as far as a dockercfg service needs them.

After CodeShip's documentation (services, steps, dockercfg services). A key that is not known here
is an error: an example with a slip must not pass.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Build(_Strict):
    """How a service's image is made."""

    image: str
    dockerfile: str = "Dockerfile"


class Service(_Strict):
    """One service; ``image`` or ``build`` says what it runs."""

    build: Build | None = None
    image: str = ""
    encrypted_env_file: str = ""
    environment: dict[str, str] = {}
    volumes: list[str] = []


class Step(_Strict):
    """A push, or a group of steps that run at once."""

    name: str = ""
    type: str
    steps: list["Step"] = []
    service: str = ""
    image_name: str = ""
    image_tag: str = ""
    registry: str = ""
    dockercfg_service: str = ""


def read_services(folder: Path) -> dict[str, Service]:
    """Read the services of a checkout."""
    return TypeAdapter(dict[str, Service]).validate_python(_read(folder, "services"))


def read_steps(folder: Path) -> list[Step]:
    """Read the steps of a checkout."""
    return TypeAdapter(list[Step]).validate_python(_read(folder, "steps"))


def _read(folder: Path, what: str) -> Any:
    return yaml.safe_load((folder / f"codeship-{what}.yml").read_text())
