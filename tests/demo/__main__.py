"""The main job end to end, on real parts: ``make demo``.

Starts OpenBao, Secrets Manager (moto), a stand-in for ECR and two private registries on loopback,
runs the installed command twice, and pushes and pulls an image with what it wrote. Everything is
stopped at the end.
"""

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.demo.programs import provide_programs
from tests.demo.scene import CANARY, ECR_HOST, Scene, set_up
from tests.demo.stage import expect, generate, masked, say, step
from tests.parts.image import make_oci_layout
from tests.parts.skopeo import Skopeo


def main() -> None:
    """Tell the story."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    provide_programs()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dockercfg-demo-")))
        step("starting the parts")
        scene = set_up(stack, folder)
        say(f"  OpenBao {scene.bao.url} with AWS keys under KV v2, for one approle")
        say(f"  Secrets Manager {scene.moto.url} (moto) with a registry's password")
        say(f"  ECR API {scene.ecr.url} (a stand-in with real expiries)")
        say(f"  registries {scene.team} and {scene.partner} (docker-registry, htpasswd)")
        _prove(scene)
    say("\nEverything is stopped again. The demo kept all its promises.")


def _prove(scene: Scene) -> None:
    target = scene.folder / "dockercfg"
    step("one config for three registries, secrets from three stores")
    say("".join(f"  {line}\n" for line in scene.config.read_text().splitlines()).rstrip())

    step("the first run fetches, the second takes the token from the cache")
    first = generate(target, scene.environment)
    second = generate(target, scene.environment)
    expect("fetched" in first and "cached" in second, "fetched first, then cached")
    expect(scene.ecr.token_calls == 1, "ECR was asked once in two runs")
    expect(CANARY not in first + second, "the log holds no secret")

    step("the file, secrets masked")
    say("".join(f"  {line}\n" for line in masked(target).splitlines()).rstrip())
    expect(target.stat().st_mode & 0o777 == 0o600, "its mode is 0600")

    step("a real client pushes and pulls with it")
    _push_and_pull(scene.folder, target, scene.team, scene.partner)

    step("a wrong password is refused")
    say("  static passwords are handed on as they are: the generator tries none, the registry does")
    wrong = scene.folder / "wrong"
    generate(wrong, {**scene.environment, "TEAM_PASSWORD": "not-the-password"})
    refused = Skopeo(wrong, scene.folder).inspect(f"docker://{scene.team}/demo/hello:1")
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
