import itertools

import pytest

from backends import errors as backend_errors
from generator.errors import ExitCode, from_backend, worst


def test_several_failures_end_with_the_one_to_act_on_first() -> None:
    order = [ExitCode(code) for code in (78, 77, 66, 76, 73, 69)]
    for first, second in itertools.combinations(order, 2):
        assert worst([second, first]) is first


def test_no_failure_is_exit_zero() -> None:
    assert worst([]) is ExitCode.OK


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (backend_errors.BackendMisconfigured, 78),
        (backend_errors.SecretNotFound, 66),
        (backend_errors.SecretDenied, 77),
        (backend_errors.BadAnswer, 76),
        (backend_errors.BackendUnavailable, 69),
    ],
)
def test_every_backend_error_has_its_exit_code(
    kind: type[backend_errors.BackendError], code: int
) -> None:
    error = from_backend(kind("some-reference", "what happened", "what to do"))
    assert error.exit_code == code
    assert (error.reference, error.message, error.hint) == (
        "some-reference",
        "what happened",
        "what to do",
    )
