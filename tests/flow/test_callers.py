import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.flow.callers import AcceptedCallers
from shadowbert.flow.incoming import Wishes, read_wishes

SOMEBODY = read_wishes([(b"authorization", b"Bearer sk-1"), (b"openai-project", b"p")])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_only_the_accepted_credential_is_known_and_only_for_its_teacher() -> None:
    callers = AcceptedCallers()
    callers.accept(SOMEBODY, "gpt-4o")
    assert callers.knows(SOMEBODY, "gpt-4o")
    assert not callers.knows(SOMEBODY, "gpt-4o-mini")
    for other in (
        [(b"authorization", b"Bearer sk-2"), (b"openai-project", b"p")],
        [(b"authorization", b"Bearer sk-1"), (b"openai-project", b"q")],
        [(b"authorization", b"Bearer sk-1")],
        [(b"authorization", b"Bearer sk-1"), (b"openai-project", b"p"), (b"openai-organization", b"o")],
        [(b"api-key", b"Bearer sk-1"), (b"openai-project", b"p")],
    ):
        assert not callers.knows(read_wishes(other), "gpt-4o")


@pytest.mark.parametrize("header", [b"authorization", b"api-key", b"X-API-Key", b"Ocp-Apim-Subscription-Key"])
def test_each_header_that_may_carry_a_key_tells_callers_apart(header: bytes) -> None:
    callers = AcceptedCallers()
    shared = (b"authorization", b"Bearer shared")
    callers.accept(read_wishes([shared, (header, b"one")]), "m")
    assert callers.knows(read_wishes([shared, (header.lower(), b"one")]), "m")
    assert not callers.knows(read_wishes([shared, (header, b"two")]), "m")
    callers.accept(read_wishes([(header, b"alone")]), "m")
    assert callers.knows(read_wishes([(header, b"alone")]), "m")


def test_acceptance_runs_out_and_is_renewed() -> None:
    clock = Clock()
    callers = AcceptedCallers(seconds=600, clock=clock)
    callers.accept(SOMEBODY, "m")
    clock.now = 599
    assert callers.knows(SOMEBODY, "m")
    callers.accept(SOMEBODY, "m")
    clock.now = 1198
    assert callers.knows(SOMEBODY, "m")
    clock.now = 1199
    assert not callers.knows(SOMEBODY, "m")


def test_a_refused_credential_is_forgotten() -> None:
    callers = AcceptedCallers()
    callers.accept(SOMEBODY, "m")
    callers.refuse(SOMEBODY, "m")
    assert not callers.knows(SOMEBODY, "m")


def test_nobody_is_known_without_a_credential() -> None:
    callers = AcceptedCallers()
    callers.accept(Wishes(), "m")
    assert not callers.knows(Wishes(), "m")
    assert len(callers) == 0


@given(st.lists(st.integers(0, 30), max_size=60))
def test_the_set_is_bounded_and_keeps_the_latest(keys: list[int]) -> None:
    callers = AcceptedCallers(limit=5)
    for key in keys:
        callers.accept(read_wishes([(b"api-key", b"%d" % key)]), "m")
    latest = list(dict.fromkeys(reversed(keys)))
    for key in set(keys):
        assert callers.knows(read_wishes([(b"api-key", b"%d" % key)]), "m") == (key in latest[:5])


def test_the_credential_is_not_in_the_set() -> None:
    callers = AcceptedCallers()
    callers.accept(SOMEBODY, "m")
    assert "sk-1" not in repr(vars(callers))
