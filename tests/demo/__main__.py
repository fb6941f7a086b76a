"""The main job end to end, on real parts: ``make demo``.

Starts a stand-in for ECR and two private registries on loopback, runs the installed command twice,
and pushes and pulls an image with what it wrote. Everything is stopped at the end.
"""

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.demo.stage import expect, generate, masked, provide_programs, say, step
from tests.parts.ecr import CANARY, EcrStandIn
from tests.parts.image import make_oci_layout
from tests.parts.registry import registry
from tests.parts.skopeo import Skopeo

ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
CONFIG = """\
cache: {{dir: cache}}
registries:
  prod:
    server: {ecr}
  team:
    server: {team}
    username: ci-bot
    credentials: {{password: env:TEAM_PASSWORD}}
  partner:
    server: {partner}
    credentials: file:partner.json
"""


def main() -> None:
    """Tell the story."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    provide_programs()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dockercfg-demo-")))
        step("starting the parts: ECR (a stand-in), two private registries (docker-registry)")
        ecr = stack.enter_context(EcrStandIn())
        team = stack.enter_context(registry(folder / "team", "ci-bot", f"{CANARY}:team"))
        partner = stack.enter_context(registry(folder / "partner", "robot$ci", f"{CANARY}-partner"))
        say(f"  ECR API {ecr.url}, registries {team} and {partner}")
        _prove(folder, ecr, team, partner)
    say("\nEverything is stopped again. The demo kept all its promises.")


def _prove(folder: Path, ecr: EcrStandIn, team: str, partner: str) -> None:
    target = folder / "dockercfg"
    config = folder / "registries.yaml"
    config.write_text(CONFIG.format(ecr=ECR_HOST, team=team, partner=partner))
    secret = folder / "partner.json"
    secret.write_text(f'{{"username": "robot$ci", "password": "{CANARY}-partner"}}\n')
    secret.chmod(0o600)
    environment = {
        **ecr.environment,
        "DOCKERCFG_CONFIG": str(config),
        "TEAM_PASSWORD": f"{CANARY}:team",
    }

    step("one config for three registries")
    say("".join(f"  {line}\n" for line in config.read_text().splitlines()).rstrip())

    step("the first run fetches, the second takes the token from the cache")
    first = generate(target, environment)
    second = generate(target, environment)
    expect("fetched" in first and "cached" in second, "fetched first, then cached")
    expect(ecr.token_calls == 1, "ECR was asked once in two runs")
    expect(CANARY not in first + second, "the log holds no secret")

    step("the file, secrets masked")
    say("".join(f"  {line}\n" for line in masked(target).splitlines()).rstrip())
    expect(target.stat().st_mode & 0o777 == 0o600, "its mode is 0600")

    step("a real client pushes and pulls with it")
    _push_and_pull(folder, target, team, partner)

    step("a wrong password is refused")
    wrong = folder / "wrong"
    generate(wrong, {**environment, "TEAM_PASSWORD": "not-the-password"})
    refused = Skopeo(wrong, folder).inspect(f"docker://{team}/demo/hello:1")
    expect(refused.returncode != 0 and "auth" in refused.stderr, "the registry refuses it")


def _push_and_pull(folder: Path, dockercfg: Path, *registries: str) -> None:
    client = Skopeo(dockercfg, folder)
    layout = make_oci_layout(folder / "image")
    for number, host in enumerate(registries):
        image = f"docker://{host}/demo/hello:1"
        pushed = client.push(layout, image)
        expect(pushed.returncode == 0, f"pushed to {host}")
        pulled = client.pull(image, folder / f"pulled-{number}")
        expect(pulled.returncode == 0, f"pulled from {host}")
    expect(client.login_of(ECR_HOST) == "AWS", f"the client finds the login for {ECR_HOST}")


if __name__ == "__main__":
    main()
