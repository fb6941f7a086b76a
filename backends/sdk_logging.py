"""Keeping SDKs from logging: they print secrets at DEBUG and tracebacks at WARNING."""

import logging

_LOGGERS = (
    "aioboto3",
    "aiobotocore",
    "aiohttp",
    "azure",
    "boto3",
    "botocore",
    "google",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "hvac",
    "msal",
    "requests",
    "requests_oauthlib",
    "s3transfer",
    "stamina",
    "urllib3",
)


def silence_sdk_loggers() -> None:
    """Let no logger of an SDK print anything, whatever the level of the root logger.

    At DEBUG botocore prints whole answers with the secrets in them, at WARNING tracebacks of
    failures that reach the user in our own words.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
        if not logger.handlers:
            # without one, logging falls back to printing on stderr
            logger.addHandler(logging.NullHandler())
