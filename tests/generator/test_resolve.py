from collections.abc import Mapping, Sequence
from datetime import timedelta

import anyio
import pytest

from backends.base import IdentityPart, Lease, Secret, SecretDocument, SecretRef
from backends.errors import BackendError, BackendMisconfigured, BackendUnavailable
from generator.errors import Misconfigured, SecretMissing
from generator.model import Credentials
from generator.registries.base import CredentialField
from generator.resolve import Resolver
from tests.generator.fakes import CANARY, START, Clock

USERNAME = CredentialField("username", aliases=("user",), required=False)
PASSWORD = CredentialField("password", primary=True)


class MemoryBackend:
    """A store that counts its reads and makes another dynamic user each time."""

    def __init__(self, documents: Mapping[str, SecretDocument | BackendError]) -> None:
        self.documents = documents
        self.reads: list[SecretRef] = []

    def identity(self, ref: SecretRef) -> Sequence[IdentityPart]:
        return [("path", ref.path)]

    async def read(self, ref: SecretRef) -> SecretDocument:
        self.reads.append(ref)
        await anyio.lowlevel.checkpoint()
        if ref.path == "dynamic":
            return SecretDocument({"username": f"user-{len(self.reads)}", "password": CANARY})
        document = self.documents[ref.path]
        if isinstance(document, BackendError):
            raise document
        return document


def _ref(path: str, selector: str | None = None) -> SecretRef:
    return SecretRef("store", path, (), selector)


async def test_fifty_entries_of_one_document_are_one_read() -> None:
    backend = MemoryBackend({"a": SecretDocument({"password": CANARY})})
    resolver = Resolver({"store": backend}, Clock())
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(resolver.credentials, Credentials(_ref("a")), [PASSWORD])
    assert backend.reads == [_ref("a")]


async def test_two_fields_of_a_dynamic_secret_belong_to_one_user() -> None:
    backend = MemoryBackend({})
    resolver = Resolver({"store": backend}, Clock())
    credentials = Credentials(
        fields={"username": _ref("dynamic", "username"), "password": _ref("dynamic", "password")}
    )
    resolved = await resolver.credentials(credentials, [USERNAME, PASSWORD])
    again = await resolver.credentials(credentials, [USERNAME, PASSWORD])
    assert resolved.secrets["username"].reveal() == again.secrets["username"].reveal() == "user-1"


async def test_a_failed_read_fails_for_all_who_refer_to_it_without_another_try() -> None:
    backend = MemoryBackend({"a": BackendUnavailable("down", "store is down", "wait")})
    resolver = Resolver({"store": backend}, Clock())
    for _ in range(2):
        with pytest.raises(BackendUnavailable):
            await resolver.credentials(Credentials(_ref("a")), [PASSWORD])
    assert len(backend.reads) == 1


async def test_a_whole_document_is_bound_by_names_and_their_aliases() -> None:
    backend = MemoryBackend({"a": SecretDocument({"user": "ci", "password": CANARY, "other": 1})})
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a")), [USERNAME, PASSWORD]
    )
    assert resolved.secrets == {"username": Secret("ci"), "password": Secret(CANARY)}


async def test_a_json_text_has_fields_too() -> None:
    backend = MemoryBackend({"a": SecretDocument('{"user": "ci", "password": "pw"}')})
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a")), [USERNAME, PASSWORD]
    )
    assert resolved.secrets["username"].reveal() == "ci"


async def test_plain_text_is_the_primary_field() -> None:
    backend = MemoryBackend({"a": SecretDocument(CANARY)})
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a")), [USERNAME, PASSWORD]
    )
    assert resolved.secrets == {"password": Secret(CANARY)}


async def test_a_reference_with_a_field_is_the_primary_field() -> None:
    backend = MemoryBackend({"a": SecretDocument({"pw": CANARY, "username": "not meant"})})
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a", "pw")), [USERNAME, PASSWORD]
    )
    assert resolved.secrets == {"password": Secret(CANARY)}


async def test_a_field_of_its_own_wins_over_the_document() -> None:
    backend = MemoryBackend({"a": SecretDocument({"password": "old", "token": CANARY})})
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a"), {"password": _ref("a", "token")}), [PASSWORD]
    )
    assert resolved.secrets == {"password": Secret(CANARY)}
    assert len(backend.reads) == 1


async def test_a_missing_required_field_is_named_with_its_aliases() -> None:
    backend = MemoryBackend({"a": SecretDocument({"secret": CANARY})})
    with pytest.raises(SecretMissing, match="no field password") as caught:
        await Resolver({"store": backend}, Clock()).credentials(Credentials(_ref("a")), [PASSWORD])
    assert CANARY not in caught.value.message + caught.value.hint


async def test_plain_text_for_a_provider_of_several_fields_is_an_error() -> None:
    backend = MemoryBackend({"a": SecretDocument(CANARY)})
    with pytest.raises(Misconfigured, match="plain text") as caught:
        await Resolver({"store": backend}, Clock()).credentials(
            Credentials(_ref("a")), [CredentialField("a"), CredentialField("b")]
        )
    assert CANARY not in caught.value.message


async def test_the_shortest_lease_counts() -> None:
    backend = MemoryBackend(
        {
            "a": SecretDocument({"username": "u"}, lease=Lease(600)),
            "b": SecretDocument({"password": "p"}, lease=Lease(60)),
        }
    )
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(fields={"username": _ref("a", "username"), "password": _ref("b", "password")}),
        [USERNAME, PASSWORD],
    )
    assert resolved.lease_ends_at == START + timedelta(seconds=60)


async def test_a_lease_counts_from_the_one_read_whoever_asks_later() -> None:
    clock = Clock()
    backend = MemoryBackend({"a": SecretDocument({"password": CANARY}, lease=Lease(60))})
    resolver = Resolver({"store": backend}, clock)
    for _ in range(2):
        resolved = await resolver.credentials(Credentials(_ref("a")), [PASSWORD])
        assert resolved.lease_ends_at == START + timedelta(seconds=60)
        clock.advance(30)


async def test_null_is_how_a_store_says_that_there_is_none() -> None:
    fields = {"password": CANARY, "user": None}
    backend = MemoryBackend({"a": SecretDocument(fields), "b": SecretDocument({"password": None})})
    resolver = Resolver({"store": backend}, Clock())
    resolved = await resolver.credentials(Credentials(_ref("a")), [USERNAME, PASSWORD])
    assert resolved.secrets == {"password": Secret(CANARY)}
    with pytest.raises(BackendMisconfigured, match="null"):
        await resolver.credentials(Credentials(_ref("b")), [PASSWORD])


async def test_of_two_names_for_one_field_the_one_that_holds_something_counts() -> None:
    backend = MemoryBackend(
        {"a": SecretDocument({"username": None, "user": "ci", "password": "p"})}
    )
    resolved = await Resolver({"store": backend}, Clock()).credentials(
        Credentials(_ref("a")), [USERNAME, PASSWORD]
    )
    assert resolved.secrets["username"] == Secret("ci")
