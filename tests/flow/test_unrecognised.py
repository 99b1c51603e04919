"""Every observed call is a call of a version, or counted under the reason why it is none."""

from dataclasses import replace
from random import Random

import pytest

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.flow import unrecognised as module
from shadowbert.flow.collect import MARK, Collect
from shadowbert.flow.strays import Unfounded
from shadowbert.flow.unrecognised import READ, Unrecognised, unrecognised
from shadowbert.reporting import because
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import a_call, a_known_call, asked, texts
from shadowbert.testing.exchanges import an_exchange
from tests.flow.test_collect import AT, calls, put, versions
from tests.mixes.noise import NOISE
from tests.store.rows import a_version


@pytest.fixture
def collect(store: Store) -> Collect:
    """Once on each back end."""
    return Collect(store, lambda: AT)


def seen(collect: Collect) -> Unrecognised:
    with collect.ledger.read() as work:
        return unrecognised(work)  # type: ignore[arg-type]


def by_rule(reason: Reason) -> Route:
    return Route(Source.LLM, reason, Decider.RULE)


def adds_up(collect: Collect, observed: int) -> bool:
    told = seen(collect)
    of_versions = sum(len(calls(collect, version)) for version in versions(collect))
    assert (told.observed, told.recognised) == (observed, of_versions)
    return told.observed == of_versions + sum(reason.calls for reason in told.reasons)


def stream() -> list[Exchange]:
    draw = Random(3)
    odd = [NOISE[kind](draw, n) for n, kind in enumerate(("chat", "extraction", "unique", "vectors") * 10)]
    rows = [
        *odd,
        *(a_call(text) for text in texts(19)),
        a_call("x", route=by_rule(Reason.TOO_LARGE), request_body=None),
    ]
    draw.shuffle(rows)
    return rows


def test_the_mark_is_collects() -> None:
    assert READ == MARK


def test_the_numbers_add_up_before_and_after_a_version_is_founded(collect: Collect) -> None:
    put(collect, stream())
    assert adds_up(collect, 50), "what is not observed is no call"
    put(collect, [a_call(text) for text in texts(21)[19:]])
    (version,) = versions(collect)
    assert len(calls(collect, version)) == 21
    assert adds_up(collect, 52)
    put(collect, [a_known_call(version.id, text) for text in texts(9, about="a loan")])
    assert adds_up(collect, 61)


def test_the_numbers_add_up_after_rows_were_forgotten(collect: Collect) -> None:
    old = [replace(row, received_at=AT - 1000) for row in stream()]
    put(collect, [*old, *stream(), a_call("one more"), a_call("and another")])
    with collect.ledger.write() as work:
        work.exchanges.forget_rows(AT - 500)
    assert adds_up(collect, 52)
    assert seen(collect).since >= AT  # type: ignore[operator]


def test_a_call_whose_template_was_edited_before_it_was_read_says_so(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(20)])
    (version,) = versions(collect)
    other = Skeleton((SkeletonMessage("user", ("Nobody asks this: ", "")),))
    narrow = a_version(task_id=version.task_id, contract=version.contract, skeleton=other)
    with collect.ledger.write() as work:
        work.tasks.found(narrow)
        work.tasks.replace(version.id, narrow.id)
    put(collect, [a_known_call(version.id, text) for text in texts(2, about="a loan")])
    assert [(r.reason, r.calls) for r in seen(collect).reasons] == [("outdated", 2)]
    assert because("outdated").startswith("its template was edited")
    assert adds_up(collect, 22)


def test_reasons_come_with_their_last_sight_most_calls_first(collect: Collect) -> None:
    late = an_exchange(route=by_rule(Reason.OPEN_SCHEMA), received_at=AT + 9)
    early = an_exchange(route=by_rule(Reason.OPEN_SCHEMA), received_at=AT + 1)
    put(collect, [an_exchange(received_at=AT + 5), late, early])
    told = seen(collect)
    assert [(r.reason, r.calls, r.last_at) for r in told.reasons] == [
        ("open_schema", 2, AT + 9),
        ("not_classification", 1, AT + 5),
    ]
    assert (told.since, told.share(2)) == (AT + 1, 2 / 3)


def test_what_nobody_has_read_yet_is_not_counted(collect: Collect) -> None:
    put(collect, [a_call("x")])
    StoreSink(collect.ledger).load("t", start=0, end=1, exchanges=[a_call("y")])  # type: ignore[arg-type]
    assert seen(collect).observed == 1


def test_no_more_than_the_latest_are_counted(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW", 4)
    put(collect, [an_exchange(received_at=AT + n) for n in range(10)])
    assert (seen(collect).observed, seen(collect).since) == (4, AT + 6)


def test_groups_say_what_they_are_of_and_what_is_missing(collect: Collect) -> None:
    other = [a_call(t, request_body=asked(t, model="another"), client="curl", received_at=AT + 1) for t in texts(3)]
    put(collect, [*other, *(a_call(text) for text in texts(7) for _ in range(3))])
    large, small = seen(collect).groups
    assert (large.calls, large.why, large.note) == (21, Unfounded.FEW, "7 of 20 different prompts")
    assert (small.calls, small.why, small.note) == (3, Unfounded.FEW, "3 of 20 calls")
    assert (small.teacher, small.endpoint, small.client) == ("another", "chat", "curl")
    assert (small.example, small.last_at) == (other[-1].id, AT + 1)
