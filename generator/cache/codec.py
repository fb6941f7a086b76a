"""A grant as the content of a file: a header line with a MAC, then JSON.

The MAC is BLAKE2b (RFC 7693) keyed by the volume's key over schema, name and payload: a file that
was torn, changed or renamed to another grant's name is told from a whole one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from hmac import compare_digest

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backends.base import Secret
from generator.cache.errors import UnusableFile
from generator.cache.names import SCHEMA
from generator.model import Grant

_HEADER = f"dockercfg-grant {SCHEMA} ".encode()
_MAC_PERSON = b"dockercfg grant"
_YEAR_9999 = 253370764800.0


@dataclass(frozen=True, slots=True)
class GrantUse:
    """What a grant is for: the kind of registry, and the server addresses of its entries.

    ``inputs`` are short fingerprints of what it was made from, by name: they tell a person which
    of them changed when it is not found any more.
    """

    provider: str
    server_addresses: tuple[str, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant as it is kept."""

    grant: Grant
    use: GrantUse


class _Payload(BaseModel):
    """The payload; times are seconds since the epoch."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    provider: str
    used_by: tuple[str, ...]
    inputs: dict[str, str]
    username: str
    secret: str = Field(repr=False)
    requested_at: float = Field(ge=0, lt=_YEAR_9999)
    expires_at: float = Field(ge=0, lt=_YEAR_9999)
    server_addresses: tuple[str, ...]
    endpoint: str | None
    clock_skew_s: float


def encode_grant(
    grant: Grant, expires_at: datetime, use: GrantUse, *, name: str, key: bytes
) -> bytes:
    """Return a grant as the content of the file ``name``.

    Raises:
        ValueError: if it holds what the file can not: text that is not Unicode, or a time that is
            out of range. The message holds no value of it.
    """
    try:
        payload = (
            _Payload(
                provider=use.provider,
                used_by=use.server_addresses,
                inputs=dict(use.inputs),
                username=grant.username,
                secret=grant.secret.reveal(),
                requested_at=grant.requested_at.timestamp(),
                expires_at=expires_at.timestamp(),
                server_addresses=grant.server_addresses,
                endpoint=grant.endpoint,
                clock_skew_s=grant.clock_skew_s,
            )
            .model_dump_json()
            .encode()
        )
    except ValueError:
        raise ValueError("the grant can not be written as JSON") from None
    return _HEADER + _mac(payload, name, key) + b"\n" + payload


def decode_grant(content: bytes, *, name: str, key: bytes) -> StoredGrant:
    """Return the grant that `encode_grant` made for this name with this key.

    Raises:
        UnusableFile: if the content is anything else.
    """
    header, _, payload = content.partition(b"\n")
    if not header.startswith(_HEADER):
        raise UnusableFile("is no grant of this version")
    if not compare_digest(header.removeprefix(_HEADER), _mac(payload, name, key)):
        raise UnusableFile("is damaged, or was made for another name or folder")
    try:
        stored = _Payload.model_validate_json(payload)
    except ValidationError:
        raise UnusableFile("does not hold what a grant holds") from None
    grant = Grant(
        username=stored.username,
        secret=Secret(stored.secret),
        requested_at=datetime.fromtimestamp(stored.requested_at, UTC),
        expires_at=datetime.fromtimestamp(stored.expires_at, UTC),
        server_addresses=stored.server_addresses,
        endpoint=stored.endpoint,
        clock_skew_s=stored.clock_skew_s,
    )
    return StoredGrant(grant, GrantUse(stored.provider, stored.used_by, stored.inputs))


def _mac(payload: bytes, name: str, key: bytes) -> bytes:
    mac = blake2b(digest_size=32, key=key, person=_MAC_PERSON)
    for part in (_HEADER, name.encode(), payload):
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return mac.hexdigest().encode()
