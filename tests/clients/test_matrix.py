import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.testing.exchanges import an_exchange
from tests.clients.drivers.common import FIRST, STRIDE, TOPICS, contrary, message, plainly, truth
from tests.clients.environments import HERE, libraries
from tests.clients.matrix import Call, Verdict, judge, reasons

NUMBER = FIRST + 7
STUDENT = an_exchange(route=Route(Source.STUDENT, Reason.SURE, Decider.STUDENT))
TOOLS = an_exchange(route=Route(Source.LLM, Reason.TOOLS, Decider.RULE))


def judged(said: Call, *rows: Exchange, expected: str = "student") -> Verdict:
    """One call of a cell that was taught well."""
    taught = Call("c", FIRST, truth(message(FIRST)))
    return judge("lib", "c", [taught], [said], {said.number: rows}, expected)


def test_a_cell_stands_when_the_students_answer_came_out_of_the_library() -> None:
    assert judged(Call("c", NUMBER, contrary(message(NUMBER))), STUDENT).stands
    assert judged(Call("c", NUMBER, {"topic": contrary(message(NUMBER))["topic"]}), STUDENT).stands


@pytest.mark.parametrize(
    ("call", "rows"),
    [
        (Call("c", NUMBER, truth(message(NUMBER))), (STUDENT,)),  # the teacher's answer
        (Call("c", NUMBER, error="ValueError: no"), (STUDENT,)),
        (Call("c", NUMBER, {}), (STUDENT,)),  # nothing at all
        (Call("c", NUMBER, {"topic": None}), (STUDENT,)),
        (Call("c", NUMBER, truth(message(NUMBER))), (TOOLS,)),  # undeclared
        (Call("c", NUMBER, truth(message(NUMBER))), ()),  # not observed
    ],
)
def test_a_cell_falls(call: Call, rows: tuple[Exchange, ...]) -> None:
    assert not judged(call, *rows).stands


def test_a_cell_of_the_llms_stands_for_its_declared_reason_only() -> None:
    call = Call("c", NUMBER, truth(message(NUMBER)))
    assert judged(call, TOOLS, expected="llm:tools").stands
    assert not judged(call, TOOLS, expected="llm:history").stands
    assert not judged(replace(call, said=contrary(message(NUMBER))), STUDENT, expected="llm:tools").stands


def test_a_cell_that_was_taught_badly_falls() -> None:
    taught, asked = (Call("c", n, contrary(message(n))) for n in (FIRST, NUMBER))
    assert judge("lib", "c", [taught], [asked], {NUMBER: [STUDENT]}, "student").fault is not None


def test_the_last_exchange_counts_where_a_library_asked_again() -> None:
    assert judged(Call("c", NUMBER, contrary(message(NUMBER))), TOOLS, STUDENT).stands


@given(st.integers(0, STRIDE * 99))
def test_nobody_can_take_the_student_for_the_teacher(n: int) -> None:
    text = message(FIRST + n)
    said, other = truth(text), contrary(text)
    assert str(FIRST + n) in text
    assert {said["topic"], other["topic"]} < set(TOPICS)
    assert said["topic"] != other["topic"]
    assert said["urgent"] is not other["urgent"]


def test_lessons_hold_every_label() -> None:
    said = [truth(message(FIRST + n)) for n in range(20)]
    assert {answer["topic"] for answer in said} == set(TOPICS)
    assert {answer["urgent"] for answer in said} == {True, False}


def test_what_a_library_returns_is_read_plainly() -> None:
    assert plainly("login") == {"topic": "login"}
    assert plainly({"topic": "login", "urgent": True}) == {"topic": "login", "urgent": True}


def test_every_library_has_a_driver_and_every_declaration_is_of_one() -> None:
    drivers = Path(__file__).parent / "drivers"
    known = {library.driver for library in libraries()}
    assert {driver for driver in known if not (drivers / driver).exists()} == set()
    declared = tomllib.loads((HERE / "expected.toml").read_text("utf-8"))
    assert declared.keys() <= known
    assert {reason for driver in declared for reason in reasons(driver).values()} <= {f"llm:{code}" for code in Reason}
