"""What others take for the same: ``make bench-peers`` installs them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.case import Case
from tests.benchmarks.ours import SLOW_S, hosts
from tests.benchmarks.report import CODESHIP, PLAIN_SDK
from tests.benchmarks.report import HELPER as HELPER_ROW
from tests.parts.ecr import EcrStandIn
from tests.parts.ecr_helper import HELPER, PACKAGE, helper_environment
from tests.parts.registry import registry

AWS = Path(".venv-peers/bin/aws")
_ASK_ALL = f'for host in "$0"/ask-*; do {HELPER} get < "$host" > /dev/null || exit 1; done'

_PLAIN_SDK = """
import asyncio, sys, aioboto3

async def token(session, region):
    async with session.client("ecr", region_name=region) as client:
        return await client.get_authorization_token()

async def main():
    session = aioboto3.Session()
    await asyncio.gather(*(token(session, region) for region in sys.argv[1:]))

asyncio.run(main())
"""


def missing() -> list[str]:
    """Return the packages that are not installed; ``make bench-peers`` has them."""
    there = {
        PACKAGE: shutil.which(HELPER),
        "awscli": AWS.exists(),
        "docker-registry": shutil.which("docker-registry"),
        "skopeo": _login_command(),
    }
    return [name for name, found in there.items() if not found]


def helper_case(folder: Path) -> Case:
    """Return amazon-ecr-credential-helper answering from its own cache, one after the other."""
    environment = helper_environment(folder, hosts(20), "x" * 2000)
    for index, host in enumerate(hosts(20)):
        (folder / f"ask-{index}").write_text(f"https://{host}")
    return Case(HELPER_ROW, ["sh", "-c", _ASK_ALL, str(folder)], environment)


@contextmanager
def codeship_case(folder: Path, ecr: EcrStandIn) -> Iterator[Case]:
    """Return what CodeShip's own image does: a token by the AWS CLI, then a login.

    The login goes to a registry on loopback, where the stand-in's token means nothing: the work is
    the same.
    """
    with registry(folder / "registry", "ci", "secret") as address:
        token = '"$0" ecr get-login-password --region eu-west-1 > "$1/token"'
        script = f'{token} && printf secret | {_login_command()} --password-stdin "$2"'
        yield Case(
            CODESHIP,
            ["sh", "-c", script, str(AWS.absolute()), str(folder), address],
            {**ecr.environment, "HOME": str(folder), "DOCKER_CONFIG": str(folder / "docker")},
            before=lambda: setattr(ecr, "delay_s", 0.0),
        )


def plain_sdk_case(folder: Path, python: Path, ecr: EcrStandIn, ca_file: Path) -> Case:
    """Return what a script does that follows the SDK's documentation: a client for each region."""
    script = folder / "plain_sdk.py"
    script.write_text(_PLAIN_SDK)
    regions = [host.split(".")[3] for host in hosts(20)]
    return Case(
        PLAIN_SDK,
        [str(python), "-I", str(script), *regions],
        {**ecr.environment, "HOME": str(folder), "AWS_CA_BUNDLE": str(ca_file)},
        before=lambda: setattr(ecr, "delay_s", SLOW_S),
        calls=lambda: ecr.token_calls,
        expected_calls=20,
    )


def _login_command() -> str | None:
    if shutil.which("docker"):
        return "docker login -u ci"
    if shutil.which("skopeo"):
        return 'skopeo login --tls-verify=false --authfile "$1/auth.json" -u ci'
    return None
