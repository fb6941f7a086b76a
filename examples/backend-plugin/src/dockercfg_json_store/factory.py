"""Settings, the check of references, and how a backend is opened."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

from backends.base import RunContext, SecretRef
from backends.options import BackendOptions
from backends.reference import unknown_options
from pydantic import AfterValidator

from dockercfg_json_store.store import JsonStore


def _address(value: str) -> str:
    parts = urlsplit(value)
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a URL, as https://store.example is one (and no user name in it)")
    if parts.scheme == "http" and not loopback:
        raise ValueError("plain http to another host would show the token to the network")
    return value.rstrip("/")


class JsonStoreOptions(BackendOptions):
    """Settings under ``backends: NAME:`` of ``type: json-store``."""

    address: Annotated[str, AfterValidator(_address)]
    """URL of the store."""
    token_variable: str = "STORE_TOKEN"  # noqa: S105 - the name of a variable
    """The variable that holds the token."""


class JsonStoreFactory:
    """Makes backends of ``type: json-store``."""

    options = JsonStoreOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """Check the path and that there is no option but ``version``."""
        problems = unknown_options(ref, ("version",))
        if not re.fullmatch(r"[\w-]+(?:/[\w-]+)*", ref.path, re.ASCII):
            problems.append(f"{ref.backend}: a path is NAME/NAME/… of letters, digits, '_', '-'")
        if not re.fullmatch(r"[1-9]\d{0,8}", dict(ref.options).get("version", "1"), re.ASCII):
            problems.append(f"{ref.backend}: version must be a positive integer")
        return problems

    def __call__(
        self, options: JsonStoreOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[JsonStore]:
        """Return the backend; its connections are closed with it."""
        return _opened(options, context)


@asynccontextmanager
async def _opened(options: JsonStoreOptions, context: RunContext) -> AsyncIterator[JsonStore]:
    # retries, deadlines, TLS and proxies are the host's, and redirects are never followed
    async with context.transport.session() as session:
        yield JsonStore(options.address, options.token_variable, context, session)
