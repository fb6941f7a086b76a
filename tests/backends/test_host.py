"""Which machine and pod this is."""

from pathlib import Path

import jwt

from backends.host import host_identity
from backends.inputs import RecordedInputs


def _token(subject: str, number: int) -> str:
    claims = {"iss": "https://cluster", "sub": subject, "jti": str(number)}
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


def test_two_machines_are_two_and_a_restart_is_another(tmp_path: Path) -> None:
    boot_id = tmp_path / "boot_id"
    inputs = RecordedInputs()
    found = []
    for text in ("one\n", "one\n", "two\n"):
        boot_id.write_text(text)
        found.append(
            host_identity(inputs, "agent", boot_id=boot_id, service_account=tmp_path / "absent")
        )
    assert found[0] == found[1] != found[2]
    assert inputs.opaque_sources == {"agent"}
    assert boot_id in inputs.files


def test_pods_of_one_machine_count_by_their_service_accounts(tmp_path: Path) -> None:
    token = tmp_path / "token"
    found = []
    for subject, number in (("ns:a", 1), ("ns:a", 2), ("ns:b", 3)):
        token.write_text(_token(subject, number))
        found.append(host_identity(RecordedInputs(), "metadata", service_account=token))
    assert found[0] == found[1] != found[2]


def test_where_the_kernel_tells_nothing_the_name_counts(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    ((name, value),) = host_identity(
        RecordedInputs(), "agent", boot_id=absent, service_account=absent
    )
    assert (name, bool(value)) == ("host", True)
