"""SDKs are silent, and without us they would not be."""

import os
import subprocess
import sys

from backends.testing import CANARY
from tests.parts import aws_json
from tests.parts.aws_json import StandIn

pytest_plugins = ["tests.parts.aws_fixtures"]

_PROGRAM = """
import logging, os, sys, anyio
from backends.sdk_logging import silence_sdk_loggers
from backends.testing import make_context
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.getLogger("asyncio").setLevel(logging.WARNING)
if sys.argv[1] == "silenced":
    silence_sdk_loggers()
async def main():
    aws = make_context(dict(os.environ)).aws
    async with aws.client("secretsmanager", what="x", region="eu-west-1") as client:
        await client.get_secret_value(SecretId="x")
anyio.run(main)
"""


def _stderr_of(mode: str) -> str:
    command = [sys.executable, "-c", _PROGRAM, mode]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return result.stderr


def test_nothing_is_printed_at_the_most_talkative_level(
    stand_in_environment: dict[str, str], aws_stand_in: StandIn
) -> None:
    aws_stand_in.script = [aws_json.SERVER_ERROR]
    assert _stderr_of("silenced") == ""


def test_an_sdk_left_alone_prints_the_secret(stand_in_environment: dict[str, str]) -> None:
    assert CANARY in _stderr_of("as they are")
