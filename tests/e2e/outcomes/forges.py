"""Forges and developers' clouds, whose own API gives a login for their registry."""

from tests.e2e.outcomes.kind import Kind, failures_of
from tests.parts import digitalocean, github

KINDS = {
    "digitalocean": Kind(
        "{server: registry.digitalocean.com, registry: acme, credentials: env:KEY}",
        {"KEY": digitalocean.API_TOKEN},
        failures_of("digitalocean", digitalocean.refused(403, "forbidden", "No access")),
    ),
    "ghcr": Kind(
        f"{{provider: ghcr, app_id: {github.APP_ID}, owner: {github.OWNER}, credentials: env:KEY}}",
        {"KEY": github.app_pem().replace("\n", "\\n")},
        failures_of("github", github.refused(403, "This installation has been suspended")),
    ),
}
