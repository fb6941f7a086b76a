"""A login that an issuer answers with in the form of a Docker config."""

import base64

from backends.base import Secret
from generator.registries.issuer import TokenAnswer


def login_for(answer: TokenAnswer, host: str) -> tuple[str, Secret]:
    """Return user and password of the one host that is meant; what else there is stays there.

    Raises:
        ImplausibleAnswer: there is none for it, or one that can not be read.
    """
    auth = answer.part("auths").part(host).text("auth", f"login for {host}")
    try:
        decoded = base64.b64decode(auth, validate=True).decode()
    except ValueError:
        raise answer.implausible("its login can not be decoded") from None
    # DigitalOcean's documented example ends with a line break, which is no part of a token
    username, _, password = decoded.removesuffix("\n").partition(":")
    if not username or not password or not (username + password).isprintable():
        raise answer.implausible("its login is not a user name and a password")
    return username, Secret(password)
