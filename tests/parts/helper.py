"""Credential helpers as programs: each a real file that is executed."""

import json
from pathlib import Path


def helper(folder: Path, script: str, name: str = "docker-credential-own") -> Path:
    """Write a shell script as a program into ``folder``; its first argument is what is asked."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def telling(username: str, secret: str, server_url: str | None = None) -> str:
    """Return the script of a helper that answers so, having read the server."""
    answer: dict[str, str] = {"Username": username, "Secret": secret}
    if server_url is not None:
        answer["ServerURL"] = server_url
    return f"cat >/dev/null\ncat <<'END'\n{json.dumps(answer)}\nEND"
