"""The note that a failed fetch leaves, for those who wait not to fail for themselves.

Fifty jobs with a wrong password make one login, not a locked account. Whom a note is for is decided
by when a run *began*, not by when it reached the lock: jobs that start together load themselves at
different speeds. A run that begins after the failure asks again, for somebody may just have mended
what was wrong.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.cache.errors import UnusableFile
from generator.cache.names import SCHEMA
from generator.cache.signed import payload_of, sign
from generator.errors import EntryError, entry_error

NOTE_LIFE_S = 10.0
LARGEST_NOTE = 16 * 1024
_HEADER = f"dockercfg-failure {SCHEMA} ".encode()


@dataclass(frozen=True, slots=True)
class FailureNote:
    """A failure and when it was noted, in seconds since the epoch.

    ``circumstances`` is a digest of what the failure may be due to although it decides nothing
    about whose token it is: proxies, certificates, settings of the secret backend. Who asks under
    other circumstances asks for itself.
    """

    error: EntryError
    noted_at: float
    circumstances: str

    def is_for(self, began_at: float, now: float, circumstances: str) -> bool:
        """Return whether a run takes the failure as its own.

        All moments are by the wall clock of the one that asks, at the time of asking: if that
        clock was set in between, the note is from the future, or too old, and counts for nobody.
        """
        return (
            self.circumstances == circumstances
            and began_at <= self.noted_at <= now < self.noted_at + NOTE_LIFE_S
        )


class _Payload(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    exit_code: int
    reference: str
    message: str
    hint: str
    noted_at: float = Field(ge=0)
    circumstances: str


def encode_note(note: FailureNote, *, name: str, key: bytes) -> bytes:
    """Return a note as the content of a file that goes with the grant ``name``.

    Raises:
        ValueError: if its words are not Unicode, or too many.
    """
    error = note.error
    payload = _Payload(
        exit_code=int(error.exit_code),
        reference=error.reference,
        message=error.message,
        hint=error.hint,
        noted_at=note.noted_at,
        circumstances=note.circumstances,
    )
    content = sign(payload.model_dump_json().encode(), header=_HEADER, name=name, key=key)
    if len(content) > LARGEST_NOTE:
        raise ValueError("the note is too large")
    return content


def decode_note(content: bytes, *, name: str, key: bytes) -> FailureNote:
    """Return the note that `encode_note` made for this name with this key.

    Raises:
        UnusableFile: if the content is anything else.
    """
    payload = payload_of(content, header=_HEADER, name=name, key=key)
    try:
        stored = _Payload.model_validate_json(payload)
        error = entry_error(stored.exit_code, stored.reference, stored.message, stored.hint)
    except (ValidationError, KeyError):
        raise UnusableFile("does not hold what a note holds") from None
    return FailureNote(error, stored.noted_at, stored.circumstances)
