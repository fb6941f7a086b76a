"""A wrong clock, told from AWS's words."""

from backends.aws_clock import wrong_clock


def test_other_words_say_nothing_about_the_clock() -> None:
    assert wrong_clock("The security token included in the request is invalid.", "STS") is None


def test_without_times_it_is_more_than_aws_tolerates() -> None:
    error = wrong_clock("Signature expired: 2026 is now earlier", "STS")
    assert error is not None
    assert "more than 5 minutes behind" in error.message


def test_times_that_are_none_are_not_believed() -> None:
    error = wrong_clock("Signature not yet current: 99999999T999999Z", "STS")
    assert error is not None
    assert "more than 5 minutes ahead of" in error.message
