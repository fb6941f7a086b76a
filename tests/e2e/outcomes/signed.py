"""What is asked by plain HTTP with something signed: by a key of ours, or by the CI."""

from tests.e2e.command import CANARY
from tests.e2e.outcomes.kind import Kind, failures_of
from tests.parts import chainguard, oracle, yandex
from tests.parts.keys import pkcs8

KINDS = {
    "chainguard": Kind(
        f"{{provider: chainguard, identity: {chainguard.IDENTITY}, credentials: env:OIDC}}",
        {"OIDC": chainguard.proof()},
        failures_of("chainguard", chainguard.denied()),
    ),
    "ocir": Kind(
        f"{{server: fra.ocir.io, tenancy: {oracle.TENANCY}, user: {oracle.USER}, "
        "credentials: {private_key: env:KEY, passphrase: env:PHRASE}}",
        {"KEY": pkcs8(CANARY), "PHRASE": CANARY},
        failures_of("oracle", oracle.not_authenticated()),
    ),
    "yandex": Kind(
        "{server: cr.yandex, credentials: env:KEY}",
        {"KEY": yandex.authorized_key(created_by=CANARY)},
        failures_of("yandex", yandex.refused("Unknown key")),
    ),
}
