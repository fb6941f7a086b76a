"""What the demo stands on: a narrator, expectations."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

COMMAND = Path(sys.executable).with_name("dockercfg-generator")


def say(text: str) -> None:
    """Print a line of the story."""
    print(text, flush=True)


def step(title: str) -> None:
    """Begin a chapter."""
    say(f"\n--- {title}")


def fail(text: str) -> NoReturn:
    """End the demo: something was not as promised."""
    sys.exit(f"demo failed: {text}")


def expect(truth: object, promise: str) -> None:
    """Say that a promise was kept, or end the demo."""
    if not truth:
        fail(promise)
    say(f"  ok: {promise}")


def generate(target: Path, environment: dict[str, str]) -> str:
    """Run the installed command, show its log, and return it."""
    path = f"./{target.name}"
    say(f"$ dockercfg-generator {path}")
    run = subprocess.run(
        [str(COMMAND), path],
        cwd=target.parent,
        env={"PATH": "/usr/bin:/bin"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    for line in run.stderr.splitlines():
        say(f"  {line}")
    if run.returncode:
        fail(f"the command ended with {run.returncode}")
    return run.stderr


def masked(dockercfg: Path) -> str:
    """Return the file as JSON with each password behind stars."""
    document = json.loads(dockercfg.read_text())
    for entry in document["auths"].values():
        username = base64.b64decode(entry["auth"]).decode().partition(":")[0]
        entry["auth"] = f"base64({username}:***)"
    return json.dumps(document, indent=2)
