"""The clouds that most users have, and what asks nobody."""

from tests.e2e.command import CANARY
from tests.e2e.outcomes.kind import Failing, Kind, failures_of
from tests.parts.azure import CLIENT, CLIENT_SECRET, TENANT, entra_error
from tests.parts.azure import HOST as ACR
from tests.parts.google import refused, service_account_key
from tests.parts.ibm import API_KEY
from tests.parts.service import PAGE, Told

AWS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": CANARY}
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def _ecr(*failures: str) -> Failing:
    return lambda world: world.ecr.fail_next(*failures)


def _ecr_failures() -> dict[str, Failing]:
    return {
        "denied": _ecr("denied"),
        "throttled": _ecr(*["throttled"] * 3),
        "garbage": _ecr("html-200"),
    }


KINDS = {
    "acr": Kind(
        f"{{server: {ACR}, tenant_id: {TENANT}, client_id: {CLIENT}, credentials: env:KEY}}",
        {"KEY": CLIENT_SECRET},
        {
            "denied": lambda w: w.azure.plans["token"].append(entra_error(7000215)),
            "throttled": lambda w: w.azure.plans["exchange"].extend([(429, {})] * 3),
            "garbage": lambda w: w.azure.plans["exchange"].append(PAGE),
        },
    ),
    "ecr": Kind(f"{{server: {HOST}}}", AWS, _ecr_failures()),
    "ecr-public": Kind("{server: public.ecr.aws}", AWS, _ecr_failures()),
    "gar": Kind(
        "{server: europe-west1-docker.pkg.dev, credentials: env:KEY}",
        {"KEY": service_account_key()},
        {
            "denied": lambda w: w.google.plan.append(refused("invalid_grant", "Invalid JWT S")),
            "throttled": lambda w: w.google.plan.extend([(429, {})] * 3),
            "garbage": lambda w: w.google.plan.append(PAGE),
        },
    ),
    "ibm": Kind(
        "{server: us.icr.io, credentials: env:KEY}",
        {"KEY": API_KEY},
        failures_of("ibm", Told(400, CANARY.encode())),
    ),
    "heroku": Kind("{server: registry.heroku.com, credentials: env:KEY}", {"KEY": CANARY}),
}
