"""A signed request as its receiver looks at it: everything is worked out from what arrived."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from tests.parts.service import Asked


@dataclass(frozen=True, slots=True)
class Claim:
    """What the header Authorization says."""

    algorithm: str
    who: str
    names: list[str]
    signature: str


def claim_of(asked: Asked) -> Claim | None:
    """Return the claim; ``None`` if there is none, or one of another form."""
    found = re.fullmatch(
        r"(\S+) (?:Credential|Access)=([^, ]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=(\w{64})",
        asked.headers.get("authorization", ""),
    )
    return Claim(found[1], found[2], found[3].split(";"), found[4]) if found else None


def hash_of(asked: Asked, names: list[str], path: str, **changed: str) -> str:
    """Return the hash of the canonical request; ``changed`` are headers signed otherwise."""
    values = {**asked.headers, **{name.replace("_", "-"): v for name, v in changed.items()}}
    query = "&".join(
        f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(asked.query.items())
    )
    canonical = f"{asked.method}\n{path}\n{query}\n"
    canonical += "".join(f"{name}:{values[name]}\n" for name in sorted(names))
    canonical += "\n" + ";".join(sorted(names)) + "\n" + hashlib.sha256(asked.body).hexdigest()
    return hashlib.sha256(canonical.encode()).hexdigest()


def keyed(key: bytes, text: str) -> bytes:
    """Return an HMAC-SHA256."""
    return hmac.digest(key, text.encode(), "sha256")
