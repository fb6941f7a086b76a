"""Which machine this is."""

from pathlib import Path

from backends.host import host_identity
from backends.inputs import RecordedInputs


def test_two_machines_are_two_and_a_restart_is_another(tmp_path: Path) -> None:
    boot_id = tmp_path / "boot_id"
    inputs = RecordedInputs()
    found = []
    for text in ("one\n", "one\n", "two\n"):
        boot_id.write_text(text)
        found.append(host_identity(inputs, "agent", boot_id))
    assert found[0] == found[1] != found[2]
    assert inputs.opaque_sources == {"agent"}
    assert boot_id in inputs.files


def test_where_the_kernel_tells_nothing_the_name_counts(tmp_path: Path) -> None:
    name, value = host_identity(RecordedInputs(), "agent", tmp_path / "absent")
    assert (name, bool(value)) == ("host", True)
