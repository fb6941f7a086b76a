"""Google's credential documents, taken apart before anything in them is used.

Their kinds and fields are those of Application Default Credentials (Google Cloud documentation,
"How Application Default Credentials works", AIP-4110 to 4117).
"""

import json
from collections.abc import Mapping
from typing import Any

from backends.base import Secret
from backends.base64_text import from_base64
from backends.errors import BackendMisconfigured

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "subject_token_type", "token_url", "credential_source"),
    "external_account_authorized_user": (
        "client_id",
        "client_secret",
        "refresh_token",
        "token_url",
    ),
    "impersonated_service_account": ("source_credentials", "service_account_impersonation_url"),
}
_OBJECTS = ("credential_source", "source_credentials")
_HINT = "store the JSON that Google gave, whole, as it is or in base64"


def key_text(secret: Secret) -> str:
    """Return the JSON text of a credential document, be it in base64.

    Raises:
        BackendMisconfigured: if it is neither.
    """
    text = secret.reveal().strip()
    if text.startswith("{"):
        return text
    decoded = from_base64(text)
    if decoded is None:
        raise unusable("is neither JSON nor JSON in base64")
    return decoded


def parse_key(secret: Secret) -> dict[str, Any]:
    """Return a credential document whose kind is known and whose fields are there.

    Raises:
        BackendMisconfigured: saying which field is missing, or what else is wrong; never a value.
    """
    try:
        document = json.loads(key_text(secret))
    except (ValueError, RecursionError):
        raise unusable("is not JSON (cut off, or with unescaped line breaks?)") from None
    if not isinstance(document, dict):
        raise unusable("is not a JSON object")
    return _checked(document)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    kind = document.get("type")
    required = _REQUIRED.get(kind) if isinstance(kind, str) else None
    if required is None:
        known = ", ".join(_REQUIRED)
        raise unusable("is of a kind that is not known", f"its type must be one of {known}")
    if document.get("universe_domain", "googleapis.com") != "googleapis.com":
        raise unusable("is of another universe than googleapis.com", "only that one is known")
    missing = [name for name in required if not document.get(name)]
    if missing:
        raise unusable(f"has no {' and no '.join(missing)}")
    for name in required:
        if not isinstance(document[name], dict if name in _OBJECTS else str):
            raise unusable(f"has something else than it should in {name}")
    if kind == "impersonated_service_account":
        source = _checked(document["source_credentials"])
        if source["type"] == "external_account":
            raise unusable("wraps an external_account", "use that one, with impersonate: EMAIL")
    return document


def unusable(why: str, hint: str = _HINT) -> BackendMisconfigured:
    """Return the error for a credential document that can not be used, and why."""
    return BackendMisconfigured(
        "google-key-unusable", f"the Google credential document {why}", hint
    )
