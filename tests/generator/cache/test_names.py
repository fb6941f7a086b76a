from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.base import IdentityPart, Secret, SecretRef
from generator.cache.layout import is_grant_name
from generator.cache.names import grant_name
from generator.model import GrantKey
from tests.generator.cache.samples import CANARY

KEY = bytes(range(32))


@dataclass(frozen=True)
class Case:
    """Everything that a name is made of."""

    provider: str = "ecr"
    parts: tuple[IdentityPart, ...] = (("region", "eu-west-1"), ("role_arn", "r"))
    sources: tuple[tuple[str, SecretRef, tuple[IdentityPart, ...]], ...] = (
        (
            "access_key_id",
            SecretRef("vault", "secret/ci", (("version", "2"),), "id"),
            (("address", "https://vault.example"), ("role", "ci")),
        ),
        ("secret_access_key", SecretRef("env", "KEY"), (("value", Secret(CANARY)),)),
    )
    key: bytes = KEY

    @property
    def name(self) -> str:
        return grant_name(
            key=self.key,
            provider=self.provider,
            grant_key=GrantKey(self.parts),
            references=[(field, ref) for field, ref, _ in self.sources],
            identities=[identity for _, _, identity in self.sources],
        )


CASE = Case()
FIELD, REF, IDENTITY = CASE.sources[0]


def with_source(
    *,
    field: str = FIELD,
    ref: SecretRef = REF,
    identity: tuple[IdentityPart, ...] = IDENTITY,
) -> Case:
    return replace(CASE, sources=((field, ref, identity), *CASE.sources[1:]))


DIFFERENT = {
    "volume key": replace(CASE, key=bytes(32)),
    "provider": replace(CASE, provider="acr"),
    "part value": replace(CASE, parts=(("region", "eu-west-2"), ("role_arn", "r"))),
    "part name": replace(CASE, parts=(("reg", "eu-west-1"), ("role_arn", "r"))),
    "part missing": replace(CASE, parts=(("region", "eu-west-1"),)),
    "part empty": replace(CASE, parts=(*CASE.parts, ("external_id", ""))),
    "part secret": replace(CASE, parts=(("region", Secret("eu-west-1")), ("role_arn", "r"))),
    "parts shifted": replace(CASE, parts=(("region", "eu-west-1r"), ("role_arn", ""))),
    "no references": replace(CASE, sources=()),
    "one reference": replace(CASE, sources=CASE.sources[:1]),
    "field": with_source(field="access_key"),
    "backend": with_source(ref=replace(REF, backend="bao")),
    "path": with_source(ref=replace(REF, path="secret/cd")),
    "option": with_source(ref=replace(REF, options=(("version", "3"),))),
    "no option": with_source(ref=replace(REF, options=())),
    "selector": with_source(ref=replace(REF, selector="key")),
    "no selector": with_source(ref=replace(REF, selector=None)),
    "empty selector": with_source(ref=replace(REF, selector="")),
    "identity": with_source(identity=(("address", "https://vault.example"), ("role", "cd"))),
    "identity swapped": replace(
        CASE,
        sources=(
            (FIELD, REF, CASE.sources[1][2]),
            (*CASE.sources[1][:2], IDENTITY),
        ),
    ),
    "secret": replace(
        CASE, sources=(CASE.sources[0], (*CASE.sources[1][:2], (("value", Secret("other")),)))
    ),
}


def test_any_difference_gives_another_name() -> None:
    names = {what: case.name for what, case in DIFFERENT.items()}
    names["the case itself"] = CASE.name
    assert len(set(names.values())) == len(names), names


def test_a_name_is_one_that_the_folder_knows_as_a_grant() -> None:
    assert is_grant_name(CASE.name)
    assert not is_grant_name(CASE.name + ".lock")
    assert not is_grant_name(CASE.name[:-1] + "G")
    assert not is_grant_name("key")


