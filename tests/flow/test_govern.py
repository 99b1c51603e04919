"""Policy per task on a real store: what a change does at once, what stations make of it, and what a dry run says."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import OperatorError, UnfitValue, UnknownTask
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.evidence import Watch, detector
from shadowbert.flow.govern import Govern, Setting
from shadowbert.flow.operate import Operate, Operator
from shadowbert.store.store import Store
from shadowbert.testing.lineage import found
from tests.flow.stationed import AUDITED, Bench

MARIA = Operator("maria", "the auditors asked")
TARGET = {"target": "0.97"}


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    return Bench(sqlite_store)


@pytest.fixture
def govern(bench: Bench) -> Govern:
    return Govern(bench.store, bench.policy, lambda: bench.at)


def live(bench: Bench) -> None:
    """By the gate, step by step."""
    bench.see(400)
    while bench.version.stage is not Stage.LIVE:
        bench.promote.step()
        bench.see(60, decider=AUDITED)


def stage(bench: Bench) -> Stage:
    return bench.version.stage


def setting(govern: Govern, key: str) -> Setting:
    return next(found for found in govern.standing("bank") if found.key == key)


def last_reason(bench: Bench) -> str:
    with bench.store.read() as work:
        return work.tasks.verdicts([bench.version_id])[-1].verdict.reason


def name_of(bench: Bench, label: int) -> str:
    field = bench.version.contract.fields[0]
    return f"{field.name}={field.label(label)}"


def test_a_value_tells_who_set_it_and_going_back_is_a_change_like_another(bench: Bench, govern: Govern) -> None:
    assert [found.change for found in govern.standing("bank")] == [None] * 9
    govern.change("bank", MARIA, TARGET)
    found = setting(govern, "target")
    assert (found.words, found.default, found.text) == ("97 %", "95 %", "0.97")
    assert found.change is not None
    assert (found.change.by, found.change.why, found.change.at) == ("maria", "the auditors asked", bench.at)
    assert last_reason(bench) == "Policy changed (target 97 %, was 95 %) by maria: the auditors asked."
    govern.change("bank", MARIA, {"target": None})
    assert (setting(govern, "target").change, setting(govern, "target").words) == (None, "95 %")
    with bench.store.read() as work:
        assert [change.value for change in work.policies.of_task(bench.version.task_id)] == [0.97, None]


def test_refusals_change_nothing(bench: Bench, govern: Govern) -> None:
    for wanted, error in (
        ({"target": "2"}, UnfitValue), ({"always_llm": ["x=y"], "target": "0.97"}, UnfitValue), ({}, OperatorError),
        ({"min_rows": None}, OperatorError),
    ):  # fmt: skip
        with pytest.raises(error):
            govern.change("bank", MARIA, wanted)
    with pytest.raises(UnknownTask):
        govern.change("bnak", MARIA, TARGET)
    govern.change("bank", MARIA, TARGET)
    with pytest.raises(OperatorError, match="nothing would change"):
        govern.change("bank", MARIA, {"target": "97%"})
    with bench.store.read() as work:
        assert len(work.policies.of_task(bench.version.task_id)) == 1


def test_alpha_is_never_raised_once_a_candidate_has_entered_evidence(bench: Bench, govern: Govern) -> None:
    told = r"alpha may not be raised any more: 1 candidate has entered evidence at 5 %"
    for attempt in (govern.foresee, lambda task, wanted: govern.change(task, MARIA, wanted)):
        with pytest.raises(OperatorError, match=told):
            attempt("bank", {"alpha": 0.1})
    govern.change("bank", MARIA, {"alpha": 0.01})
    with pytest.raises(OperatorError, match="at 1 %"):
        govern.change("bank", MARIA, {"alpha": None})


def test_a_stricter_target_is_judged_on_the_same_counts_in_the_next_round(bench: Bench, govern: Govern) -> None:
    govern.change("bank", MARIA, {"target": "0.99"})
    bench.see(250)
    bench.promote.step()
    assert stage(bench) is Stage.SHADOW
    govern.change("bank", MARIA, {"target": "0.95"})
    assert bench.promote.step() == 1
    assert stage(bench) is Stage.CANARY
    assert [candidate.id for candidate in bench.candidates] == [bench.first.id]


@pytest.mark.parametrize(("target", "rows", "foreseen"), [("0.96", 400, "promoted"), ("0.995", 400, "hold")])
def test_a_dry_run_says_what_then_happens(target: str, rows: int, foreseen: str, bench: Bench, govern: Govern) -> None:
    bench.see(rows)
    (told,) = govern.foresee("bank", {"target": target})
    assert told.words == f"with target {float(target) * 100:g} %: 100 % coverage, would {told.outcome[6:]}"
    assert foreseen in told.outcome
    before = bench.version
    assert govern.foresee("bank", {"target": target}) == [told], "and it changes nothing"
    assert bench.version == before
    govern.change("bank", MARIA, {"target": target})
    bench.promote.step()
    assert (stage(bench) is Stage.CANARY) is ("promoted" in foreseen)
    assert [candidate.number for candidate in bench.candidates] == [prospect.number for prospect in told.prospects]


def test_autopilot_set_to_ask_waits_and_min_hours_hold(bench: Bench, govern: Govern) -> None:
    bench.see(400)
    assert govern.foresee("bank", {"autopilot": "ask"})[0].outcome == "would wait for a cutover"
    (told,) = govern.foresee("bank", {"min_hours": 24})
    assert told.outcome == "would hold"
    assert "different hours of the day; 24 are asked for" in told.prospects[0].said
    govern.change("bank", MARIA, {"min_hours": 24})
    bench.promote.step()
    assert stage(bench) is Stage.SHADOW
    govern.change("bank", MARIA, {"min_hours": None})
    bench.promote.step()
    assert stage(bench) is Stage.CANARY


def test_who_is_not_shown_to_be_above_a_raised_target_goes_back_and_keeps_its_evidence(
    bench: Bench, govern: Govern
) -> None:
    live(bench)
    (told,) = govern.foresee("bank", {"target": "0.999"})
    assert told.outcome == "would go back to the LLM until it is shown to be above the target"
    assert govern.foresee("bank", {"target": "0.96"})[0].outcome == "would go on serving"
    govern.change("bank", MARIA, {"target": "0.96"})
    assert stage(bench) is Stage.LIVE
    with bench.store.read() as work:
        before = work.predictions.promotion_counts(bench.first.id)
    govern.change("bank", MARIA, {"target": "0.999"})
    assert (bench.version.stage, bench.version.candidate_id, bench.version.held) == (Stage.SHADOW, None, False)
    assert last_reason(bench).startswith(
        "Policy changed (target 99.9 %, was 96 %) by maria: the auditors asked. Not yet"
    )
    assert [candidate.id for candidate in bench.candidates] == [bench.first.id]
    with bench.store.read() as work:
        assert work.predictions.promotion_counts(bench.first.id) == before
    govern.change("bank", MARIA, {"target": "0.95"})
    bench.promote.step()
    assert stage(bench) is Stage.CANARY


def test_a_label_left_to_the_llm_is_served_no_more_and_the_rest_is_red_until_proven(
    bench: Bench, govern: Govern
) -> None:
    live(bench)
    (told,) = govern.foresee("bank", {"always_llm": [name_of(bench, 1)]})
    assert told.outcome == "would go on serving less, in red until the gate has agreed to that"
    assert told.coverage == pytest.approx(2 / 3, abs=0.02)
    govern.change("bank", MARIA, {"always_llm": [name_of(bench, 1)]})
    with bench.store.read() as work:
        (published,) = work.mirror.table(audit_rate=0.05).versions
    assert published.champion is not None
    assert published.champion.slice == Slice(0.8, frozenset({(0, 1)}))
    assert (published.stage, published.share, published.forced) == (Stage.LIVE, 1.0, True)
    (candidate,) = bench.candidates
    assert (candidate.number, candidate.id) == (2, published.champion.candidate_id)
    bench.see(900, decider=AUDITED)
    bench.promote.step()
    assert (bench.version.stage, bench.version.forced) == (Stage.LIVE, False)
    assert last_reason(bench).startswith("The gate now agrees with the cut-over.")


def test_a_label_that_is_given_back_must_be_earned_beside_who_serves(bench: Bench, govern: Govern) -> None:
    govern.change("bank", MARIA, {"always_llm": [name_of(bench, 1)]})
    assert [c.slice.excluded for c in bench.candidates] == [frozenset({(0, 1)})]
    live(bench)
    serving = bench.version.candidate_id
    govern.change("bank", MARIA, {"always_llm": [name_of(bench, 2)]})
    narrow, wide = sorted(bench.candidates, key=lambda c: c.number)
    assert narrow.slice.excluded == {(0, 1), (0, 2)}
    assert wide.slice.excluded == {(0, 2)}
    assert bench.version.candidate_id == narrow.id != serving
    govern.change("bank", MARIA, {"always_llm": None})
    assert bench.version.candidate_id == narrow.id
    assert [c.slice.excluded for c in bench.candidates if c.id != narrow.id] == [frozenset()]
    bench.see(1200, decider=AUDITED)
    bench.promote.step()
    bench.promote.step()
    champion = next(c for c in bench.candidates if c.id == bench.version.candidate_id)
    assert champion.slice.excluded == frozenset()


def test_a_candidate_that_comes_later_leaves_the_label_alone_too(bench: Bench, govern: Govern) -> None:
    govern.change("bank", MARIA, {"always_llm": [name_of(bench, 0)]})
    assert bench.newcomer().slice.excluded == {(0, 0)}


def test_the_evidence_of_another_slice_starts_anew_with_the_next_alpha(bench: Bench, govern: Govern) -> None:
    bench.see(400)
    govern.change("bank", MARIA, {"always_llm": [name_of(bench, 2)]})
    (candidate,) = bench.candidates
    with bench.store.read() as work:
        assert work.predictions.promotion_counts(candidate.id).rows == 0
        assert work.candidates.get(bench.first.id).retired.startswith("Policy changed (always_llm ")  # type: ignore[union-attr]
    assert candidate.number == 2
    bench.promote.step()
    assert stage(bench) is Stage.SHADOW


def test_another_target_is_bet_on_with_another_threshold(bench: Bench, govern: Govern) -> None:
    """A student that is right where it is sure, and half right where it is less so."""
    rows = []
    for n in range(900):
        sure = n % 3 > 0
        guess = replace(bench.shelf.guess("", "", f"t{n}"), joint=0.99 - n / 100_000 if sure else 0.85 - n / 100_000)
        bench.shelf.says[f"t{n}"] = guess
        rows.append(bench.call(f"t{n}", answer=(1,) if sure or n % 2 else (2,)))
    bench.add(rows)
    bench.run()
    (told,) = govern.foresee("bank", TARGET)
    (new,) = [prospect for prospect in told.prospects if prospect.new]
    assert new.threshold > 0.9
    assert new.coverage == pytest.approx(2 / 3, abs=0.02)
    govern.change("bank", MARIA, TARGET)
    entered = bench.candidates[-1]
    assert (entered.number, entered.slice.threshold) == (new.number, new.threshold)
    assert not [prospect for prospect in govern.foresee("bank", {"target": 0.96})[0].prospects if prospect.new], (
        "the bets there are will do"
    )


def test_a_forced_champion_stays_an_operator_s_business(bench: Bench, govern: Govern) -> None:
    bench.see(40)
    Operate(bench.store, Policy(), lambda: bench.at).cutover("bank", MARIA, force=True)
    govern.change("bank", MARIA, {"target": "0.99"})
    assert (bench.version.stage, bench.version.forced) == (Stage.LIVE, True)


def test_the_detector_looks_at_the_past_again_at_another_target(bench: Bench) -> None:
    live(bench)
    bench.see(200, 4, decider=AUDITED)
    stricter, watch = Policy(target=0.99), Watch()
    with bench.store.read() as work:
        loose = watch.over(work, bench.version, bench.first, Policy()).value
        strict = watch.over(work, bench.version, bench.first, stricter).value
        assert strict == detector(work, bench.version, bench.first, stricter).value
    assert strict > loose


def test_tasks_are_merged_only_under_one_policy(bench: Bench, govern: Govern) -> None:
    other = found(bench.store, task="mail", teacher="gpt-5")
    arrange = Arrange(bench.store, lambda: bench.at)
    govern.change("bank", MARIA, {**TARGET, "min_rows": 300})
    govern.change("mail", MARIA, {"target": 0.97})
    with pytest.raises(OperatorError, match=r"bank and mail have policies of their own that differ in min_rows: make"):
        arrange.merge("bank", MARIA, ["mail"])
    govern.change("mail", MARIA, {"min_rows": 300})
    arrange.merge("bank", MARIA, ["mail"])
    assert other.now.task == "bank"
    assert setting(govern, "target").words == "97 %"
    arrange.split("bank", MARIA, [other.version_id], "post")
    assert {found.key: found.words for found in govern.standing("post")}["target"] == "97 %"


def test_a_change_reaches_every_version_of_the_task(bench: Bench, govern: Govern) -> None:
    sibling = found(bench.store, task_id=bench.version.task_id, teacher="gpt-5", created_at=bench.at + 1)
    moved = govern.change("bank", MARIA, TARGET)
    assert moved.id == sibling.version_id
    told = govern.foresee("bank", {})
    assert [foresight.version.id for foresight in told] == [bench.version_id, sibling.version_id]
    assert told[1].words == "with the policy as it is: would hold: there is no candidate yet"
    assert told[1].coverage is None
    assert last_reason(bench).startswith("Policy changed (target 97 %")


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (Operate.pause, "would stay paused"),
        (Operate.off, "would stay off"),
        (None, "would wait for somebody to resume the task"),
    ],
)
def test_a_dry_run_knows_who_was_stopped(
    act: Callable[..., object] | None, outcome: str, bench: Bench, govern: Govern
) -> None:
    operate = Operate(bench.store, Policy(), lambda: bench.at)
    if act is None:
        live(bench)
        operate.rollback("bank", MARIA)
    else:
        act(operate, "bank", MARIA)
    assert govern.foresee("bank", TARGET)[0].outcome == outcome
