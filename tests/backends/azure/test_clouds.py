"""Who gives tokens in which of Microsoft's clouds."""

import pytest

from backends.azure.clouds import authority_for, cloud_of, foreign_authority
from backends.testing import make_context


@pytest.mark.parametrize(
    ("top", "authority", "manager", "federation"),
    [
        ("io", "login.microsoftonline.com", "management.azure.com", ""),
        ("cn", "login.chinacloudapi.cn", "management.chinacloudapi.cn", "China"),
        ("us", "login.microsoftonline.us", "management.usgovcloudapi.net", "USGov"),
        ("de", "login.microsoftonline.de", "management.microsoftazure.de", ""),
    ],
)
def test_a_registrys_host_tells_its_cloud(
    top: str, authority: str, manager: str, federation: str
) -> None:
    host = f"contoso.azurecr.{top}"
    assert authority_for(None, host, make_context({})) == f"https://{authority}"
    assert cloud_of(host).manager == f"https://{manager}/.default"
    assert cloud_of(host).federation == f"api://AzureADTokenExchange{federation}"
    assert foreign_authority(f"https://{authority}") is None


def test_one_that_is_not_microsofts_is_shown() -> None:
    for authority in ("https://login.azs.example", "https://login.microsoftonline.com.example"):
        assert foreign_authority(authority) == authority
