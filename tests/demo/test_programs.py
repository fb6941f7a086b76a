"""``make demo`` on a machine without the programs that it runs."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.parts.process import require

ROOT = Path(__file__).parents[2]


def test_missing_programs_are_told_before_anything_is_installed(tmp_path: Path) -> None:
    require("make", "make")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "sh"):
        (programs / name).symlink_to(shutil.which(name) or "")
    ran = subprocess.run(
        ["make", "demo", f"VENV={tmp_path}/venv", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode != 0
    assert "apt-get install skopeo docker-registry" in ran.stderr
    assert not (tmp_path / "venv").exists()
