"""What tests of one process may rely on."""

from tests.parts.moto import running_moto


def test_a_server_starts_with_nothing_of_the_last_one() -> None:
    for _ in range(2):
        with running_moto() as moto:
            moto.client("secretsmanager").create_secret(Name="ci/registry", SecretString="x")
