"""``vault:MOUNT/PATH``: KV version 1 and 2, and engines that make secrets on demand."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace

import anyio

from backends.base import IdentityPart, Lease, RunContext, SecretDocument, SecretRef
from backends.errors import BackendError, BackendMisconfigured
from backends.once import Once
from backends.reference import unknown_options
from backends.transport import HttpSession
from backends.vault.client import VaultFailure, make_client
from backends.vault.login import Authenticator, Login
from backends.vault.mounts import Engine, Mounts
from backends.vault.options import VaultOptions
from backends.vault.read_errors import dead_token, explained
from backends.vault.reader import api_path, read_document, token_ttl_s
from backends.vault.settings import PARALLEL_READS, VaultSettings, effective_settings

_OPTIONS = ("version", "mount", "engine", "ns")
_ENGINES: tuple[Engine, ...] = ("kv1", "kv2", "logical")
_REVOKE_S = 0.5


class _TokenDied(Exception):
    """The token is of no use any more; another login may heal that."""


class VaultBackend:
    """One server; logs in at the first read, and once more if the token dies in between."""

    def __init__(self, settings: VaultSettings, context: RunContext, session: HttpSession) -> None:
        self._settings = settings
        self._session = session
        self._authenticator = Authenticator(settings, context, session)
        self._first = Once(self._log_in)
        self._second = Once(self._log_in)
        self._mounts: dict[str | None, Mounts] = {}
        self._limit = anyio.Semaphore(PARALLEL_READS)
        self._logins: list[Login] = []
        self._leased = False

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        """Address, namespaces and who logs in; the path is the reference's."""
        return [
            ("address", self._settings.http.unix_socket or self._settings.address),
            ("namespace", self._settings.namespace or ""),
            ("namespace_read", self._settings_for(ref).namespace or ""),
            *self._authenticator.identity(),
        ]

    async def read(self, ref: SecretRef) -> SecretDocument:
        """Read a path; its engine and KV version are found out once a mount.

        Raises:
            BackendError: each of Vault's ways to fail has its own reference.
        """
        async with self._limit:
            try:
                return await self._attempt(ref, await self._first.get(), last=False)
            except _TokenDied:
                return await self._attempt(ref, await self._second.get(), last=True)

    async def revoke(self) -> None:
        """End the tokens that this run made, unless a leased secret would die with them."""
        if self._leased:
            return
        with anyio.move_on_after(_REVOKE_S, shield=True):
            for login in self._logins:
                if login.ours:
                    client = make_client(self._settings, self._session, login.token)
                    # best effort: a token ends by itself
                    with suppress(VaultFailure, BackendError):
                        await client.auth.token.revoke_self()

    async def _log_in(self) -> Login:
        login = await self._authenticator.login()
        self._logins.append(login)
        return login

    async def _attempt(self, ref: SecretRef, login: Login, *, last: bool) -> SecretDocument:
        settings = self._settings_for(ref)
        client = make_client(settings, self._session, login.token)
        path = ref.path.strip("/")
        try:
            mount, engine = await self._engine(client, ref)
            path = api_path(ref, mount, engine)
            document = await read_document(client, ref, mount, engine, settings)
        except VaultFailure as failure:
            died = failure.status == 403 and dead_token(failure)
            if died and self._authenticator.repeatable and not last:
                raise _TokenDied from None
            raise await explained(failure, client, settings, ref, path) from None
        if document.lease is not None:
            document = replace(document, lease=await self._capped(document.lease, login))
        return document

    def _settings_for(self, ref: SecretRef) -> VaultSettings:
        """Return the settings to read ``ref`` with: ``ns`` stands for the configured namespace.

        The login stays where it is; its token is good for the namespaces below, too.
        """
        namespace = dict(ref.options).get("ns")
        if namespace is None:
            return self._settings
        return replace(self._settings, namespace=namespace.strip("/"))

    async def _engine(self, client: object, ref: SecretRef) -> tuple[str, Engine]:
        options = dict(ref.options)
        wanted = next((engine for engine in _ENGINES if engine == options.get("engine")), None)
        if "mount" in options and wanted:
            return options["mount"].strip("/") + "/", wanted
        mounts = self._mounts.setdefault(options.get("ns"), Mounts())
        mount, engine = await mounts.find(client, ref.path.strip("/"))
        if wanted not in (None, "logical", engine):
            raise BackendMisconfigured(
                "vault-engine-mismatch",
                f"{ref.document}: {mount} is {engine}, not {wanted}",
                "drop ?engine=, it is found out by itself",
            )
        return mount, wanted or engine

    async def _capped(self, lease: Lease, login: Login) -> Lease:
        """Let a lease end with the token that it was made with, for then it does."""
        self._leased = True
        ttl_s = login.remaining_s()
        if ttl_s is None and login.token is not None:
            client = make_client(self._settings, self._session, login.token)
            ttl_s = await token_ttl_s(client)
        return lease if ttl_s is None else Lease(min(lease.duration_s, ttl_s))


class VaultBackendFactory:
    """Makes backends of the types ``vault`` and ``openbao``."""

    options = VaultOptions

    def check(self, ref: SecretRef) -> Sequence[str]:
        """A path is MOUNT/PATH; no part of it may lead elsewhere."""
        options = {n: v for n, v in ref.options if not n.startswith("arg.")}
        problems = unknown_options(replace(ref, options=tuple(options.items())), _OPTIONS)
        name, path = ref.backend, ref.path.strip("/")
        segments = path.split("/")
        if any(segment in ("", ".", "..") for segment in segments):
            problems.append(f"{name}: empty, '.' and '..' path segments are refused")
        elif len(segments) < 2:
            problems.append(f"{name}: MOUNT/PATH is needed, as {name}:secret/team/registry is")
        if not re.fullmatch(r"[1-9]\d{0,8}", options.get("version", "1"), re.ASCII):
            problems.append(f"{name}: version must be a number from 1; without it, the latest")
        if options.get("engine", "auto") not in ("auto", *_ENGINES):
            problems.append(f"{name}: engine is one of auto, {', '.join(_ENGINES)}")
        if any(s in ("", ".", "..") for s in options.get("ns", "x").strip("/").split("/")):
            problems.append(f"{name}: ns must be a namespace's path, as team/sub is one")
        if "mount" in options and not f"{path}/".startswith(options["mount"].strip("/") + "/"):
            problems.append(f"{name}: mount= must be a leading part of the path")
        return problems

    def __call__(
        self, options: VaultOptions, context: RunContext, /
    ) -> AbstractAsyncContextManager[VaultBackend]:
        """Make the backend; nothing is asked before the first read."""
        return _opened(options, context)


@asynccontextmanager
async def _opened(options: VaultOptions, context: RunContext) -> AsyncIterator[VaultBackend]:
    settings = effective_settings(options, context)
    async with context.transport.session(settings.http) as session:
        backend = VaultBackend(settings, context, session)
        try:
            yield backend
        finally:
            await backend.revoke()
