import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.wire.parameters import (
    COMMON,
    at_least,
    between,
    flags,
    harmless,
    never,
    one_of,
    only,
    parameter_obstacle,
    wants,
    whole,
)
from tests.wire.requests import json_values

JUDGES = {"a": wants(whole), "b": never(Reason.STORE), "c": harmless}


def test_the_first_reason_in_the_bodys_order_is_given() -> None:
    assert parameter_obstacle({"a": 1, "c": object()}, JUDGES) is None
    assert parameter_obstacle({"c": 1, "b": 1, "a": "x"}, JUDGES) is Reason.STORE
    assert parameter_obstacle({"a": "x", "b": 1}, JUDGES) is Reason.PARAMETER


def test_null_is_as_good_as_absent_where_the_key_is_known() -> None:
    assert parameter_obstacle(dict.fromkeys(JUDGES), JUDGES) is None
    assert parameter_obstacle({"d": None}, JUDGES) is Reason.UNKNOWN_PARAMETER


@given(json_values())
def test_an_unknown_key_never_passes(value: object) -> None:
    assert parameter_obstacle({"surprise": value}, COMMON) is Reason.UNKNOWN_PARAMETER


@pytest.mark.parametrize(
    ("check", "yes", "no"),
    [
        (at_least(1), [1, 2**60], [0, True, 1.0, "1"]),
        (between(0, 2), [0, 0.5, 2], [-0.1, 2.1, True, "1"]),
        (one_of("low", "high"), ["low"], ["", "LOW", ["low"], 1]),
        (flags("a", "b"), [{}, {"a": True, "b": None}], [{"c": True}, {"a": 1}, [], "a"]),
    ],
)
def test_checks_take_what_they_say(check: object, yes: list[object], no: list[object]) -> None:
    assert callable(check)
    assert [check(value) for value in [*yes, *no]] == [True] * len(yes) + [False] * len(no)


def test_one_harmless_value_leaves_a_reason_to_its_own_type() -> None:
    judge = only(1, Reason.SEVERAL_ANSWERS)
    assert [judge(value) for value in (1, 2, True, "1")] == [
        None,
        Reason.SEVERAL_ANSWERS,
        Reason.PARAMETER,
        Reason.PARAMETER,
    ]
