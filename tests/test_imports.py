"""What merely importing the project costs; the SDKs are paid for by who uses them."""

import subprocess
import sys

import pytest

SDKS = {
    "aioboto3",
    "aiobotocore",
    "aiohttp",
    "azure",
    "boto3",
    "botocore",
    "cryptography",
    "httpx2",
    "hvac",
    "jwt",
    "msal",
    "requests",
    "stamina",
}


def imported_by(statement: str) -> set[str]:
    """Return the top-level modules that are there after ``statement`` in a process of its own."""
    script = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "generator.app",
        "generator.registries.acr.provider",
        "generator.commands.generate",
        "generator.commands.explain",
        "generator.commands.cache",
        "generator.registries.aws.ecr",
        "generator.registries.static.provider",
    ],
)
def test_importing_loads_no_sdk(module: str) -> None:
    assert imported_by(f"import {module}") & SDKS == set()


def test_a_command_is_imported_when_it_is_asked_for() -> None:
    script = "import generator.app, sys; print(*(m for m in sys.modules if 'commands' in m))"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []


def test_the_backends_contract_needs_the_standard_library_only() -> None:
    modules = imported_by("import backends.base, backends.errors, backends.document")
    assert modules - {"backends"} - imported_by("pass") <= set(sys.stdlib_module_names)
