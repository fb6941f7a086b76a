"""How a literal setting is shown."""

from typing import Any

import pytest

from generator.explain.settings import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ((), None),
        ({}, None),
        (True, "true"),
        (90.0, "90s"),
        (("docker-credential-pass", "get"), "docker-credential-pass, get"),
        ({"tenant": "t1", "kind": "ci"}, "tenant=t1, kind=ci"),
        ("https://ci:hunter2@issuer.example/token", "https://***@issuer.example/token"),
    ],
)
def test_each_form_has_its_text(value: Any, text: str | None) -> None:
    assert shown(value) == text
