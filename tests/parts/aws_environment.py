"""The environment that AWS code under test sees: the SDK reads ``os.environ`` itself."""

import os
from collections.abc import Mapping

import pytest

_PREFIXES = ("AWS_", "SSL_CERT_", "VAULT_", "BAO_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE12",
    "AWS_SECRET_ACCESS_KEY": "hunter2-CANARY-key",
    "AWS_REGION": "eu-west-1",
}


def use_environment(
    monkeypatch: pytest.MonkeyPatch, home: object, environment: Mapping[str, str]
) -> dict[str, str]:
    """Make ``os.environ`` hold these of the variables that matter; return them for a context.

    Nothing of the developer's leaks in: no profile, no proxy, no instance metadata.
    """
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    variables = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **environment}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables
