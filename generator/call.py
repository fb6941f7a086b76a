"""What every command gets, and what follows from settings and config together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backends.aws_session import AwsSession
from backends.base import InputRecorder, RunContext
from backends.tls import TlsTrust
from backends.transport import HttpTransport
from generator.cache.freshness import FreshnessRule
from generator.config.load import load_config
from generator.config.model import CacheSettings, Config
from generator.finished.leaving import NextRun
from generator.log import Logger
from generator.model import Problem
from generator.output.document import OutputFormat
from generator.settings import Settings

Leave = Callable[[int], int]
DEFAULT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command line, understood.

    ``problems`` are those of the environment, each with the variable's name. ``leave`` ends the
    process with an exit code, at once. ``next_run`` records what is looked at, for the next one.
    ``started_at`` is by ``time.monotonic()``.
    """

    settings: Settings
    problems: Sequence[tuple[str, Problem]]
    environment: Mapping[str, str]
    next_run: NextRun
    log: Logger
    leave: Leave
    started_at: float

    def configured(self) -> "Setup":
        """Load the config.

        Raises:
            ConfigError: with every problem of config and environment.
        """
        config = load_config(self.settings, self.environment, self.next_run.inputs, self.problems)
        for remark in config.remarks:
            self.log.warning("config.remarked", message=remark)
        return Setup(self, config)

    def elapsed_s(self) -> float:
        """Return how long ago the process began."""
        return time.monotonic() - self.started_at


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings and config that are known to be good; an argument or its twin wins."""

    call: Call
    config: Config

    @property
    def merge(self) -> bool:
        """Whether an existing file is merged into."""
        return self.call.settings.merge or self.config.merge

    @property
    def mode(self) -> int | None:
        """The mode of a new file, ``None`` for the default."""
        settings = self.call.settings
        return settings.mode if settings.mode is not None else self.config.mode

    @property
    def output_format(self) -> OutputFormat:
        """How the dockercfg is laid out."""
        return self.call.settings.output_format or self.config.output_format or "docker"

    @property
    def timeout_s(self) -> float:
        """How long the run as a whole may take."""
        return self.call.settings.timeout_s or self.config.timeout_s or DEFAULT_TIMEOUT_S

    @property
    def cache_folder(self) -> Path | None:
        """Where grants are kept between runs, if anywhere."""
        named = self.call.settings.cache_dir
        return Path(named) if named else self.config.cache.dir

    @property
    def rule(self) -> FreshnessRule:
        """What a stored grant must still be good for."""
        return freshness_rule(self.call.settings, self.config.cache)

    def context(self, inputs: InputRecorder | None = None) -> RunContext:
        """Return a view of the world that records what is looked at, by default with the run's."""
        environment, inputs = self.call.environment, inputs or self.call.next_run.inputs
        tls = TlsTrust(environment, inputs)
        return RunContext(
            environment=environment,
            inputs=inputs,
            clock=lambda: datetime.now(UTC),
            aws=AwsSession(environment, inputs, tls),
            transport=HttpTransport(environment, inputs, tls),
            base_folder=self.config.base_folder,
        )


def freshness_rule(settings: Settings, cache: CacheSettings) -> FreshnessRule:
    """Return what a stored grant must still be good for."""
    asked = settings.min_validity_s
    if asked is None:
        asked = cache.min_validity_s
    if asked is None:
        return FreshnessRule(max_age_s=cache.max_age_s)
    return FreshnessRule(asked, promised=True, max_age_s=cache.max_age_s)
