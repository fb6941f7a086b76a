"""The one type that holds a secret value."""

import hmac
from typing import Never


class Secret:
    """A secret text that no log, traceback or serialiser can print.

    ``repr``, ``str`` and ``format`` show ``Secret('***')``; pickling, copying by pickle and JSON
    encoding raise. The value leaves through `reveal`, which is called at the wire and at the file
    only.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # a variable that is not UTF-8 has lone surrogates in it
        ours, theirs = (one.reveal().encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> Never:
        raise TypeError("a Secret can not be pickled")


IdentityPart = tuple[str, str | Secret]
"""A name and what stands for it: text as it is, a `Secret` only ever by a keyed fingerprint."""
