"""Errors of the generator, and the exit code each one means.

::

    GeneratorError
    ├── UsageError            2   the command line
    ├── ConfigError          78   config, environment settings: all problems at once
    ├── OutputError          73   the dockercfg, or what else was asked for, can not be written
    ├── CacheError           69   a command about the cache can not use it
    │   └── CacheMissing     66   there is none, or not the token that is meant
    └── EntryError                one entry failed
        ├── SecretMissing    66   a secret, version, field or variable is not there
        ├── AccessDenied     77   a backend or registry refused us
        ├── Misconfigured    78   settings that turn out not to work
        ├── ImplausibleAnswer 76  an answer that makes no sense, a validity that can not be kept
        ├── Unavailable      69   not reached, or not in time
        └── ProviderBug      70   a provider failed in a way that it should not

Like the backends' errors each carries a kebab-case reference, a message that says what happened
where, and a hint that says what to do; never a secret or an upstream body.
"""

import traceback
from collections.abc import Iterable, Sequence
from enum import IntEnum

from backends import errors as backend_errors
from generator.model import Problem


class ExitCode(IntEnum):
    """Exit codes after sysexits(3) where they exist there."""

    OK = 0
    USAGE = 2
    NOT_FOUND = 66
    UNAVAILABLE = 69
    BUG = 70
    OUTPUT = 73
    IMPLAUSIBLE = 76
    DENIED = 77
    CONFIG = 78


_PRECEDENCE = (
    ExitCode.BUG,
    ExitCode.CONFIG,
    ExitCode.DENIED,
    ExitCode.NOT_FOUND,
    ExitCode.IMPLAUSIBLE,
    ExitCode.OUTPUT,
    ExitCode.UNAVAILABLE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that several failures end with: the one that a user must act on first."""
    present = set(codes)
    return next((code for code in _PRECEDENCE if code in present), ExitCode.OK)


class GeneratorError(Exception):
    """Something that a user, an operator or an upstream has to mend."""

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, reference: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.hint = hint


class UsageError(GeneratorError):
    """The command line can not be understood."""

    exit_code = ExitCode.USAGE


class ConfigError(GeneratorError):
    """The config or the settings in the environment are wrong; carries all problems."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: Sequence[tuple[str, Problem]]) -> None:
        """``problems``: each with the place it stands at (file and line, or variable)."""
        super().__init__("config-invalid", f"{len(problems)} problem(s) in the configuration")
        self.problems = problems


class OutputError(GeneratorError):
    """The dockercfg, or what else was asked for, can not be written."""

    exit_code = ExitCode.OUTPUT


class CacheError(GeneratorError):
    """A command about the cache can not use it; a run would go on without."""

    exit_code = ExitCode.UNAVAILABLE


class CacheMissing(CacheError):
    """The cache that a command is about, or the token in it, is not there."""

    exit_code = ExitCode.NOT_FOUND


class EntryError(GeneratorError):
    """One entry failed; the others go on."""


class SecretMissing(EntryError):
    """A secret, version, field or variable is not there."""

    exit_code = ExitCode.NOT_FOUND


class AccessDenied(EntryError):
    """A backend or registry refused us."""

    exit_code = ExitCode.DENIED


class Misconfigured(EntryError):
    """Settings that parse, but turn out not to work."""

    exit_code = ExitCode.CONFIG


class ImplausibleAnswer(EntryError):
    """An answer that makes no sense, or a validity that can not be kept."""

    exit_code = ExitCode.IMPLAUSIBLE


class Unavailable(EntryError):
    """A backend or registry was not reached, or not in time."""

    exit_code = ExitCode.UNAVAILABLE


class ProviderBug(EntryError):
    """A provider failed in a way that it should not; the other entries go on."""

    exit_code = ExitCode.BUG


_BY_EXIT_CODE: dict[int, type[EntryError]] = {
    int(kind.exit_code): kind
    for kind in (
        SecretMissing,
        AccessDenied,
        Misconfigured,
        ImplausibleAnswer,
        Unavailable,
        ProviderBug,
    )
}


def entry_error(exit_code: int, reference: str, message: str, hint: str) -> EntryError:
    """Return the error of an entry that ends with this exit code.

    Raises:
        KeyError: if no error of an entry does.
    """
    return _BY_EXIT_CODE[exit_code](reference, message, hint)


_WRAPPED: dict[type[backend_errors.BackendError], type[EntryError]] = {
    backend_errors.BackendMisconfigured: Misconfigured,
    backend_errors.SecretNotFound: SecretMissing,
    backend_errors.SecretDenied: AccessDenied,
    backend_errors.BadAnswer: ImplausibleAnswer,
    backend_errors.BackendUnavailable: Unavailable,
}


def from_backend(error: backend_errors.BackendError) -> EntryError:
    """Return a backend's error as the entry's; raise it ``from None``."""
    kind = next((w for b, w in _WRAPPED.items() if isinstance(error, b)), Unavailable)
    return kind(error.reference, error.message, error.hint)


def bug_of(error: Exception, provider: str) -> ProviderBug:
    """Return the error for what a provider should not have raised; raise it ``from None``.

    Neither the text nor the values of an unknown error may be shown: they can hold a secret.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    return ProviderBug(
        "provider-bug",
        f"provider {provider} failed unexpectedly: "
        f"{type(error).__name__} at {last.name}, line {last.lineno}",
        "report it to whoever maintains that provider",
    )
