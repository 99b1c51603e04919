"""Choices among candidates whose guesses are given."""

from dataclasses import replace
from pathlib import Path
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.candidate import Candidate
from shadowbert.bert.training.choice import choose, compare
from shadowbert.bert.training.corpus import Graphs
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.scores import ScoredRow
from shadowbert.domain.student import Guess

NONE = cast(Encoder, None)
"""The choice looks at guesses only."""
GUESS = Guess((0,), (0.9,), 0.9)
EVENLY = {f"e{n}": 1.0 for n in range(400)}


def candidate(recipe: str, right: str, *, start: int = 0) -> Candidate:
    """`right`: one letter a row, + where it agrees; rows count from `start`."""
    rows = tuple(ScoredRow(f"e{start + n}", GUESS, agreed == "+") for n, agreed in enumerate(right))
    return Candidate(
        recipe=recipe,
        encoder=NONE,
        graphs=Graphs(Path("fp32"), Path("int8"), "cpu"),
        variant="int8",
        experts=Experts((), ()),
        temperatures=(1.0,),
        rows=rows,
        scores={"agreement": right.count("+") / len(right)},
    )


def expandable(first: Candidate, later: Candidate) -> Candidate:
    return replace(first, further=lambda: later)


def test_alone_it_is_chosen() -> None:
    best = choose([candidate("probe", "+--")], EVENLY)
    assert (best.recipe, best.scores["probe.agreement"]) == ("probe", 1 / 3)


def test_a_tie_goes_to_the_cheaper() -> None:
    assert choose([candidate("probe", "+-" * 20), candidate("finetune", "-+" * 20)], EVENLY).recipe == "probe"


def test_the_better_is_chosen_and_both_are_told() -> None:
    best = choose([candidate("probe", "+--+"), candidate("finetune", "++-+")], EVENLY)
    assert best.recipe == "finetune"
    assert (best.scores["probe.agreement"], best.scores["finetune.agreement"]) == (0.5, 0.75)


def test_what_lost_by_luck_is_judged_again_on_every_row() -> None:
    few = candidate("finetune", "-+-+", start=36)
    best = choose([candidate("probe", "+-" * 20), expandable(few, candidate("finetune", "+" * 30 + "-" * 10))], EVENLY)
    assert (best.recipe, best.scores["finetune.agreement"], best.scores["probe.agreement"]) == ("finetune", 0.75, 0.5)


def test_what_won_by_luck_is_judged_again_too() -> None:
    few = candidate("finetune", "+" * 4, start=36)
    best = choose([candidate("probe", "+-" * 20), expandable(few, candidate("finetune", "-" * 36 + "+" * 4))], EVENLY)
    assert (best.recipe, best.scores["finetune.agreement"]) == ("probe", 0.1)


def test_what_is_shown_worse_costs_no_further_runs() -> None:
    def further() -> Candidate:
        raise AssertionError("for nothing")

    hopeless = replace(candidate("finetune", "-" * 30 + "+" * 70), further=further)
    assert choose([candidate("probe", "+" * 100), hopeless], EVENLY).recipe == "probe"


def test_of_the_tuned_ones_only_the_best_is_judged_again() -> None:
    def further() -> Candidate:
        raise AssertionError("for nothing")

    weak, strong = replace(candidate("finetune", "+--"), further=further), candidate("reinitialised", "++-")
    best = choose([candidate("probe", "---"), weak, strong], EVENLY)
    assert best.recipe == "reinitialised"
    assert best.scores["finetune.agreement"] == 1 / 3


def test_rows_count_by_their_weight() -> None:
    seen = compare(candidate("probe", "+-"), candidate("finetune", "-+"), {"e0": 3.0, "e1": 1.0})
    assert (seen.cheaper, seen.other) == (0.75, 0.25)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_nobody_better_is_hopeless(rows: list[tuple[bool, bool]]) -> None:
    ours, theirs = ("".join("+" if own[side] else "-" for own in rows) for side in (0, 1))
    seen = compare(candidate("probe", ours), candidate("finetune", theirs), EVENLY)
    assert not (seen.hopeless and seen.other >= seen.cheaper)
    assert abs(seen.error * len(rows) - sum(a != b for a, b in rows) ** 0.5) < 1e-9
