"""DigitalOcean's API, as far as it makes logins for its registry."""

import base64
from typing import Any

from backends.testing import CANARY
from tests.parts.service import Asked, Service, Told

API_TOKEN = f"dop_v1_{CANARY}"
REGISTRY = "acme"
HOST = "registry.digitalocean.com"
HOSTS = ("api.digitalocean.com",)
LOGIN = f"made-{CANARY}"
"""User name and password are the same token there."""


def auth(text: str) -> dict[str, str]:
    """Return a login as it stands in a Docker config."""
    return {"auth": base64.b64encode(text.encode()).decode()}


def config(text: str = f"{LOGIN}:{LOGIN}\n", **more: Any) -> dict[str, Any]:
    """Return the answer to a good request; its login ends with a line break, as documented."""
    return {"auths": {HOST: auth(text)}, **more}


def refused(status: int, name: str, message: str) -> Told:
    """Return a refusal in the form that all of them have."""
    return Told(status, {"id": name, "message": f"{message} {CANARY}", "request_id": "4d9d"})


def digitalocean(_service: Service, asked: Asked) -> Told:
    """Make one login."""
    if asked.bearer != API_TOKEN:
        return refused(401, "Unauthorized", "Unable to authenticate you")
    paths = ("/v2/registry/docker-credentials", f"/v2/registries/{REGISTRY}/docker-credentials")
    if asked.method != "GET" or asked.path not in paths:
        return refused(404, "not_found", "The resource you were accessing could not be found.")
    if asked.query.get("read_write") not in ("true", "false"):
        return refused(400, "bad_request", "read_write must be a boolean")
    if not asked.query.get("expiry_seconds", "").isdigit():
        return refused(400, "bad_request", "expiry_seconds must be an integer")
    return Told(200, config())
