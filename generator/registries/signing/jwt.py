"""A JSON Web Token (RFC 7519) that a key of ours signs, by PyJWT, which is optional."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from backends.errors import BackendMisconfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def signed_jwt(
    key: "RSAPrivateKey",
    claims: Mapping[str, Any],
    *,
    algorithm: Literal["RS256", "PS256"],
    extra: str,
    key_id: str | None = None,
) -> str:
    """Return the token.

    Args:
        key: signs it.
        claims: what it says, times as whole seconds.
        algorithm: PS256 makes another signature each time, for its salt is random.
        extra: of this project, which brings PyJWT.
        key_id: by which who verifies it finds the key.

    Raises:
        BackendMisconfigured: PyJWT is not there.
    """
    try:
        import jwt
    except ImportError:
        raise BackendMisconfigured(
            "pyjwt-missing",
            "signing a JSON Web Token needs the package PyJWT",
            f"pip install 'dockercfg-generator[{extra}]'",
        ) from None
    headers = None if key_id is None else {"kid": key_id}
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers)
