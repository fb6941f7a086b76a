import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import SecretRef
from backends.reference import ReferenceProblem, parse_reference, unknown_options

NAMES = ("env", "file", "vault", "aws-sm", "aws-ssm", "team")
CANARY = "hunter2-CANARY"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:team/reg-AbCdEf"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("env:TOKEN", SecretRef("env", "TOKEN")),
        ("env:KEY_JSON#client_email", SecretRef("env", "KEY_JSON", (), "client_email")),
        ("file:/run/secrets/reg", SecretRef("file", "/run/secrets/reg")),
        ("file:///run/secrets/reg", SecretRef("file", "/run/secrets/reg")),
        ("file:rel/x.json#/auths/0", SecretRef("file", "rel/x.json", (), "/auths/0")),
        ("vault:secret/ci#a.b", SecretRef("vault", "secret/ci", (), "a.b")),
        ("vault://secret/ci#p", SecretRef("vault", "secret/ci", (), "p")),
        ("ref+vault://secret/ci#/p", SecretRef("vault", "secret/ci", (), "/p")),
        (
            "vault:secret/ci?version=3&ns=a#p",
            SecretRef("vault", "secret/ci", (("ns", "a"), ("version", "3")), "p"),
        ),
        ("vault:aws/sts/ci?arg.ttl=15m", SecretRef("vault", "aws/sts/ci", (("arg.ttl", "15m"),))),
        ("vault:s/a%23b%3Fc%25d+e", SecretRef("vault", "s/a#b?c%d+e")),
        ("team:x#p@ss", SecretRef("team", "x", (), "p@ss")),
        (f"aws-sm:{ARN}", SecretRef("aws-sm", ARN)),
        (f"aws-sm:{ARN}#password", SecretRef("aws-sm", ARN, (), "password")),
        (ARN, SecretRef("aws-sm", ARN)),
        (f"{ARN}:password::", SecretRef("aws-sm", ARN, (), "password")),
        (
            f"aws-sm:{ARN}:password:AWSPREVIOUS:",
            SecretRef("aws-sm", ARN, (("stage", "AWSPREVIOUS"),), "password"),
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/team/pw",
            SecretRef("aws-ssm", "arn:aws:ssm:eu-west-1:111122223333:parameter/team/pw"),
        ),
    ],
)
def test_a_reference_is_read_as_it_is_written(text: str, ref: SecretRef) -> None:
    assert parse_reference(text, NAMES) == ref


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CANARY, "a literal secret can not be written here"),
        (f"op://{CANARY}/i/f", "not a secret reference"),
        (f"VAULT:secret/{CANARY}", "did you mean 'vault:'?"),
        (f" env:{CANARY}", "not a secret reference"),
        ("", "not a secret reference"),
        ("env:", "nothing stands after 'env:'"),
        ("vault:secret/we#ird#x", "a second '#'"),
        ("vault:secret/x#", "must be followed by a field"),
        ("vault:secret/100%#p", "%25"),
        ("vault:secret/%ff", "not UTF-8"),
        ("vault:secret/%00", "control characters"),
        ("vault:secret/x?version", "needs a value"),
        ("vault:secret/x?=3", "no name"),
        ("vault:secret/x?version=3&version=4", "twice"),
        ("file://run/x", "host part"),
        (f"{ARN}:password", "keep the trailing colons"),
        ("arn:aws:s3:::bucket", "only Secrets Manager"),
    ],
)
def test_what_is_no_reference_is_told_in_words_and_never_echoed(text: str, said: str) -> None:
    with pytest.raises(ReferenceProblem) as caught:
        parse_reference(text, NAMES)
    assert said in str(caught.value)
    assert CANARY not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_a_problem(text: str) -> None:
    for prefix in ("", "env:", "vault:", "aws-sm:", "arn:aws:secretsmanager:"):
        try:
            ref = parse_reference(prefix + text, NAMES)
        except ReferenceProblem:
            continue
        assert ref.path
        assert ref.backend in NAMES


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_every_path_can_be_written_with_escapes(path: str) -> None:
    escaped = "".join(f"%{byte:02X}" for byte in path.encode())
    assert parse_reference(f"team:{escaped}", NAMES).path == path


def test_references_to_one_document_differ_in_the_selector_only() -> None:
    first, second = (parse_reference(f"vault:s/x?version=1#{f}", NAMES) for f in "ab")
    assert first != second
    assert first.document == second.document


def test_an_unknown_option_names_the_one_that_was_meant() -> None:
    ref = parse_reference("vault:secret/x?versoin=3", NAMES)
    assert unknown_options(ref, ["version", "mount"]) == [
        "vault: unknown option 'versoin' (allowed: mount, version), did you mean 'version'?"
    ]
    assert unknown_options(ref, []) == ["vault: unknown option 'versoin' (it takes none)"]
