"""Errors of the secret backends.

::

    BackendError                  something about reading a secret went wrong
    ├── BackendMisconfigured      settings or a reference can not work as they are
    ├── SecretNotFound            the store answered: there is no such secret, version or field
    ├── SecretDenied              the store, or its login, refused us
    ├── BadAnswer                 the store answered something that makes no sense
    └── BackendUnavailable        the store could not be reached, or not in time

Every error has a kebab-case ``reference`` to search for, a message that says what happened where,
and a hint that says what to do. None of the three ever holds a secret, an upstream body, a header
or a URL with userinfo.
"""


class BackendError(Exception):
    """Reading a secret failed."""

    def __init__(self, reference: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.hint = hint


class BackendMisconfigured(BackendError):
    """Settings or a reference can not work as they are."""


class SecretNotFound(BackendError):
    """There is no such secret, version or field; an unset variable too."""


class SecretDenied(BackendError):
    """The store or its login refused us; asking again will not help."""


class BadAnswer(BackendError):
    """The store answered something that is not an answer (an HTML page, a wrong shape)."""


class BackendUnavailable(BackendError):
    """The store could not be reached, or did not answer in time."""
