"""Leaving the finished document of a run, and the lock that others wait at meanwhile."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from backends.base import RunContext, Secret
from backends.jwt_identity import claims_of
from generator.cache.errors import CacheUnavailable, UnusableFile
from generator.cache.prune import prune_documents
from generator.cache.store import GrantCache, GrantStore
from generator.cache.volume import CacheVolume
from generator.config.model import Config
from generator.fast.document import encode_document
from generator.fast.index import LARGEST_INDEX, decode_index, encode_index, hint_of
from generator.fast.inputs import (
    FILE,
    PREFIX,
    VARIABLE,
    Listed,
    UnclearInput,
    held_by,
    read_file,
)
from generator.fast.lock import RunLock
from generator.fast.lookup import document_name, grant_stamp, index_name
from generator.fast.request import NotFast, Request, read_request
from generator.finished.inputs import RunInputs, as_bytes
from generator.finished.making import NoDocument, Written, make_document, reasons_of_config
from generator.grants import Granted

_MOST_INPUTS = 256
# A token that lives no longer than that is made for a job; the next one has another.
_JOB_TOKEN_S = 86400.0


class NextRun:
    """What this run leaves for the next one."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], lock: RunLock | None
    ) -> None:
        """``lock`` is what others wait at; it is given up once there will be no document."""
        self.inputs = RunInputs(lambda source: self.rule_out(f"{source} can not be compared"))
        self.ruled_out: str | None = None
        self._arguments = list(arguments)
        self._environment = environment
        self._lock = lock

    def rule_out(self, reason: str) -> None:
        """Settle that there will be no document."""
        self.ruled_out = self.ruled_out or reason
        if self._lock is not None:
            self._lock.abandon()

    def expect(self, config: Config) -> None:
        """Look whether a config rules a document out already."""
        for reason in reasons_of_config(config):
            self.rule_out(reason)

    def leave(self, written: Written, context: RunContext) -> None:
        """Leave the document of what was written, unless a warm run could write something else."""
        try:
            if self.ruled_out is not None:
                return
            self._leave(written, context)
        except (NoDocument, NotFast) as error:
            self.rule_out(error.reason)
        except UnclearInput as error:
            self.rule_out(f"{os.fsdecode(error.path)} can not be read as a file")
        except (CacheUnavailable, UnusableFile, OSError, ValueError):
            self.rule_out("the cache folder can not take it")
        if self._lock is not None:
            self._lock.release()

    def end(self) -> None:
        """Let nobody wait any longer."""
        if self._lock is not None:
            self._lock.abandon()

    def _leave(self, written: Written, context: RunContext) -> None:
        environment = as_bytes(self._environment)
        request = read_request(self._arguments, environment)
        volume = _volume(written.cache, request)
        document = make_document(written, context)
        document.grants = _grants(written, volume)
        name = index_name(request, volume.key)
        config = os.fsdecode(environment.get(b"DOCKERCFG_CONFIG", b"")).strip() or None
        inputs = _with_known(self.inputs.listed(config), volume, name)
        _refuse_job_tokens(inputs, environment, context.clock().timestamp())
        document_file, mac_key = document_name(request, inputs, environment, volume.key)
        if changed := self.inputs.changed():
            raise NoDocument(f"{changed[0]} has changed meanwhile")
        if document.filled(environment) != written.content:
            raise NoDocument("a secret has changed meanwhile")
        hints = hints_of(inputs, environment, volume.key)
        volume.write(document_file, encode_document(document, document_file, mac_key))
        # last, so that it never leads to a document that is not there
        volume.write(name, encode_index(inputs, hints, name, volume.key))
        prune_documents(volume, context.clock().timestamp())


def hints_of(
    inputs: list[Listed], environment: dict[bytes, bytes], key: bytes
) -> dict[Listed, bytes]:
    """Return a hint for each input, and for each variable that a prefix stands for.

    Raises:
        UnclearInput: if a file is there that can not be read as one.
    """
    prefixes = tuple(name for kind, name in inputs if kind == PREFIX)
    single = [listed for listed in inputs if listed[0] != PREFIX]
    single += [(VARIABLE, name) for name in environment if prefixes and name.startswith(prefixes)]
    return {one: hint_of(held_by(*one, environment), key) for one in sorted(single)}


def _volume(cache: GrantCache, request: Request) -> CacheVolume:
    if not isinstance(cache, GrantStore):
        raise NoDocument("there is no cache")
    volume = cache.volume
    if not volume.writable:
        raise NoDocument("the cache folder can only be read")
    if not os.path.samestat(Path(request.cache_dir).stat(), os.fstat(volume.descriptor)):
        raise NoDocument("where the cache folder is, is not plain to see")
    return volume


def _grants(written: Written, volume: CacheVolume) -> list[tuple[str, int, int]]:
    """Return the stored grants, each with what tells its file from the one that replaces it."""
    stamps: dict[str, tuple[int, int]] = {}
    for result in written.outcome.results:
        granted = result.outcome
        if not isinstance(granted, Granted) or granted.stored_as is None:
            continue
        name = granted.stored_as
        stamp = grant_stamp(volume.descriptor, name)
        # A neighbour may have put another one there: then a warm run would write that.
        if stamp is None or written.cache.load(name) != granted.grant:
            raise NoDocument(f"the token of {result.entry.name} is not the one that is stored")
        stamps[name] = stamp
    return [(name, *stamp) for name, stamp in sorted(stamps.items())]


def _with_known(inputs: list[Listed], volume: CacheVolume, name: str) -> list[Listed]:
    """Return the inputs together with those that the index knows from others.

    More inputs than needed are never wrong, and two identities whose runs look at different ones
    would else take the index from each other all the time.
    """
    content = volume.peek(name, limit=LARGEST_INDEX)
    known = None if content is None else decode_index(content, name, volume.key)
    together = sorted({*inputs, *(known[0] if known else ())})
    return together if len(together) <= _MOST_INPUTS else inputs


def _refuse_job_tokens(inputs: list[Listed], environment: dict[bytes, bytes], now: float) -> None:
    """Refuse inputs that the next job can not have: a document would lie there for nobody."""
    for kind, name in inputs:
        if kind == FILE:
            values = [read_file(name) or b""]
        else:
            values = [value for key, value in environment.items() if key.startswith(name)]
        for value in values:
            if value.count(b".") == 2 and _is_job_token(
                value.decode("utf-8", "replace").strip(), now
            ):
                raise NoDocument("a token that is made for each job takes part")


def _is_job_token(text: str, now: float) -> bool:
    ends_at = (claims_of(Secret(text)) or {}).get("exp")
    return isinstance(ends_at, (int, float)) and ends_at < now + _JOB_TOKEN_S
