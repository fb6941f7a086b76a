"""The contract between registry kinds and the generator.

A provider turns base credentials into a token for one kind of registry. It is a class without
state, found through `generator.registries.loader`; everything it needs arrives as arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from backends.base import RunContext
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry


class ProviderOptions(BaseModel):
    """A provider's own settings in an entry, beside the common ones; every scalar is text.

    What an operator bounds (`generator.config.allow`) is known by its name: a URL that a secret is
    sent to is called ``endpoint``, a server that is asked about ``helper_server``, variables that
    are passed on are called ``environment``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @property
    def program(self) -> Sequence[str]:
        """The words of the command that an entry has run, none unless the kind says so."""
        return ()


@dataclass(frozen=True, slots=True)
class CredentialField:
    """A secret that a provider takes.

    ``aliases`` are other names under which a whole document may hold it. ``multiline`` allows
    line breaks (a PEM, a JSON key). The ``primary`` field is the one that a plain text document
    is bound to; a field that is ``whole`` takes a JSON document as well, its text as one value
    (a cloud's key file), unless the document has a field of its name. A ``job_token`` is minted
    for each job: whose it is (issuer, audience, subject) tells grants apart, not its value.
    """

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True
    multiline: bool = False
    primary: bool = False
    whole: bool = False
    job_token: bool = False


@dataclass(frozen=True, slots=True)
class KindDocs:
    """What a person wants to know of a kind before writing an entry.

    ``hosts`` are forms of the server addresses, as ``*.azurecr.io``; ``lives`` says how long a
    token lives, as ``12 h``. ``example`` is an entry in YAML, as it stands below its name.
    """

    hosts: tuple[str, ...]
    lives: str
    example: str


class TokenProvider(Protocol):
    """One kind of registry.

    Class attributes that it may have beside these: ``docs``, its `KindDocs`. ``hands_through``,
    true if it gives a credential as it is, or a method that says so of an entry: that is not stored
    unless ``cache: {static: …}`` asks for it. ``default_server``, the server address of entries
    that name none. ``asks_its_server``, true if a secret is sent to any server that an entry names
    without an ``endpoint``: what bounds endpoints then bounds that server too.
    ``uses_host(entry)``, true where it uses what this machine or job is by itself beside the
    credentials that an entry names.
    """

    options: ClassVar[type[ProviderOptions]]
    credential_fields: ClassVar[tuple[CredentialField, ...]]

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Return all that is wrong with the entry, paths relative to it; no I/O."""
        ...

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """Say whose token `fetch` would return; no network.

        Raises:
            BackendError: if a local input (a profile file) is missing.
        """
        ...

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Fetch a grant; cancellable at any await, no SDK imported before.

        Raises:
            EntryError: one of the tree in `generator.errors`.
            BackendError: from the shared AWS session or HTTP client.
        """
        ...


def hands_through(provider: TokenProvider, entry: RegistryEntry) -> bool:
    """Tell whether the credential of an entry is given as it is."""
    told = getattr(provider, "hands_through", False)
    return bool(told(entry) if callable(told) else told)
