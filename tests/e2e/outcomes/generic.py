"""What is nobody's in particular: issuers of one's own, helpers, and configs that are there."""

import json

from tests.e2e.command import CANARY
from tests.e2e.outcomes.kind import Kind, failures_of
from tests.parts.oauth2 import CLIENT_SECRET, told_error

ISSUER = "https://issuer.example/oauth2/token"
HELPER = """'printf "{\\"Username\\": \\"ci\\", \\"Secret\\": \\"%s\\"}" "$KEY"'"""

KINDS = {
    "oauth2": Kind(
        "{provider: oauth2, server: r.example, username: ci, grant_type: client_credentials, "
        f"endpoint: '{ISSUER}', client_id: 'ci:1', credentials: {{client_secret: env:KEY}}}}",
        {"KEY": CLIENT_SECRET},
        failures_of("oauth2", told_error("invalid_client", 401)),
    ),
    "credential-helper": Kind(
        "{provider: credential-helper, server: r.example, environment: [KEY], "
        f"command: [/bin/sh, -c, {HELPER}]}}",
        {"KEY": CANARY},
    ),
    "dockercfg": Kind(
        "{provider: dockercfg, server: r.example, credentials: env:KEY}",
        {"KEY": json.dumps({"auths": {"r.example": {"username": "ci", "password": CANARY}}})},
    ),
}
