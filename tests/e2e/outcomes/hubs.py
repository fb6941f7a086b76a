"""Hubs that take the CI's own OIDC token: the job that asks runs at GitHub."""

from tests.e2e.outcomes.kind import Kind, failures_of
from tests.parts import cloudsmith, dockerhub, jfrog, quay
from tests.parts.job_tokens import environment
from tests.parts.service import Told

_THROTTLED = Told(429, headers={"Retry-After": "0"})

KINDS = {
    "cloudsmith": Kind(
        f"{{provider: cloudsmith, organization: {cloudsmith.ORGANIZATION}, "
        f"service: {cloudsmith.SERVICE}}}",
        environment(),
        failures_of("cloudsmith", Told(401, {"detail": "OIDC token cannot be authenticated"})),
    ),
    "dockerhub": Kind(
        f"{{provider: dockerhub, organization: {dockerhub.ORGANIZATION}, "
        f"connection_id: {dockerhub.CONNECTION}}}",
        environment(),
        failures_of("dockerhub", dockerhub.refused("access_denied", 403)),
    ),
    "jfrog": Kind(
        f"{{provider: jfrog, server: {jfrog.HOSTS[0]}, provider_name: {jfrog.PROVIDER}, "
        f"audience: {jfrog.AUDIENCE}}}",
        environment(),
        failures_of("jfrog", jfrog.refused(403, "No identity mapping matches"), _THROTTLED),
    ),
    "quay": Kind(
        f"{{provider: quay, robot: {quay.ROBOT}}}",
        environment(),
        failures_of("quay", quay.wrong("Token does not match robot"), _THROTTLED),
    ),
}
