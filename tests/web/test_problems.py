"""Each of our exceptions that our own surface can meet has its status."""

import inspect

import pytest

from shadowbert import errors
from shadowbert.errors import (
    CutoverRefused,
    OperatorError,
    SchemaOutdated,
    ShadowbertError,
    StaleState,
    StoreError,
    UnknownTask,
)
from shadowbert.web.problems import STATUSES, status_of


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (UnknownTask, 404), (CutoverRefused, 409), (OperatorError, 409), (StaleState, 409), (SchemaOutdated, 503),
        (StoreError, 503), (ShadowbertError, 500),
    ],
)  # fmt: skip
def test_statuses(kind: type[ShadowbertError], status: int) -> None:
    assert status_of(kind()) == status


def test_whatever_an_operator_or_the_store_does_is_told() -> None:
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, OperatorError | StoreError)
    ]
    assert len(kinds) >= 6
    assert all(status_of(kind()) != 500 for kind in kinds)


def test_a_kind_stands_before_the_kind_it_belongs_to() -> None:
    kinds = [kind for kind, _ in STATUSES]
    assert not any(issubclass(later, earlier) for n, earlier in enumerate(kinds) for later in kinds[n + 1 :])
