"""One external_account document may stand for anybody: who it is lies elsewhere."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from backends.base import SecretRef
from backends.errors import SecretNotFound
from backends.google.subject import document_here, subject_identity
from backends.inputs import RecordedInputs
from backends.secret import IdentityPart, Secret
from backends.testing import CANARY, make_context
from tests.backends.google.test_sources import SUBJECT, external
from tests.parts.google import service_account_key

Identity = list[IdentityPart]


def jwt(subject: str, number: int) -> str:
    claims = {"iss": "https://ci", "aud": "google", "sub": subject, "jti": number}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.{number}"


def identity(
    source: Any, trusted: tuple[str, ...] = (), environment: dict[str, str] | None = None
) -> Identity:
    document = Secret(json.dumps(external(source)))
    return list(subject_identity(document, trusted, make_context(environment or {})))


@pytest.mark.parametrize("extra", [{}, SUBJECT])
def test_who_has_another_token_in_the_file_is_another(
    tmp_path: Path, extra: dict[str, Any]
) -> None:
    file = tmp_path / "token"
    found = []
    for subject, number in (("pod:a", 1), ("pod:a", 2), ("pod:b", 3)):
        token = jwt(subject, number)
        file.write_text(json.dumps({"value": token}) if extra else token + "\n")
        found.append(identity({"file": str(file), **extra}, (str(file),)))
    assert found[0] == found[1] != found[2]
    file.write_text(CANARY)
    assert CANARY not in repr(identity({"file": str(file), **extra}, (str(file),)))


def test_a_file_that_nobody_allows_is_not_read(tmp_path: Path) -> None:
    assert identity({"file": str(tmp_path / "none")}) == []
    with pytest.raises(SecretNotFound):
        identity({"file": str(tmp_path / "none")}, (str(tmp_path / "none"),))


def test_whom_the_aws_chain_finds_counts() -> None:
    source = {"environment_id": "aws1", "regional_cred_verification_url": "https://sts"}
    one, other = (
        identity(source, (), {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": secret})
        for secret in (CANARY, "other")
    )
    assert one != other
    assert CANARY not in repr(one)


def test_a_service_of_the_machine_can_not_be_compared() -> None:
    inputs = RecordedInputs()
    document = Secret(json.dumps(external({"url": "http://169.254.169.254/token"})))
    ((name, _),) = subject_identity(document, (), make_context({}, inputs=inputs))
    assert name == "host"
    assert inputs.opaque_sources == {"google-credential-source"}


def test_a_key_stands_for_itself_and_what_is_none_for_nobody() -> None:
    for text in (service_account_key(), "garbage", ""):
        assert list(subject_identity(Secret(text), ("/none",), make_context({}))) == []


def test_of_a_document_in_a_store_all_files_that_it_may_name_count(tmp_path: Path) -> None:
    file = tmp_path / "token"
    trusted = ("https://ci.example", str(file))
    found = []
    for token in ("one", "other"):
        file.write_text(token)
        found.append(list(subject_identity(None, trusted, make_context({}))))
    assert found[0] != found[1]


def test_a_variables_and_a_files_text_is_here_and_a_stores_is_not(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(CANARY)
    context = make_context({"KEY": CANARY})
    for ref in (SecretRef("env", "KEY"), SecretRef("file", str(tmp_path / "key"))):
        assert document_here(ref, context) == Secret(CANARY)
    assert document_here(SecretRef("vault", "secret/key"), context) is None
    assert document_here(SecretRef("env", "KEY", selector="field"), context) is None