def test_the_format_does_not_change_by_accident() -> None:
    """Computed once by hand from the frames, not by the code under test."""
    assert CASE.name == "grant-d0ec865b70f499936e25c64520e6df09"


def test_equal_secrets_are_one_identity() -> None:
    again = (("value", Secret(CANARY)),)
    assert replace(CASE, sources=(CASE.sources[0], (*CASE.sources[1][:2], again))).name == CASE.name


def test_the_order_of_references_and_parts_does_not_matter() -> None:
    assert replace(CASE, parts=CASE.parts[::-1]).name == CASE.name
    assert replace(CASE, sources=CASE.sources[::-1]).name == CASE.name
    assert with_source(identity=IDENTITY[::-1]).name == CASE.name


def test_the_order_of_options_does_not_matter() -> None:
    options = (("stage", "x"), ("version", "2"))
    one = with_source(ref=replace(REF, options=options))
    other = with_source(ref=replace(REF, options=options[::-1]))
    assert one.name == other.name != CASE.name


def test_parts_of_one_name_keep_their_order() -> None:
    chain = (("role_arn", "a"), ("role_arn", "b"))
    assert replace(CASE, parts=chain).name != replace(CASE, parts=chain[::-1]).name


def test_a_secret_and_its_fingerprint_as_text_are_not_the_same() -> None:
    secret = replace(CASE, parts=(("value", Secret("x")),))
    assert secret.name != replace(CASE, parts=(("value", "x"),)).name


def test_each_reference_needs_an_identity() -> None:
    with pytest.raises(ValueError, match="shorter"):
        grant_name(
            key=KEY,
            provider="ecr",
            grant_key=GrantKey(()),
            references=[("password", SecretRef("env", "A"))],
            identities=[],
        )


texts = st.text(max_size=8) | st.sampled_from(["", "A", "B", "A=1", "A=1,B="])
values = texts | texts.map(Secret)
parts = st.lists(st.tuples(texts, values), max_size=4).map(tuple)
refs = st.builds(
    SecretRef,
    texts,
    texts,
    st.lists(st.tuples(texts, texts), max_size=2, unique_by=lambda option: option[0]).map(tuple),
    st.none() | texts,
)
sources = st.lists(st.tuples(texts, refs, parts), max_size=3).map(tuple)
cases = st.builds(Case, texts, parts, sources)


def meaning(case: Case) -> object:
    """Return what must decide the name, told without any encoding."""

    def of_parts(parts: tuple[IdentityPart, ...]) -> object:
        told = [
            (name, "secret" if isinstance(value, Secret) else "text", revealed(value))
            for name, value in parts
        ]
        return tuple(sorted(told, key=lambda part: part[0]))

    of_sources = [
        (field, ref.backend, ref.path, tuple(sorted(ref.options)), ref.selector, of_parts(identity))
        for field, ref, identity in case.sources
    ]
    return case.provider, of_parts(case.parts), sorted(map(repr, of_sources))


def revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


@given(cases, cases)
def test_two_names_are_equal_exactly_if_they_mean_the_same(one: Case, other: Case) -> None:
    assert (one.name == other.name) is (meaning(one) == meaning(other))


@given(cases, st.data())
def test_moving_a_piece_of_text_to_its_neighbour_gives_another_name(
    case: Case, data: st.DataObject
) -> None:
    text = data.draw(st.text(min_size=2, max_size=6))
    cut = data.draw(st.integers(1, len(text) - 1))
    whole = replace(case, parts=(("a", text), ("b", "")))
    split = replace(case, parts=(("a", text[:cut]), ("b", text[cut:])))
    assert whole.name != split.name


def test_a_variable_that_is_not_utf8_has_a_name_too() -> None:
    broken = b"\xff".decode("utf-8", "surrogateescape")
    assert replace(CASE, parts=(("v", broken),)).name != replace(CASE, parts=(("v", "?"),)).name
