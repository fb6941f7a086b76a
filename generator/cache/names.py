"""What a grant is called: a keyed digest of everything that decides whose token it is.

The digest is BLAKE2b (RFC 7693) keyed by the volume's key, so that a name tells nothing about a
secret behind it, not even to somebody who can guess the secret. Every value goes in behind a type
and a length, so that no two lists of values run together into one text.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from backends.base import IdentityPart, Secret, SecretRef
from generator.cache.layout import GRANT_PREFIX
from generator.model import GrantKey

SCHEMA = 2
"""Part of every name; counts up when what goes into a name, or into a stored grant, changes."""

_NAME_PERSON = b"dockercfg name"
_SECRET_PERSON = b"dockercfg secret"
_INPUT_PERSON = b"dockercfg input"


def grant_name(
    *,
    key: bytes,
    provider: str,
    grant_key: GrantKey,
    references: Sequence[tuple[str, SecretRef]],
    identities: Sequence[Sequence[IdentityPart]],
) -> str:
    """Return the name of a grant, ``grant-`` and 32 hexadecimal digits.

    The order of references and of parts with different names does not matter; parts of one name
    keep their order, for a chain of roles is another chain backwards.

    Args:
        key: the volume's key, at most 64 bytes.
        provider: the kind of registry.
        grant_key: the provider's own answer to whose token this is.
        references: each secret reference with the credential field it is bound to.
        identities: for each reference, in the same order, its backend's identity.

    Raises:
        ValueError: if there are not as many identities as references.
    """
    sources = [
        _list([_text(field), _reference(ref), _parts(identity, key)])
        for (field, ref), identity in zip(references, identities, strict=True)
    ]
    content = _list(
        [
            _text(str(SCHEMA)),
            _text(provider),
            _parts(grant_key.parts, key),
            _list(sorted(sources)),
        ]
    )
    digest = blake2b(content, digest_size=16, key=key, person=_NAME_PERSON)
    return GRANT_PREFIX + digest.hexdigest()


def input_fingerprint(values: Iterable[str | Secret], key: bytes) -> str:
    """Return eight hexadecimal digits that tell whether an input is what it was.

    So few that nobody can make out a value by them; by accident two values share them once in four
    billion, and a person is then told less than could be.
    """
    content = _list(_value(value, key) for value in values)
    return blake2b(content, digest_size=4, key=key, person=_INPUT_PERSON).hexdigest()


def _reference(ref: SecretRef) -> bytes:
    options = [_list([_text(name), _text(value)]) for name, value in sorted(ref.options)]
    selector = _frame(b"n", b"") if ref.selector is None else _text(ref.selector)
    return _list([_text(ref.backend), _text(ref.path), _list(options), selector])


def _parts(parts: Iterable[IdentityPart], key: bytes) -> bytes:
    by_name = sorted(parts, key=lambda part: part[0])
    return _list(_list([_text(name), _value(value, key)]) for name, value in by_name)


def _value(value: str | Secret, key: bytes) -> bytes:
    if isinstance(value, str):
        return _text(value)
    fingerprint = blake2b(_bytes(value.reveal()), digest_size=32, key=key, person=_SECRET_PERSON)
    return _frame(b"s", fingerprint.digest())


def _text(text: str) -> bytes:
    return _frame(b"t", _bytes(text))


def _list(items: Iterable[bytes]) -> bytes:
    return _frame(b"l", b"".join(items))


def _frame(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(8, "big") + content


def _bytes(text: str) -> bytes:
    # A variable that is not UTF-8 reaches Python with lone surrogates in it.
    return text.encode("utf-8", "surrogatepass")
