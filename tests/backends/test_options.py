"""Forms that the settings of backends and registries share."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from backends.options import EndpointUrl

URL = TypeAdapter[str](EndpointUrl)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example",
        "HTTP://127.0.0.1:8200/a/b/",
        "https://[::1]:5000/",
        "https://login.example/oauth2/token?p=policy",
        "https://bücher.example/..a/b..",
    ],
)
def test_a_url_is_taken_as_it_stands(url: str) -> None:
    assert URL.validate_python(url) == url
    assert re.search(URL.json_schema()["pattern"], url)


@pytest.mark.parametrize(
    "url",
    [
        "api.example",
        "ftp://api.example",
        "https://",
        "https://user:hunter2@api.example",
        "https://evil.io#.api.example",
        "https://evil.io\\.api.example",
        "https://evil.io\t.api.example",
        "https://api.example\n",
        " https://api.example",
        "https://api.example\x1b[2J",
        "https://api.example/team/../other/token",
        "https://api.example/team/%2e%2e/other/token",
        "https://api.example/.",
        "https://hunter2\uff0f.api.example",
        "https://[hunter2",
    ],
)
def test_what_another_host_or_path_would_be_made_of_is_refused_unseen(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        URL.validate_python(url)
    (error,) = caught.value.errors()
    assert error["msg"].startswith("Value error, not a URL")
    assert "hunter2" not in error["msg"]
