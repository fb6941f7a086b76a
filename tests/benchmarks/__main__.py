"""What a run costs, as ratios to an empty Python of the same venv: ``make bench``.

``python -m tests.benchmarks [ROUNDS]``; with fewer than 15 rounds the table is printed, and written
nowhere. The command is installed into a venv of its own, as a user has it: beside the tools of
development some packages load more than they need.
"""

import random
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import trustme

from tests.benchmarks import peers
from tests.benchmarks.case import Case
from tests.benchmarks.ours import ROWS, make_case
from tests.benchmarks.report import PYTHON, machine, quote, report
from tests.parts.ecr import EcrStandIn

ROUNDS = 15
ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-bench"
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(rounds: int) -> None:
    """Time everything that is there, and name what is missing."""
    _install()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cases = _cases(folder, stack)
        for number in range(rounds + 1):
            print(f"round {number} of {rounds}", file=sys.stderr)
            for case in random.sample(cases, len(cases)):
                case.run()
        for case in cases:
            case.measure_memory()
    absent = peers.missing()
    notes = machine() | {"venv": "of its own, `pip install .` and nothing else"}
    if absent:
        notes["missing, see `make bench-peers`"] = ", ".join(absent)
    page = report(cases, notes, rounds)
    print(page)
    if rounds >= ROUNDS:
        RESULTS.write_text(page)
        quote(ROOT / "README.md", cases)


def _cases(folder: Path, stack: ExitStack) -> Sequence[Case]:
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    # as a company's bundle is: its own CA beside all others, which take their time to load
    roots = ssl.get_default_verify_paths().cafile
    ca_file.write_bytes(authority.cert_pem.bytes() + (Path(roots).read_bytes() if roots else b""))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    plain, secure = (stack.enter_context(EcrStandIn(tls=context)) for context in (None, tls))
    command = str(VENV / "bin" / "dockercfg-generator")
    python = VENV / "bin" / "python"
    cases = [Case(PYTHON, [str(python), "-I", "-c", "pass"])]
    cases += [
        make_case(row, command, folder, secure if row.tls else plain, ca_file) for row in ROWS
    ]
    cases.append(peers.plain_sdk_case(folder, python, secure, ca_file))
    absent = set(peers.missing())
    if "amazon-ecr-credential-helper" not in absent:
        cases.append(peers.helper_case(folder))
    if not absent & {"awscli", "docker-registry", "skopeo"}:
        cases.append(stack.enter_context(peers.codeship_case(folder, plain)))
    return cases


def _install() -> None:
    """Install what is in the working tree, as it is now."""
    pip = VENV / "bin" / "pip"
    quietly = ["--quiet", "--disable-pip-version-check"]
    if not pip.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([pip, "install", *quietly, "."], cwd=ROOT, check=True)
    arguments = ["install", *quietly, "--no-deps", "--force-reinstall", "."]
    subprocess.run([pip, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
