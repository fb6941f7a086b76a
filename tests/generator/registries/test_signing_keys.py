"""Where the keys come from that requests are signed with."""

import pytest

from backends.base import Secret, SecretRef
from backends.errors import SecretNotFound
from backends.inputs import RecordedInputs
from backends.testing import CANARY, make_context
from generator.errors import Misconfigured
from generator.model import Credentials, GrantRequest, RegistryEntry
from generator.registries.signing.keys import KeyForm, SigningKey

FORM = KeyForm("desk", ("id", "DESK_ID", "desk_id"), ("key", "DESK_KEY"), ("token", "DESK_TOKEN"))
REF = SecretRef("env", "X")
VARIABLES = {"DESK_ID": "me", "DESK_KEY": CANARY}


def entry(*fields: str, document: bool = False) -> RegistryEntry:
    named = dict.fromkeys(fields, REF)
    credentials = Credentials(REF if document else None, named)
    return RegistryEntry("d", "desk", "desk.example", None, credentials=credentials)


def test_no_field_is_required_and_each_knows_the_vendors_variable() -> None:
    assert [(spec.name, spec.aliases, spec.required) for spec in FORM.fields] == [
        ("id", ("DESK_ID", "desk_id"), False),
        ("key", ("DESK_KEY",), False),
        ("token", ("DESK_TOKEN",), False),
    ]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [((), []), (("id", "key"), []), (("id",), ["key"]), (("token",), ["id", "key"])],
)
def test_id_and_secret_belong_together(fields: tuple[str, ...], missing: list[str]) -> None:
    assert [problem.path[-1] for problem in FORM.problems(entry(*fields))] == missing
    assert list(FORM.problems(entry(document=True))) == []


def test_the_entrys_own_key_counts_before_the_variables() -> None:
    context = make_context(VARIABLES)
    own = {"id": Secret("you"), "key": Secret("k"), "token": Secret("t")}
    request = GrantRequest(entry("id", "key", "token"), own)
    assert FORM.key(request, context) == SigningKey("you", Secret("k"), Secret("t"))
    assert list(FORM.identity(request.entry, context)) == []


def test_the_variables_count_by_value_and_are_recorded() -> None:
    inputs = RecordedInputs()
    context = make_context(VARIABLES, inputs=inputs)
    identity = FORM.identity(entry(), context)
    assert list(identity) == [("ambient key", "me"), ("ambient secret", Secret(CANARY))]
    assert FORM.key(GrantRequest(entry(), {}), context) == SigningKey("me", Secret(CANARY))
    assert {"DESK_ID", "DESK_KEY", "DESK_TOKEN"} <= set(inputs.variables)
    assert CANARY not in f"{identity}"
    temporary = make_context({**VARIABLES, "DESK_TOKEN": "t"})
    assert list(FORM.identity(entry(), temporary))[2:] == [("ambient token", Secret("t"))]


@pytest.mark.parametrize(
    ("variables", "missing"),
    [({}, "DESK_ID"), ({"DESK_ID": "me", "DESK_KEY": " "}, "DESK_KEY")],
)
def test_without_any_key_it_is_said_what_to_set(variables: dict[str, str], missing: str) -> None:
    context = make_context(variables)
    for ask in (FORM.identity, lambda e, c: FORM.key(GrantRequest(e, {}), c)):
        with pytest.raises(SecretNotFound) as caught:
            ask(entry(), context)
        assert caught.value.reference == "desk-key-missing"
        assert f"{missing} is not set" in caught.value.message


def test_half_a_key_in_a_document_is_told() -> None:
    request = GrantRequest(entry(document=True), {"token": Secret("t")})
    with pytest.raises(Misconfigured) as caught:
        FORM.key(request, make_context(VARIABLES))
    assert caught.value.reference == "desk-key-incomplete"
    assert "no field id and no field key" in caught.value.message
    nothing = GrantRequest(entry(document=True), {})
    with pytest.raises(Misconfigured):
        FORM.key(nothing, make_context(VARIABLES))


@pytest.mark.parametrize("wrong", [" ", "a b", "k\u00e9y", "a\nb", "\udc80"])
@pytest.mark.parametrize("field", ["id", "key", "token"])
def test_what_can_be_no_key_is_told_unseen(field: str, wrong: str) -> None:
    own = {"id": Secret("you"), "key": Secret("k"), "token": Secret("t"), field: Secret(wrong)}
    with pytest.raises(Misconfigured) as caught:
        FORM.key(GrantRequest(entry("id", "key", "token"), own), make_context({}))
    assert caught.value.reference == "desk-key-unusable"
    assert wrong == " " or wrong not in caught.value.message


def test_an_id_that_could_not_be_a_part_of_a_user_name_is_none() -> None:
    request = GrantRequest(entry("id", "key"), {"id": Secret("me:x"), "key": Secret(CANARY)})
    with pytest.raises(Misconfigured, match="a colon in its id") as caught:
        FORM.key(request, make_context({}))
    assert caught.value.reference == "desk-key-unusable"
