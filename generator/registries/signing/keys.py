"""The keys that clouds' requests are signed with: an entry's own, else those in the variables.

A key is an id and a secret; one that is temporary comes with a token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backends.base import IdentityPart, RunContext, Secret
from backends.errors import SecretNotFound
from generator.errors import Misconfigured
from generator.model import GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField

# What a header can hold, and what stands in every vendor's keys and tokens.
_GRAPHIC = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What a request is signed with."""

    key_id: str
    secret: Secret
    token: Secret | None = None


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How a vendor calls the three parts of a key: its id, its secret, and its token, if any.

    Each part is the name of the credential field, the variable of the vendor's own tools, and other
    names that a document may have for it. ``kind`` begins the references of errors.
    """

    kind: str
    key_id: tuple[str, ...]
    secret: tuple[str, ...]
    token: tuple[str, ...]

    @property
    def fields(self) -> tuple[CredentialField, ...]:
        """The credential fields; none is required, for the variables may do."""
        parts = (self.key_id, self.secret, self.token)
        return tuple(
            CredentialField(name, tuple(others), required=False) for name, *others in parts
        )

    def problems(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Return what is missing: id and secret belong together."""
        given = set(entry.credentials.fields)
        if entry.credentials.document or not given:
            return []
        return [
            Problem(
                ("credentials", name),
                "is missing: the id of a key and its secret belong together",
                f"add {name}: REFERENCE",
            )
            for name in (self.key_id[0], self.secret[0])
            if name not in given
        ]

    def identity(self, entry: RegistryEntry, context: RunContext) -> Sequence[IdentityPart]:
        """Say whose key it is, if it is not the entry's own; offline.

        Raises:
            SecretNotFound: neither the entry nor the variables have one.
        """
        if entry.credentials.references:
            return []
        key = self._ambient(context)
        token: list[IdentityPart] = [("ambient token", key.token)] if key.token else []
        return [("ambient key", key.key_id), ("ambient secret", key.secret), *token]

    def key(self, request: GrantRequest, context: RunContext) -> SigningKey:
        """Return the key to sign with.

        Raises:
            Misconfigured: a document holds only one half of it, or something that is none.
            SecretNotFound: neither the entry nor the variables have one.
        """
        if not request.credentials and not request.entry.credentials.references:
            return self._checked(self._ambient(context))
        names = (self.key_id[0], self.secret[0], self.token[0])
        missing = [name for name in names[:2] if name not in request.credentials]
        if missing:
            raise Misconfigured(
                self._reference("key-incomplete"),
                f"the secret has no field {' and no field '.join(missing)}",
                f"name it: credentials: {{from: REFERENCE, fields: {{{missing[0]}: FIELD, …}}}}",
            )
        key_id, secret, token = (request.credentials.get(name) for name in names)
        assert key_id is not None
        assert secret is not None
        return self._checked(SigningKey(key_id.reveal(), secret, token))

    def _checked(self, key: SigningKey) -> SigningKey:
        parts = (Secret(key.key_id), key.secret, key.token or Secret("-"))
        # with a colon in it, the id could not be read back as a part of a user name
        if ":" in key.key_id or not all(_GRAPHIC.fullmatch(part.reveal()) for part in parts):
            raise Misconfigured(
                self._reference("key-unusable"),
                "the key holds a character that no key has, as a space, a letter with an accent, "
                "or a colon in its id",
                "check what the references name, and that nothing was copied along",
            )
        return key

    def _ambient(self, context: RunContext) -> SigningKey:
        variables = (self.key_id[1], self.secret[1], self.token[1])
        key_id, secret, token = (context.setting(name) for name in variables)
        if key_id is None or secret is None:
            raise SecretNotFound(
                self._reference("key-missing"),
                "no credentials are given, and "
                f"{variables[0] if key_id is None else variables[1]} is not set",
                f"write credentials: {{{self.key_id[0]}: REFERENCE, {self.secret[0]}: REFERENCE}}, "
                f"or set {variables[0]} and {variables[1]}",
            )
        return SigningKey(key_id, Secret(secret), Secret(token) if token else None)

    def _reference(self, name: str) -> str:
        return f"{self.kind}-{name}"
