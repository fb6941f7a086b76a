"""What failures of Microsoft's token services mean, by status and by their documented codes."""

import re
from datetime import datetime

from backends.clock_skew import clock_skew_s
from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
)
from backends.http_model import HttpAnswer

ENTRA = "Microsoft Entra ID"
MANAGED_IDENTITY = "Azure's managed identity"
UNKNOWN_RESOURCE = "azure-resource-unknown"
"""Reference of the error for an audience that is not known there."""

_FEDERATION = (
    "compare issuer, subject and audience with the application's federated credential; a new one "
    "takes some minutes to work"
)
_UNKNOWN_RESOURCE = (
    UNKNOWN_RESOURCE,
    "the audience is not known in this tenant",
    "write audience: as this cloud has it, as https://management.azure.com/.default",
)

# Codes of Entra ID ("Microsoft Entra authentication and authorization error codes"), what they
# mean and what to do.
_CODES: dict[int, tuple[str, str, str]] = {
    7000215: (
        "azure-secret-wrong",
        "the client secret is not accepted",
        "store the secret's value, not its id, and check that it is this client id's",
    ),
    7000222: (
        "azure-secret-expired",
        "the client secret has expired",
        "make another secret for the application and store that",
    ),
    700016: (
        "azure-client-unknown",
        "there is no such application in this tenant",
        "check client_id and tenant_id against each other",
    ),
    7000112: (
        "azure-client-disabled",
        "the application is disabled",
        "have an administrator enable it",
    ),
    90002: (
        "azure-tenant-unknown",
        "there is no such tenant",
        "check tenant_id, and that the cloud is the right one (authority:)",
    ),
    900023: (
        "azure-tenant-unknown",
        "there is no such tenant",
        "write tenant_id: as a GUID or a domain of the tenant",
    ),
    700211: (
        "azure-federation-refused",
        "no federated credential of the application has the token's issuer",
        _FEDERATION,
    ),
    700212: (
        "azure-federation-refused",
        "no federated credential of the application has the token's audience",
        _FEDERATION,
    ),
    700213: (
        "azure-federation-refused",
        "no federated credential of the application has the token's subject",
        _FEDERATION,
    ),
    70021: (
        "azure-federation-refused",
        "no federated credential of the application matches the token",
        _FEDERATION,
    ),
    700024: (
        "azure-assertion-expired",
        "the token or certificate that proves who asks is not valid now",
        "have the job make a token later, and check this machine's clock",
    ),
    700027: (
        "azure-certificate-unknown",
        "the certificate is not one of the application's",
        "upload it to the application, or set send_certificate_chain: true if it is known by name",
    ),
    50001: _UNKNOWN_RESOURCE,
    500011: _UNKNOWN_RESOURCE,
}
_CODE = re.compile(r"AADSTS(\d{4,8})", re.ASCII)


def meaning_of(answer: HttpAnswer, local_time: datetime) -> BackendError:
    """Return what an answer of Entra ID that holds no token means."""
    if answer.status in (408, 429) or answer.status >= 500:
        return _unavailable(answer)
    row = next((_CODES[code] for code in _codes(answer) if code in _CODES), None)
    if row is not None:
        reference, meaning, hint = row
        skew_s = clock_skew_s(answer.headers.get("date"), local_time)
        if reference == "azure-assertion-expired" and abs(skew_s) > 60:
            reference, meaning = "azure-clock-wrong", f"{meaning}: {_clock(skew_s)}"
            hint = "set this machine's clock"
        return SecretDenied(reference, f"{answer.what}: {meaning}", hint)
    if answer.status in (400, 401, 403):
        return SecretDenied(
            "azure-denied",
            f"{answer.what}: the credentials are not accepted (status {answer.status}"
            f"{_shown(_codes(answer))})",
            "look the code up in Entra ID's list of error codes, or in the tenant's sign-in logs",
        )
    return implausible(
        answer.what, f"status {answer.status}" if not answer.ok else "it has no token"
    )


def meaning_of_identity(answer: HttpAnswer, local_time: datetime) -> BackendError:
    """Return what an answer of a managed identity service that holds no token means."""
    codes = _codes(answer)
    if any(code in _CODES for code in codes):
        return meaning_of(answer, local_time)
    # 404 and 410 come while the service is being updated
    if answer.status in (404, 408, 410, 429) or answer.status >= 500:
        return _unavailable(answer)
    if answer.status == 400:
        return SecretDenied(
            "azure-identity-not-assigned",
            f"{answer.what}: the identity is not assigned to this machine",
            "assign it, or name the one that is: client_id:, object_id: or resource_id:",
        )
    if answer.status in (401, 403):
        return SecretDenied(
            "azure-identity-denied",
            f"{answer.what}: no token for this process (status {answer.status})",
            "check that a proxy does not answer in its place, and that the process may ask it",
        )
    return implausible(
        answer.what, f"status {answer.status}" if not answer.ok else "it has no token"
    )


def no_identity(error: BackendUnavailable) -> BackendUnavailable:
    """Return the error for a job without credentials, on a machine without an identity."""
    return BackendUnavailable(
        "azure-no-identity",
        f"no credentials are named, and {error.message}",
        "write credentials:, set AZURE_TENANT_ID and AZURE_CLIENT_ID with a secret, or run this "
        "where Azure gives a managed identity",
    )


def implausible(what: str, why: str) -> BadAnswer:
    """Return the error for an answer that makes no sense."""
    return BadAnswer(
        "azure-answer-implausible",
        f"{what}: the answer makes no sense: {why}",
        "check whether a proxy answers in Microsoft's place",
    )


def unusable(reference: str, why: str, hint: str) -> BackendMisconfigured:
    """Return the error for settings or credentials that can not work."""
    return BackendMisconfigured(f"azure-{reference}", f"Azure: {why}", hint)


def _unavailable(answer: HttpAnswer) -> BackendUnavailable:
    return BackendUnavailable(
        "azure-unavailable",
        f"{answer.what}: no token now (status {answer.status})",
        "try again later",
    )


def _codes(answer: HttpAnswer) -> list[int]:
    """Return the codes that an answer names, the most telling first; bodies are never shown."""
    body = answer.json_object()
    listed = body.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    if body.get("error") == "invalid_resource":
        # the services of managed identities may name no code
        codes.append(500011)
    described = body.get("error_description")
    text = described[:4096] if isinstance(described, str) else ""
    return [*codes, *map(int, _CODE.findall(text))]


def _shown(codes: list[int]) -> str:
    return f", AADSTS{codes[0]}" if codes else ""


def _clock(skew_s: float) -> str:
    side = "behind" if skew_s > 0 else "ahead"
    return f"this machine's clock is {abs(skew_s) / 60:.0f} min {side}"
