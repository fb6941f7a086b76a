"""``env:NAME``: secrets in environment variables."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from backends.base import IdentityPart, RunContext, Secret, SecretDocument, SecretRef
from backends.errors import SecretNotFound
from backends.options import BackendOptions
from backends.reference import unknown_options


class EnvironmentBackend:
    """Reads variables as they are: nothing is trimmed."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """A variable is known by its value."""
        return [("value", Secret(self._value(ref)))]

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Return the variable's value.

        Raises:
            SecretNotFound: if it is not set, or set to nothing.
        """
        return SecretDocument(self._value(ref))

    def _value(self, ref: SecretRef) -> str:
        value = self._context.variable(ref.path)
        if value is None:
            raise SecretNotFound(
                "variable-not-set",
                f"variable {ref.path} is not set",
                "set it, or name another variable in the reference",
            )
        if not value:
            raise SecretNotFound(
                "variable-empty", f"variable {ref.path} is set, but empty", "give it a value"
            )
        return value


class EnvironmentBackendFactory:
    """Makes the backend that is always there under the name ``env``."""

    options = BackendOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """A path is a variable name."""
        problems = unknown_options(ref, ())
        if not re.fullmatch(r"[A-Za-z_]\w*", ref.path, re.ASCII):
            # not echoed: a secret pasted after "env:" is a likely mistake
            problems.append("env: not a variable name (letters, digits, '_')")
        return problems

    def __call__(
        self, _options: BackendOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[EnvironmentBackend]:
        """Make the backend; it holds nothing open."""
        return _opened(EnvironmentBackend(context))


@asynccontextmanager
async def _opened(backend: EnvironmentBackend) -> AsyncIterator[EnvironmentBackend]:
    yield backend
