"""What the AWS SDK's own exceptions mean: those that no answer of AWS stands behind."""

from dataclasses import dataclass

from backends.errors import (
    BackendError,
    BackendMisconfigured,
    BackendUnavailable,
    BadAnswer,
    SecretDenied,
    SecretNotFound,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What the SDK's exceptions of these names, or of their subclasses, mean."""

    names: frozenset[str]
    error: type[BackendError]
    reference: str
    message: str
    hint: str


def _failure(
    names: str, error: type[BackendError], reference: str, message: str, hint: str
) -> Failure:
    return Failure(frozenset(names.split()), error, reference, message, hint)


# By name, so that the SDK is not imported; the first row that fits wins.
_FAILURES = (
    _failure(
        "NoCredentialsError",
        SecretNotFound,
        "aws-credentials-missing",
        "no AWS credentials were found",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (a registry may name credentials:)",
    ),
    _failure(
        "PartialCredentialsError",
        BackendMisconfigured,
        "aws-credentials-incomplete",
        "the AWS credentials are incomplete",
        "an access key needs its secret key: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    _failure(
        "ProfileNotFound",
        BackendMisconfigured,
        "aws-profile-not-found",
        "the AWS profile does not exist in the config files",
        "check profile: and AWS_PROFILE, or unset it",
    ),
    _failure(
        "NoRegionError",
        BackendMisconfigured,
        "aws-region-missing",
        "no AWS region is given",
        "write region: REGION, or set AWS_REGION",
    ),
    _failure(
        "SSOError",
        SecretDenied,
        "aws-sso-not-logged-in",
        "the AWS SSO session is missing or over",
        "log in again with aws sso login, or use other credentials",
    ),
    _failure(
        "CredentialRetrievalError MetadataRetrievalError RefreshWithMFAUnsupportedError",
        BackendUnavailable,
        "aws-credentials-not-retrieved",
        "the source of the AWS credentials failed",
        "check the credential process, container or web identity settings",
    ),
    _failure(
        "CertificateRefused",
        BackendUnavailable,
        "tls-not-trusted",
        "the server's certificate is not trusted",
        "if a proxy or private CA is in use, name its CA file in SSL_CERT_FILE",
    ),
    _failure(
        "SSLError",
        BackendUnavailable,
        "tls-failed",
        "no TLS connection could be made",
        "check that the endpoint speaks https, and what a proxy in between does to it",
    ),
    _failure(
        "ProxyConnectionError",
        BackendUnavailable,
        "proxy-unavailable",
        "the proxy could not be used",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    _failure(
        "ConnectTimeoutError ReadTimeoutError",
        BackendUnavailable,
        "aws-timeout",
        "AWS did not answer in time",
        "check the network; then try again",
    ),
    _failure(
        "HostNotResolved",
        BackendUnavailable,
        "host-not-resolved",
        "the host name of AWS's endpoint can not be resolved",
        "check region and endpoint, the name server of this machine, and whether a proxy is needed",
    ),
    _failure(
        "ConnectionRefused",
        BackendUnavailable,
        "connection-refused",
        "AWS's endpoint refused the connection",
        "check the endpoint, that its server runs, and its port",
    ),
    _failure(
        "EndpointConnectionError ConnectionClosedError ConnectionError HTTPClientError",
        BackendUnavailable,
        "aws-unreachable",
        "AWS could not be reached",
        "check region, endpoint, network and proxy",
    ),
    _failure(
        "ResponseParserError",
        BadAnswer,
        "aws-answer-garbled",
        "the answer is not one of AWS's",
        "check the endpoint, and whether a proxy answers in its place",
    ),
    _failure(
        "FileNotFoundError PermissionError",
        BackendMisconfigured,
        "aws-file-not-readable",
        "a file that the AWS settings name can not be read",
        "check AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CA_BUNDLE and the like",
    ),
    _failure(
        "ParamValidationError InvalidRegionError DataNotFoundError "
        "EndpointProviderError ValueError",
        BackendMisconfigured,
        "aws-settings-invalid",
        "the AWS settings have a form that can not be used",
        "check region, endpoint, role, external id, session name and the AWS config files",
    ),
)


def failure_of(error: Exception) -> Failure | None:
    """Return what ``error`` means, ``None`` if no row knows it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return next((row for row in _FAILURES if names & row.names), None)
