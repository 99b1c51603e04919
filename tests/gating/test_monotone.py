"""No surprises: a stricter target never covers more, and more agreement never takes anything away."""

from collections.abc import Iterator, Mapping

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shadowbert.domain.evidence import Counts, Move
from shadowbert.domain.task import Policy
from shadowbert.gating.drift import replay
from shadowbert.gating.gate import CanaryEvidence, LiveEvidence, judge_canary, judge_live
from shadowbert.gating.objections import OBJECTIONS, ShadowEvidence
from shadowbert.gating.threshold import Scored, propose

Confusion = Mapping[tuple[str, str], int]
LABELS = "abc"
audits = st.lists(st.booleans() | st.just(value=True), max_size=150)
confusions = st.fixed_dictionaries(
    {(s, t): st.integers(20, 300) if s == t else st.integers(0, 9) for s in LABELS for t in LABELS}
)
levels = st.lists(
    st.tuples(st.sampled_from([0.5, 0.7, 0.8, 0.9, 0.95, 0.99]), st.integers(0, 60), st.integers(0, 6)),
    min_size=1, max_size=5, unique_by=lambda level: level[0],
)  # fmt: skip


@settings(max_examples=60)
@given(levels=levels, target=st.sampled_from([0.6, 0.8, 0.9, 0.93, 0.95]), more=st.sampled_from([0.005, 0.01, 0.03]))
def test_a_stricter_target_never_covers_more(levels: list[tuple[float, int, int]], target: float, more: float) -> None:
    """On the same held-out rows: a threshold chosen for the share that it is expected to serve is no safer by that,
    but it was never seen to fall where the target rose.
    """
    rows = [Scored(c, n < agree) for c, agree, disagree in levels for n in range(agree + disagree)]
    lax, strict = propose(rows, target), propose(rows, target + more)
    if strict is not None:
        assert lax is not None
        assert strict.expected_coverage <= lax.expected_coverage


def allowed(confusion: Confusion, target: float) -> bool:
    agree = sum(n for (said, told), n in confusion.items() if said == told)
    counts = Counts(agree, sum(confusion.values()) - agree)
    made = ShadowEvidence(counts, counts, candidate=1, eligible=counts.rows, confusion=confusion)
    return all(objection(made, Policy(target=target)) is None for objection in OBJECTIONS)


def with_one_more(confusion: Confusion) -> Iterator[Confusion]:
    for label in LABELS:
        yield {**confusion, (label, label): confusion[label, label] + 1}


def with_one_turned(confusion: Confusion) -> Iterator[Confusion]:
    for (said, told), n in confusion.items():
        if said != told and n:
            yield {**confusion, (said, told): n - 1, (told, told): confusion[told, told] + 1}


GOOD = {(s, t): 40 if s == t else 0 for s in LABELS for t in LABELS}


@settings(max_examples=100)
@given(confusion=confusions, target=st.sampled_from([0.6, 0.7, 0.8, 0.9, 0.95]))
@example(confusion={**GOOD, ("a", "b"): 1}, target=0.9)
def test_a_disagreement_turned_into_an_agreement_never_takes_a_pass_back(confusion: Confusion, target: float) -> None:
    if allowed(confusion, target):
        assert all(allowed(better, target) for better in with_one_turned(confusion))


@settings(max_examples=100)
@given(confusion=confusions, target=st.sampled_from([0.8, 0.9, 0.95]))
@example(confusion=GOOD, target=0.9)
def test_one_more_agreement_never_takes_a_pass_back(confusion: Confusion, target: float) -> None:
    """At targets that leave no label half wrong. Below, an agreement may make another label the commonest one, and
    what is left beside it may be too bad to know more than that label: see the next test.
    """
    if allowed(confusion, target):
        assert all(allowed(better, target) for better in with_one_more(confusion))


def test_at_a_low_target_another_commonest_label_asks_another_question() -> None:
    """A hold in shadow, never a demotion."""
    seen = {
        ("b", "b"): 63, ("a", "c"): 6, ("b", "a"): 11, ("a", "a"): 22, ("c", "a"): 0, ("b", "c"): 9, ("c", "c"): 52,
        ("c", "b"): 1, ("a", "b"): 2,
    }  # fmt: skip
    assert allowed(seen, 0.7)
    assert not allowed({**seen, ("b", "b"): 64}, 0.7)


@given(rows=audits, at=st.integers(0, 149), share=st.sampled_from([0.05, 0.25]))
def test_an_agreement_more_or_turned_never_demotes(rows: list[bool], at: int, share: float) -> None:
    """Wherever in the order it comes."""
    at = min(at, len(rows))
    if demoted(rows, share):
        return
    assert not demoted([*rows[:at], True, *rows[at:]], share)
    assert not demoted([agreed or n == at for n, agreed in enumerate(rows)], share)


def demoted(rows: list[bool], share: float) -> bool:
    value = replay(rows, 0.93).value
    canary = judge_canary(CanaryEvidence(share, len(rows), value), Policy())
    live = judge_live(LiveEvidence(value, rows), Policy())
    assert (canary.move is Move.DEMOTE) == (live.move is Move.DEMOTE)
    return live.move is Move.DEMOTE
