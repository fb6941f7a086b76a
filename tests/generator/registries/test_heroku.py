import pytest

from backends.base import Secret
from generator.model import RegistryEntry
from generator.registries.base import ProviderOptions
from generator.registries.heroku import HerokuProvider
from generator.registries.loader import kind_of_host
from generator.testing import CANARY, ProviderCase, ProviderContract


class TestHerokuKeepsTheContract(ProviderContract):
    @pytest.fixture
    def case(self) -> ProviderCase:
        return ProviderCase(
            provider=HerokuProvider(),
            entry=RegistryEntry("heroku", "heroku", None, ProviderOptions()),
            secrets={"api_key": Secret(CANARY)},
        )

    async def test_the_user_is_an_underscore(self, case: ProviderCase) -> None:
        grant = await case.fetch()
        assert (grant.username, grant.secret) == ("_", Secret(CANARY))
        assert grant.server_addresses == ("registry.heroku.com",)


def test_its_host_is_known() -> None:
    assert kind_of_host("registry.heroku.com") == "heroku"
