"""The real programs that the demo runs: looked for before anything else is installed.

The system's Python runs it, with no virtual environment yet.
"""

import os
import shutil
import subprocess
import sys

_PACKAGES = {"skopeo": "skopeo", "docker-registry": "docker-registry"}


def provide_programs() -> None:
    """Install the programs that are missing, or say what to install."""
    missing = [package for program, package in _PACKAGES.items() if not shutil.which(program)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(
            f"the demo needs {' and '.join(missing)}; install them first, as root: "
            f"apt-get install {' '.join(missing)}"
        )
    print(f"installing {', '.join(missing)} …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    provide_programs()
