"""Access tokens of Entra ID, by azure-identity, over the run's own HTTP client."""

from collections.abc import Mapping

from backends.azure.errors import (
    ENTRA,
    MANAGED_IDENTITY,
    implausible,
    meaning_of,
    meaning_of_identity,
    no_identity,
    unusable,
)
from backends.azure.login import IdentityLogin, Login
from backends.azure.sdk import NoToken, access_token
from backends.base import RunContext, Secret
from backends.errors import BackendError, BackendUnavailable
from backends.http_model import HttpAnswer, HttpOptions

# How long to wait for a machine's service that may not be there.
_UNASKED_S = 1.0


async def entra_token(login: Login, authority: str, scope: str, context: RunContext) -> Secret:
    """Return a token for ``scope``, which is a resource with ``/.default`` at its end.

    Args:
        login: who asks.
        authority: the URL of who is asked; a managed identity has its own service.
        scope: what for.
        context: the run's.

    Raises:
        BackendError: refused, not reached, or an answer that makes no sense.
    """
    # what azure-identity and MSAL may look at by themselves
    for prefix in ("AZURE_", "IDENTITY_", "IMDS_", "MSI_", "MSAL_"):
        context.inputs.prefix(prefix)
    calls = _Calls(login, context)
    try:
        token = await access_token(login, authority, scope, calls.send)
    except NoToken as failure:
        error = calls.meaning(failure.error)
    else:
        if token.reveal().isascii() and token.reveal().isprintable():
            return token
        error = implausible(calls.what, "the token has characters that no token has")
    raise error


class _Calls:
    """Sends what azure-identity asks for, and remembers the last answer."""

    def __init__(self, login: Login, context: RunContext) -> None:
        self._context = context
        self._machine = isinstance(login, IdentityLogin)
        self._unasked = isinstance(login, IdentityLogin) and not login.asked
        self._options = HttpOptions(
            # the service of a managed identity is at the machine's side, and speaks nothing else
            allow_http=self._machine,
            total_s=_UNASKED_S if self._unasked else HttpOptions().total_s,
        )
        self.what = MANAGED_IDENTITY if self._machine else ENTRA
        self._last: HttpAnswer | None = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> HttpAnswer:
        """Send one request; whatever the status, the answer comes back.

        Raises:
            BackendError: not reached, or not in time.
        """
        self._last = await self._context.transport.request(
            method, url, headers=headers, form=form, what=self.what, options=self._options
        )
        return self._last

    def meaning(self, error: BackendError | None) -> BackendError:
        """Return why there is no token: what ended the request, else what was answered."""
        if error is not None:
            if self._unasked and isinstance(error, BackendUnavailable):
                return no_identity(error)
            return error
        if self._last is None:
            return unusable(
                "settings-unusable",
                "azure-identity can do nothing with these settings here",
                "check method: and the ids; Cloud Shell has no identity of another's",
            )
        if self._machine:
            return meaning_of_identity(self._last, self._context.clock())
        return meaning_of(self._last, self._context.clock())
