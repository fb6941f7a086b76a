"""A grant as the content of a file: what a registry gave, and what a list of the cache shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backends.base import Secret
from generator.cache.errors import UnusableFile
from generator.cache.names import SCHEMA
from generator.cache.signed import payload_of, sign
from generator.model import Grant

_HEADER = f"dockercfg-grant {SCHEMA} ".encode()
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
    """A grant as it is kept; ``keep_until`` is when nobody will load it any more, aware UTC."""

    grant: Grant
    use: GrantUse
    keep_until: datetime


class _Payload(BaseModel):
    """The payload; times are seconds since the epoch."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    provider: str
    used_by: tuple[str, ...]
    inputs: dict[str, str]
    keep_until: float = Field(ge=0, lt=_YEAR_9999)
    username: str = Field(repr=False)
    secret: str = Field(repr=False)
    requested_at: float = Field(ge=0, lt=_YEAR_9999)
    expires_at: float | None = Field(ge=0, lt=_YEAR_9999)
    server_addresses: tuple[str, ...]
    endpoint: str | None
    clock_skew_s: float


def encode_grant(stored: StoredGrant, *, name: str, key: bytes) -> bytes:
    """Return a grant as the content of the file ``name``.

    Raises:
        ValueError: if it holds what the file can not: text that is not Unicode, or a time that is
            out of range. The message holds no value of it.
    """
    grant = stored.grant
    try:
        payload = (
            _Payload(
                provider=stored.use.provider,
                used_by=stored.use.server_addresses,
                inputs=dict(stored.use.inputs),
                keep_until=stored.keep_until.timestamp(),
                username=grant.username,
                secret=grant.secret.reveal(),
                requested_at=grant.requested_at.timestamp(),
                expires_at=grant.expires_at.timestamp() if grant.expires_at else None,
                server_addresses=grant.server_addresses,
                endpoint=grant.endpoint,
                clock_skew_s=grant.clock_skew_s,
            )
            .model_dump_json()
            .encode()
        )
    except ValueError:
        raise ValueError("the grant can not be written as JSON") from None
    return sign(payload, header=_HEADER, name=name, key=key)


def decode_grant(content: bytes, *, name: str, key: bytes) -> StoredGrant:
    """Return the grant that `encode_grant` made for this name with this key.

    Raises:
        UnusableFile: if the content is anything else.
    """
    payload = payload_of(content, header=_HEADER, name=name, key=key)
    try:
        stored = _Payload.model_validate_json(payload)
    except ValidationError:
        raise UnusableFile("does not hold what a grant holds") from None
    grant = Grant(
        username=stored.username,
        secret=Secret(stored.secret),
        requested_at=_moment(stored.requested_at),
        expires_at=None if stored.expires_at is None else _moment(stored.expires_at),
        server_addresses=stored.server_addresses,
        endpoint=stored.endpoint,
        clock_skew_s=stored.clock_skew_s,
    )
    use = GrantUse(stored.provider, stored.used_by, stored.inputs)
    return StoredGrant(grant, use, _moment(stored.keep_until))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
