"""azure-identity is silent, and without us it would not be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backends.testing import CANARY
from tests.parts.azure import CLIENT, TENANT, azure, entra_error

_PROGRAM = f"""
import logging, os, sys, anyio
from backends.azure.login import SecretLogin
from backends.azure.token import entra_token
from backends.errors import SecretDenied
from backends.sdk_logging import silence_sdk_loggers
from backends.secret import Secret
from backends.testing import make_context
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.getLogger("asyncio").setLevel(logging.WARNING)
if sys.argv[2] == "silenced":
    silence_sdk_loggers()
async def main():
    login = SecretLogin("{TENANT}", "{CLIENT}", Secret("wrong"))
    try:
        await entra_token(login, sys.argv[1], "https://a/.default", make_context(dict(os.environ)))
    except SecretDenied:
        print("denied")
anyio.run(main)
"""


@pytest.mark.parametrize("mode", ["silenced", "as it is"])
def test_it_prints_nothing_at_the_most_talkative_level(mode: str, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        cloud.plans["token"].append(entra_error(7000215))
        ran = subprocess.run(
            [sys.executable, "-c", _PROGRAM, cloud.url, mode],
            env={**os.environ, **cloud.environment()},
            capture_output=True,
            text=True,
            check=True,
        )
    assert ran.stdout == "denied\n"
    if mode == "silenced":
        assert ran.stderr == ""
    else:
        assert CANARY in ran.stderr
