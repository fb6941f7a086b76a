"""What a grant depends on: everything that decides whose token it is, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backends.base import IdentityPart, RunContext, Secret, SecretBackend, SecretRef
from backends.errors import SecretNotFound
from backends.jwt_identity import identity_of_token, is_of_one_job
from generator.cache.names import grant_name, input_fingerprint
from generator.model import GrantKey, RegistryEntry
from generator.registries.base import TokenProvider, hands_through

LOCAL = frozenset({"env", "file"})
"""Types of backends whose secrets this machine holds anyway: they are not kept once more."""


@dataclass(frozen=True, slots=True)
class GrantInputs:
    """What decides whose token a grant is.

    ``references`` stand with the credential field that they are bound to, the whole document's
    under no name; ``identities`` are their backends' answers, in the same order. ``hands_through``
    is whether the provider gives what it gets as it is (`TokenProvider`).
    """

    provider: str
    grant_key: GrantKey
    references: Sequence[tuple[str, SecretRef]]
    identities: Sequence[Sequence[IdentityPart]]
    hands_through: bool = False

    def name(self, key: bytes) -> str:
        """Return what the grant is called in a volume with this key."""
        # by type, so that it does not matter what a config calls its backend
        return grant_name(
            key=key,
            provider=self.provider,
            grant_key=self.grant_key,
            references=self.references,
            identities=self.identities,
        )

    @property
    def are_remote(self) -> bool:
        """Whether all secrets come from a secret store, none from a variable or file."""
        kinds = {ref.backend for _, ref in self.references}
        return bool(kinds) and not kinds & LOCAL

    @property
    def are_shared(self) -> bool:
        """Whether another job that waits for the same would get the same.

        Not so where what is handed through is named nowhere, as a program's answer: what that
        depends on may be another thing there.
        """
        return bool(self.references) or not self.hands_through

    @property
    def are_per_job(self) -> bool:
        """Whether a token takes part that counts by whom it stands for, not by its value."""
        return any(is_of_one_job(parts) for parts in (self.grant_key.parts, *self.identities))

    def fingerprints(self, key: bytes) -> dict[str, str]:
        """Return a short keyed fingerprint of each input, by what a person calls it.

        It is for telling which of them changed, and says no more of a secret than the name does.
        """
        values: dict[str, list[str | Secret]] = {}
        for name, value in self.grant_key.parts:
            values.setdefault(name, []).append(value)
        for (field, ref), identity in zip(self.references, self.identities, strict=True):
            bound_to = f"credentials.{field}" if field else "credentials"
            values.setdefault(f"{bound_to} (the reference)", []).append(str(ref))
            for name, value in identity:
                label = str(ref.document) if name == "value" else f"{ref.backend} {name}"
                if value not in values.setdefault(label, []):
                    values[label].append(value)
        return {label: input_fingerprint(value, key) for label, value in values.items()}


def grant_inputs(
    entry: RegistryEntry,
    provider: TokenProvider,
    backends: Mapping[str, tuple[str, SecretBackend]],
    context: RunContext,
) -> GrantInputs:
    """Return what the grant of an entry depends on; no network.

    Args:
        entry: whose grant it is.
        provider: the entry's.
        backends: by the name in references: the type and the opened backend.
        context: the run's.

    Raises:
        BackendError: if local inputs are missing; it tells of all of them.
    """
    named = sorted(entry.credentials.fields.items())
    if entry.credentials.document is not None:
        named.insert(0, ("", entry.credentials.document))
    minted = [spec for spec in provider.credential_fields if spec.job_token]
    # a whole document may be such a token itself; one that is not counts by its value
    job_tokens = {*(spec.name for spec in minted), *("" for spec in minted if spec.primary)}
    references, identities, missing = [], [], []
    for field, ref in named:
        kind, backend = backends[ref.backend]
        references.append((field, replace(ref, backend=kind)))
        try:
            identity = backend.identity(ref)
        except SecretNotFound as error:
            missing.append(error)
            continue
        identities.append(_of_any_job(identity) if field in job_tokens else identity)
    if missing:
        raise _together(missing)
    return GrantInputs(
        entry.provider,
        provider.grant_key(entry, context),
        references,
        identities,
        hands_through(provider, entry),
    )


def _together(missing: Sequence[SecretNotFound]) -> SecretNotFound:
    """Return one error for all: who sets the first variable only would be back for the second."""
    messages = dict.fromkeys(error.message for error in missing)
    hints = dict.fromkeys(error.hint for error in missing)
    return SecretNotFound(missing[0].reference, ", ".join(messages), "; ".join(hints))


def _of_any_job(identity: Sequence[IdentityPart]) -> list[IdentityPart]:
    """Let a token that is minted for each job count by whose it is: else no job would hit."""
    parts: list[IdentityPart] = []
    for name, value in identity:
        parts += identity_of_token(value) if isinstance(value, Secret) else [(name, value)]
    return parts
