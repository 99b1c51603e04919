"""The bench that lives through streams in many orders, on made-up texts whose embeddings say all there is to know."""

from dataclasses import replace

import numpy as np

from shadowbert.domain.task import Policy
from tests.bench.shuffles.__main__ import broken, orders
from tests.bench.shuffles.life import Knobs, Life
from tests.bench.shuffles.outcome import Outcome
from tests.bench.shuffles.texts import Texts

CALLS, LABELS = 1_500, 3


def made_up(*, wrong: float = 0.0, wrong_from: int = 0, calls: int = CALLS) -> Texts:
    """A text's label is plain to see; from some call on the teacher says another for this share of them."""
    rng = np.random.default_rng(7)
    labels = rng.integers(LABELS, size=calls)
    features = np.eye(LABELS, 8, dtype=np.float32)[labels] * 4 + rng.normal(0, 0.3, (calls, 8)).astype(np.float32)
    odd = (rng.random(calls) < wrong) & (np.arange(calls) >= wrong_from)
    told = np.where(odd, (labels + 1) % LABELS, labels)
    answers = tuple((int(label),) for label in told)
    return Texts("made up", features, tuple(f"i1:{n}" for n in range(calls)), answers, (LABELS,))


def live(texts: Texts, policy: Policy | None = None) -> Outcome:
    return Life(texts, range(len(texts.hashes)), Knobs(policy or Policy()), seed=0).live()


def test_a_plain_task_goes_live_by_its_steps() -> None:
    outcome = live(made_up())
    assert outcome.opened is not None
    assert outcome.live is not None
    assert 300 <= outcome.opened < outcome.live < 800
    assert outcome.agreement == 1
    assert outcome.last_fifth > 0.9
    assert outcome.falls == 0


def test_nothing_is_local_before_it_opened() -> None:
    outcome = live(made_up())
    assert outcome.opened is not None
    assert not any(said is not None for said in outcome.local[: outcome.opened])


def test_a_teacher_that_agrees_too_seldom_keeps_the_task() -> None:
    outcome = live(made_up(wrong=0.15))
    assert (outcome.opened, outcome.answered, outcome.agreement) == (None, 0, None)
    assert outcome.chance(0.95) == 1


def test_what_falls_goes_back_and_has_to_enter_again() -> None:
    outcome = live(made_up(wrong=0.5, wrong_from=1_600, calls=4_000))
    assert outcome.falls == 1
    assert outcome.bets > 1
    assert outcome.last_fifth == 0


def test_audits_take_their_share_of_the_calls() -> None:
    some, many = (live(made_up(), replace(Policy(), audit_rate=rate)) for rate in (0.05, 0.4))
    assert some.last_fifth > many.last_fifth + 0.2


def test_a_text_that_comes_again_proves_nothing_again() -> None:
    texts = made_up()
    few = replace(texts, hashes=tuple(f"i1:{n % 210}" for n in range(CALLS)))
    assert live(few).opened is None


def test_the_first_order_is_the_streams_own() -> None:
    first, second, third = orders(50, 2)
    assert first == list(range(50)) == sorted(second) == sorted(third)
    assert second != third


def test_runs_are_broken_beyond_chance_only() -> None:
    kept, lucky, bad = (Outcome(1, 1, (True,) * right + (False,) * (1_000 - right), 1, 0) for right in (960, 940, 930))
    assert broken([kept, lucky, bad], 0.95) == 1


def test_an_outcome_counts_calls_and_answers_apart() -> None:
    outcome = Outcome(1, None, (True, None, False, True, None), 1, 0)
    assert (outcome.share, outcome.last_fifth, outcome.agreement) == (0.6, 0, 2 / 3)


def test_the_chance_of_so_few_is_the_binomials() -> None:
    """Of 100 at 95 %, 90 and fewer agree in 2.8 % of samples."""
    assert round(Outcome(1, 1, (True,) * 90 + (False,) * 10, 1, 0).chance(0.95), 3) == 0.028
