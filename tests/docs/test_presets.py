"""The page of ``static`` says what its presets do."""

from tests.docs.presets import PAGE, with_presets


def test_the_table_is_that_of_the_presets() -> None:
    page = PAGE.read_text()
    assert with_presets(page) == page, "run: make docs"
