"""Buildkite, whose agent's program asks for the job's OIDC token."""

from collections.abc import Mapping, Sequence

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_sources import OPAQUE_SOURCE, all_of
from backends.errors import BackendMisconfigured, BackendUnavailable, BadAnswer, SecretDenied

_AGENT_TIMEOUT_S = 10


class Buildkite:
    """Buildkite: the agent's own program asks for it."""

    name = "buildkite"
    label = "Buildkite"
    audience_hint = "ask for the audience that the other side wants"
    _SUBJECT_VARIABLES = (
        "BUILDKITE_ORGANIZATION_SLUG",
        "BUILDKITE_PIPELINE_SLUG",
        "BUILDKITE_BRANCH",
        "BUILDKITE_COMMIT",
        "BUILDKITE_STEP_ID",
    )
    _AGENT_VARIABLES = (
        "PATH",
        "HOME",
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "BUILDKITE_AGENT_ENDPOINT",
        "BUILDKITE_JOB_ID",
        "SSL_CERT_FILE",
        "HTTPS_PROXY",
        "NO_PROXY",
    )

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def is_here(self) -> bool:
        """Buildkite's jobs say so."""
        return self._context.setting("BUILDKITE") is not None

    async def token(self, audience: str | None) -> Secret:
        """Run ``buildkite-agent oidc request-token``."""
        self._context.opaque(OPAQUE_SOURCE)
        command = ["buildkite-agent", "oidc", "request-token"]
        command += ["--audience", audience] if audience is not None else []
        values = {name: self._context.variable(name) for name in self._AGENT_VARIABLES}
        environment = {name: value for name, value in values.items() if value is not None}
        output = await _output_of(command, environment)
        return Secret(output)

    def identity(self, audience: str | None) -> Sequence[IdentityPart]:  # noqa: ARG002
        """Return what the subject is made of; where a part is missing, the job itself."""
        token = Secret(self._context.variable("BUILDKITE_AGENT_ACCESS_TOKEN") or "")
        job = self._context.variable("BUILDKITE_JOB_ID") or ""
        parts = all_of(self._context, self._SUBJECT_VARIABLES)
        return parts or [("job", job), ("agent_token", token)]


async def _output_of(command: Sequence[str], environment: Mapping[str, str]) -> str:
    from backends.program import (  # noqa: PLC0415 - a warm run asks no agent
        OutputTooLarge,
        run_program,
    )

    try:
        done = await run_program(command, environment=environment, limit_s=_AGENT_TIMEOUT_S)
    except TimeoutError:
        raise BackendUnavailable(
            "ci-agent-timeout",
            f"Buildkite: {command[0]} gave no token within {_AGENT_TIMEOUT_S} s",
            "check the agent's connection",
        ) from None
    except OSError:
        raise BackendMisconfigured(
            "ci-agent-missing",
            f"Buildkite: the program {command[0]} can not be run",
            "mount it into the container, or name a token under credentials:, as env:NAME",
        ) from None
    except OutputTooLarge:
        raise BadAnswer(
            "ci-token-garbled",
            f"Buildkite: {command[0]} wrote far more than a token",
            "check that it is Buildkite's own agent",
        ) from None
    if done.status != 0:
        raise SecretDenied(
            "ci-token-denied",
            f"Buildkite: {command[0]} gave no token ({done.how})",
            "run it by hand in the job to see why; it needs BUILDKITE_AGENT_ACCESS_TOKEN",
        )
    return done.output.decode("utf-8", "replace").strip()
