"""Whom the credential chain stands for, told from local things only."""

import base64
import json
import os
from pathlib import Path
from pwd import getpwuid

import pytest

from backends.aws_identity import ambient_identity
from backends.inputs import RecordedInputs
from backends.secret import Secret
from backends.testing import CANARY

_KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": CANARY}


def _identity(environment: dict[str, str], profile: str | None = None) -> list[object]:
    parts = ambient_identity({"HOME": "/nowhere", **environment}, RecordedInputs(), profile)
    assert CANARY not in repr(parts)
    return [(n, v.reveal() if isinstance(v, Secret) else v) for n, v in parts]


def _jwt(subject: str, number: int) -> str:
    claims = {"iss": "https://ci", "aud": "sts.amazonaws.com", "sub": subject, "jti": number}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.{number}"


def test_other_keys_are_another_identity() -> None:
    other_secret = _KEYS | {"AWS_SECRET_ACCESS_KEY": "other"}
    other_token = _KEYS | {"AWS_SESSION_TOKEN": "token"}
    assert len({repr(_identity(e)) for e in (_KEYS, other_secret, other_token)}) == 3


def test_keys_win_so_that_a_profile_variable_does_not_count() -> None:
    assert _identity(_KEYS) == _identity(_KEYS | {"AWS_PROFILE": "ci"})


def test_a_named_profile_wins_over_keys(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[ci]\naws_access_key_id = one\n")
    file = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    first = _identity(_KEYS | file, "ci")
    assert first != _identity(_KEYS | file, "other")
    assert first == _identity({**file, "AWS_ACCESS_KEY_ID": "x"} | _KEYS, "ci")
    (tmp_path / "credentials").write_text("[ci]\naws_access_key_id = two\n")
    assert first != _identity(_KEYS | file, "ci")


def test_the_config_file_counts_for_it_may_move_the_endpoint(tmp_path: Path) -> None:
    file = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    before = _identity(_KEYS | file)
    (tmp_path / "config").write_text("[default]\nendpoint_url = https://other\n")
    assert before != _identity(_KEYS | file)


def test_a_profile_variable_counts_beside_keys_where_a_config_file_gives_it_a_region(
    tmp_path: Path,
) -> None:
    (tmp_path / "config").write_text("[profile a]\nregion = x\n[profile b]\nregion = y\n")
    file = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    one, other = (_identity(_KEYS | file | {"AWS_PROFILE": name}) for name in "ab")
    assert one != other


def test_jobs_with_metadata_services_of_their_own_are_told_apart() -> None:
    name = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    one, other = (_identity({name: f"http://127.0.0.1:{port}"}) for port in (9911, 9912))
    assert one != other != _identity({})


@pytest.mark.parametrize("variable", ["AWS_CREDENTIAL_FILE", "BOTO_CONFIG"])
def test_a_file_of_older_tools_counts_by_its_content(tmp_path: Path, variable: str) -> None:
    identities = []
    for name in ("one", "other"):
        (tmp_path / name).write_text(name)
        identities.append(_identity({variable: str(tmp_path / name)}))
    assert identities[0] != identities[1]
    (tmp_path / "other").write_text("one")
    assert identities[0] == _identity({variable: str(tmp_path / "other")})


def test_the_old_file_in_the_home_folder_counts_unless_another_is_named(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    none = _identity(home)
    (tmp_path / ".boto").write_text("[Credentials]\n")
    assert none != _identity(home)
    assert none == _identity(home | {"BOTO_CONFIG": ""})


def test_jobs_of_one_project_are_one_identity_and_of_two_are_two(tmp_path: Path) -> None:
    token = tmp_path / "jwt"
    environment = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:role"}
    identities = []
    for subject, number in (("project:a", 1), ("project:a", 2), ("project:b", 3)):
        token.write_text(_jwt(subject, number))
        identities.append(_identity(environment))
    assert identities[0] == identities[1] != identities[2]


def test_a_token_file_that_a_profile_names_counts_by_whom_it_stands_for(tmp_path: Path) -> None:
    token, config = tmp_path / "jwt", tmp_path / "config"
    config.write_text(f"[profile ci]\nrole_arn = arn\nweb_identity_token_file = {token}\n")
    identities = []
    for subject, number in (("pod:a", 1), ("pod:a", 2), ("pod:b", 3)):
        token.write_text(_jwt(subject, number))
        identities.append(_identity({"AWS_CONFIG_FILE": str(config)}, "ci"))
    assert identities[0] == identities[1] != identities[2]


def test_keys_count_where_a_profile_is_a_role_that_they_take_over(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile ci]\nrole_arn = arn\ncredential_source = Environment\n")
    file = {"AWS_CONFIG_FILE": str(config)}
    other = _KEYS | {"AWS_SECRET_ACCESS_KEY": "other"}
    assert _identity(_KEYS | file, "ci") != _identity(other | file, "ci")


def test_pods_of_one_machine_are_told_apart_by_their_tokens(tmp_path: Path) -> None:
    token = tmp_path / "eks-pod-identity-token"
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
    }
    identities = []
    for subject, number in (("pod:a", 1), ("pod:a", 2), ("pod:b", 3)):
        token.write_text(_jwt(subject, number))
        identities.append(_identity(environment))
    assert identities[0] == identities[1] != identities[2]
    by_value = [_identity({"AWS_CONTAINER_AUTHORIZATION_TOKEN": t}) for t in ("one", "two")]
    assert by_value[0] != by_value[1]


def test_a_hosts_own_role_is_recorded_as_opaque() -> None:
    inputs = RecordedInputs()
    ((name, boot_id),) = ambient_identity({"HOME": "/nowhere"}, inputs)
    assert (name, boot_id) == ("host", Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    assert inputs.opaque_sources == {"aws-credential-chain"}
    assert Path("/nowhere/.aws/config") in inputs.files


@pytest.mark.parametrize(
    ("environment", "home"),
    [
        ({}, Path(getpwuid(os.getuid()).pw_dir)),
        ({"HOME": ""}, Path("/")),
        ({"HOME": "/home/"}, Path("/home")),
    ],
)
def test_the_files_are_looked_for_where_the_sdk_looks_for_them(
    environment: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "environ", environment)
    inputs = RecordedInputs()
    ambient_identity(environment, inputs)
    for name in (".aws/config", ".aws/credentials"):
        by_the_sdk = os.path.expanduser(f"~/{name}")  # noqa: PTH111 - as botocore does it
        assert by_the_sdk == str(home / name)
        assert home / name in inputs.files


def test_keys_in_variables_are_not_opaque() -> None:
    inputs = RecordedInputs()
    ambient_identity({"HOME": "/nowhere", **_KEYS}, inputs)
    assert inputs.opaque_sources == set()
    assert inputs.prefixes == {"AWS_"}
