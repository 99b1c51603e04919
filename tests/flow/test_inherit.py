"""Carrying examples over, on a real store: versions that collect finds in OpenAI's own JSON as a prompt changes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.evidence import Ruling
from shadowbert.domain.records import Inherited, VerdictRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.carryover import Replied
from shadowbert.flow.collect import Collect
from shadowbert.flow.history import replay
from shadowbert.flow.inherit import Check, Choice, Inherit
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.train import Train
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, answered, asked, texts
from shadowbert.testing.factories import LABELS, SCHEMA, SYSTEM, TEACHER
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import found
from tests.flow.test_collect import AT, put, versions

MARIA = Operator("maria", "only a comma moved")
NEWEST = Choice()
POLITE = f"{SYSTEM[:-1]}, please."
TASK = "banking-intent"
OLD, NEW = 60, 24
Label = Callable[[int], str]


def even(number: int) -> str:
    return LABELS[number % 3]


def said(number: int, system: str, label: Label, **changes: Any) -> Any:
    text = texts(number + 1)[number]
    return a_call(text, request_body=asked(text, system=system, **changes), response_body=answered(label(number)))


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    at = count()
    return Collect(sqlite_store, lambda: AT + next(at))


@pytest.fixture
def inherit(collect: Collect) -> Inherit:
    """Sixty examples, then twenty-four of a version whose prompt is a word politer; five inputs are in both."""
    put(collect, [said(n, SYSTEM, even) for n in range(OLD)])
    put(collect, [said(n, POLITE, even) for n in range(OLD - 5, OLD - 5 + NEW)])
    return Inherit(collect.ledger, lambda: AT)


def pair(collect: Collect) -> tuple[VersionRow, VersionRow]:
    old, new = versions(collect)
    assert (old.task, new.task) == (TASK, TASK)
    return old, new


def last_verdict(collect: Collect, version: VersionRow) -> VerdictRow:
    with collect.ledger.read() as work:
        return work.tasks.verdicts([version.id])[-1]  # type: ignore[attr-defined, no-any-return]


def replies(check: Check, label: Callable[[str], str]) -> list[Replied]:
    """What a teacher says who sees the old label."""
    asked_now = [check.questions.every[at].old[0] for at in range(len(check.questions.every))]
    return [Replied(answered(label(LABELS[old])), "application/json") for old in asked_now]


def test_a_plan_says_what_would_be_carried(collect: Collect, inherit: Inherit) -> None:
    old, new = pair(collect)
    plan = inherit.plan(TASK, NEWEST)
    assert (plan.version, plan.source) == (new.id, old.id)
    assert (plan.examples, plan.known, plan.fields) == (OLD - 5, NEW, ("label",))
    assert (plan.lost, plan.changes) == ({}, ("the prompt",))
    assert inherit.plan(TASK, Choice(new.id, old.id)) == plan
    assert pair(collect)[1].inherits == (), "a plan changes nothing"


def test_an_operator_carries_examples_over_and_gives_them_up(collect: Collect, inherit: Inherit) -> None:
    old, new = pair(collect)
    moved = inherit.allow(TASK, MARIA, NEWEST)
    assert moved.inherits == (Inherited(old.id, OLD + NEW),)
    verdict = last_verdict(collect, new)
    assert (verdict.by, verdict.why, verdict.verdict.numbers) == ("maria", "only a comma moved", {"examples": 55.0})
    assert verdict.verdict.reason == (f"55 examples of version {old.id} carried over by maria: only a comma moved.")
    assert (moved.stage, moved.epoch, moved.stage_seq) == (new.stage, new.epoch + 1, new.stage_seq)
    with pytest.raises(OperatorError, match=r"has no example that version .* does not know"):
        inherit.plan(TASK, NEWEST)
    given_up = inherit.give_up(TASK, MARIA, NEWEST)
    assert given_up.inherits == ()
    assert last_verdict(collect, new).verdict.reason.startswith("55 inherited examples given up by maria")
    with pytest.raises(OperatorError, match=f"version {new.id} of task {TASK} inherits nothing"):
        inherit.give_up(TASK, MARIA, NEWEST)
    with collect.ledger.read() as work:
        rows = work.tasks.verdicts([new.id])  # type: ignore[attr-defined]
    state = replay(new, rows)
    assert (state.epoch, state.stage) == (given_up.epoch, given_up.stage)


def test_a_version_trains_its_first_student_at_once_and_retrain_counts_what_it_inherits(
    collect: Collect, inherit: Inherit, tmp_path: Path
) -> None:
    operate, trainer = Operate(collect.ledger, Policy(), lambda: AT), ScriptedTrainer()
    train = Train(collect.ledger, trainer, Policy(first_training=70), Recipes(), tmp_path, lambda: AT)
    assert not train.step()
    inherit.allow(TASK, MARIA, NEWEST)
    assert train.step()
    lines = (trainer.started[0].folder / "examples.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["input"] for line in lines] == list(texts(OLD - 5 + NEW))
    assert operate.retrain(TASK, MARIA) == OLD - 5 + NEW


def test_labels_that_are_none_any_more_are_told_and_left_out(collect: Collect, inherit: Inherit) -> None:
    new = pair(collect)[1]
    narrow = Contract((Field(("label",), ("card", "loan")),), "c1:narrow")
    found(collect.ledger, task_id=new.task_id, task=TASK, contract=narrow, created_at=AT + 1_000)  # type: ignore[arg-type]
    plan = inherit.plan(TASK, NEWEST)
    assert (plan.source, plan.examples, plan.known) == (versions(collect)[0].id, 20, 0)
    assert plan.lost == {"label": {"account": 20, "transfer": 20}}
    assert plan.changes == ("the answers that are allowed",)


def test_refusals_say_why(collect: Collect, inherit: Inherit) -> None:
    old, new = pair(collect)
    more = Contract((*new.contract.fields, Field(("urgent",), (False, True))), "c1:more")
    found(collect.ledger, task_id=new.task_id, task=TASK, contract=more, created_at=AT + 1_000)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="field urgent is new: old answers do not say it"):
        inherit.plan(TASK, NEWEST)
    with pytest.raises(OperatorError, match=f"no version before {old.id} to inherit from"):
        inherit.plan(TASK, Choice(old.id))
    with pytest.raises(OperatorError, match="cannot inherit from itself"):
        inherit.plan(TASK, Choice(old.id, old.id))
    with pytest.raises(OperatorError, match="no version begins with 'nothing'"):
        inherit.plan(TASK, Choice("nothing"))
    with pytest.raises(OperatorError, match="several versions begin with '0'"):
        inherit.plan(TASK, Choice("0"))
    with pytest.raises(UnknownTask, match="no task is called 'bank'"):
        inherit.plan("bank", NEWEST)
    other = Contract((Field(("label",), ("x", "y")),), "c1:other")
    found(collect.ledger, task_id=new.task_id, task=TASK, contract=other, created_at=AT + 2_000)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="does not know; their labels are none any more"):
        inherit.plan(TASK, NEWEST)


def test_a_version_that_was_replaced_is_taught_nothing_more(collect: Collect, inherit: Inherit) -> None:
    """Neither by name nor after a check during which an operator edited its template."""
    old, new = pair(collect)
    check = inherit.check(TASK, NEWEST, 60)
    with collect.ledger.write() as work:
        work.tasks.replace(new.id, old.id)
    for act in (
        lambda: inherit.allow(TASK, MARIA, Choice(new.id, old.id)),
        lambda: inherit.judge(check, replies(check, str), MARIA),
    ):
        with pytest.raises(OperatorError, match=f"version {new.id} .* was replaced: version {old.id} is there"):
            act()


def test_what_a_version_inherited_comes_along(collect: Collect, inherit: Inherit) -> None:
    old, new = pair(collect)
    inherit.allow(TASK, MARIA, NEWEST)
    put(collect, [said(n, f"{POLITE} Thanks!", even) for n in range(200, 200 + NEW)])
    plan = inherit.plan(TASK, NEWEST)
    assert (plan.source, plan.examples) == (new.id, OLD - 5 + NEW)
    assert plan.inherits == (Inherited(new.id, OLD + 2 * NEW), Inherited(old.id, OLD + NEW))
    again = inherit.allow(TASK, MARIA, NEWEST)
    assert again.inherits == plan.inherits
    put(collect, [said(n, SYSTEM, even) for n in range(300, 310)])
    later = inherit.plan(TASK, Choice(again.id, old.id))
    assert (later.examples, later.known) == (10, OLD - 5 + 2 * NEW)
    assert later.inherits == (Inherited(old.id, OLD + 2 * NEW + 10), Inherited(new.id, OLD + 2 * NEW))


def test_a_check_asks_old_inputs_as_the_new_versions_callers_do(collect: Collect, inherit: Inherit) -> None:
    check = inherit.check(TASK, NEWEST, 30)
    bodies = [orjson.loads(question.body) for question in check.questions.every]
    assert [body["messages"][0]["content"] for body in bodies] == [POLITE] * 30
    inputs = [body["messages"][1]["content"] for body in bodies]
    assert len(set(inputs)) == 30
    assert set(inputs) <= set(texts(OLD))
    assert {body["model"] for body in bodies} == {TEACHER}
    olds = [question.old[0] for question in check.questions.every]
    assert [olds.count(label) for label in range(3)] == [10, 10, 10]
    assert [question.old for question in check.questions.every] == [
        (list(texts(OLD)).index(text) % 3,) for text in inputs
    ]
    asked_of = check.questions
    assert asked_of.tokens is not None
    assert (asked_of.model, asked_of.upstream, asked_of.tokens.prompt) == (TEACHER, "", 40.0)
    assert inherit.check(TASK, NEWEST, 30) == check, "asking again asks the same"


def test_labels_that_did_not_move_are_carried_over(collect: Collect, inherit: Inherit) -> None:
    old, new = pair(collect)
    check = inherit.check(TASK, NEWEST, 100)
    assert len(check.questions.every) == OLD
    judgement = inherit.judge(check, replies(check, str), MARIA)
    assert (judgement.comparison.passed, judgement.comparison.equal, judgement.comparison.rows) == (True, OLD, OLD)
    assert judgement.version.inherits == check.plan.inherits
    verdict = last_verdict(collect, new)
    assert verdict.verdict.ruling is Ruling.PASS
    assert verdict.verdict.reason == (
        f"55 examples carried over after a check by maria: only a comma moved. "
        f"60 of 60 labels of version {old.id} did not move (at least 95.1%)."
    )
    assert verdict.verdict.numbers == {
        "equal": 60.0, "rows": 60.0, "bound": judgement.comparison.bound, "unfit": 0.0, "unanswered": 0.0,
        "examples": 55.0,
    }  # fmt: skip


def test_labels_that_moved_are_refused_and_told(collect: Collect, inherit: Inherit) -> None:
    new = pair(collect)[1]
    check = inherit.check(TASK, NEWEST, 60)
    judgement = inherit.judge(check, replies(check, lambda old: "transfer" if old == "card" else old), MARIA)
    assert not judgement.comparison.passed
    assert judgement.comparison.moved == {("label", "card", "transfer"): 20}
    assert judgement.version.inherits == ()
    verdict = last_verdict(collect, new).verdict
    assert (verdict.ruling, verdict.numbers["examples"]) == (Ruling.FAIL, 0.0)
    assert verdict.reason.startswith("Nothing carried over after a check by maria")
    assert "40 of 60 labels" in verdict.reason
    assert verdict.reason.endswith("Moved: label card → transfer 20 times.")
    assert verdict.missing == "labels of which at least 90% did not move"


def test_refusals_and_invalid_answers_moved_and_no_answer_is_none(collect: Collect, inherit: Inherit) -> None:
    check = inherit.check(TASK, NEWEST, 60)
    said_now: list[Replied | None] = [*replies(check, str)]
    refusal = orjson.loads(answered("card"))
    refusal["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I cannot say."}
    said_now[:4] = [
        Replied(orjson.dumps(refusal), "application/json"),
        Replied(answered("loan"), "application/json"),
        Replied(b"<html>", "text/html"),
        None,
    ]
    found = inherit.judge(check, said_now, MARIA).comparison
    assert (found.equal, found.rows, found.unanswered) == (56, 59, 1)
    assert sum(found.unfit.values()) == 3
    assert {"refusal", "invalid_against_schema"} <= found.unfit.keys()


def test_a_check_of_too_few_is_refused_before_it_costs_anything(collect: Collect, inherit: Inherit) -> None:
    with pytest.raises(OperatorError, match="a check of 28 inputs cannot pass: it takes at least 29"):
        inherit.check(TASK, NEWEST, 28)
    with collect.ledger.write() as work:
        work.exchanges.forget_payloads(AT * 2)
    with pytest.raises(OperatorError, match="no request that could be repeated: their bodies are gone"):
        inherit.check(TASK, NEWEST, 29)


def test_a_check_where_hardly_an_input_fits_is_refused(collect: Collect) -> None:
    many = {**SCHEMA, "description": "One of three."}
    put(collect, [said(n, SYSTEM, even) for n in range(24)])
    put(collect, [said(n, SYSTEM, even, schema=many) for n in range(100, 124)])
    inherit = Inherit(collect.ledger, lambda: AT)
    with pytest.raises(OperatorError, match=r"only 24 of 24 old inputs .* a check takes at least 29"):
        inherit.check(TASK, NEWEST, 29)


def test_calls_that_name_a_deployment_are_not_repeated(collect: Collect, inherit: Inherit) -> None:
    put(collect, [replace(said(n, POLITE, even), deployment=TEACHER) for n in range(500, 502)])
    with pytest.raises(OperatorError, match="name the model in their path"):
        inherit.check(TASK, NEWEST, 29)


@pytest.mark.parametrize("stream", ["banking77-gpt4", "trec-gold"])
def test_real_streams_go_on_after_a_change_of_the_prompt(stream: str, collect: Collect, tmp_path: Path) -> None:
    file = Path(__file__).parents[2] / f"../shared/data/{stream}.jsonl"
    if not file.exists():
        pytest.skip("no streams beside this checkout")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()[:260]]
    exchanges = [_of_stream(row, rows, SYSTEM if at < 230 else POLITE) for at, row in enumerate(rows)]
    put(collect, exchanges[:230])
    put(collect, exchanges[230:])
    inherit = Inherit(collect.ledger, lambda: AT)
    task = versions(collect)[0].task
    trainer = ScriptedTrainer()
    train = Train(collect.ledger, trainer, Policy(first_training=240), Recipes(), tmp_path, lambda: AT)
    assert not train.step()
    heir = inherit.allow(task, MARIA, NEWEST)
    assert train.step()
    order = json.loads((trainer.started[0].folder / "job.json").read_text("utf-8"))
    assert order["contract"] == heir.contract.to_json()
    assert len((trainer.started[0].folder / "examples.jsonl").read_text("utf-8").splitlines()) >= 250


def _of_stream(row: dict[str, Any], rows: Sequence[dict[str, Any]], system: str) -> Any:
    teacher = row["teacher"] if isinstance(row["teacher"], dict) else {"label": row["teacher"]}
    seen = [r["teacher"] if isinstance(r["teacher"], dict) else {"label": r["teacher"]} for r in rows]
    schema = {
        "type": "object",
        "properties": {key: {"enum": sorted({one[key] for one in seen})} for key in teacher},
        "required": list(teacher),
        "additionalProperties": False,
    }
    request = asked(row["text"], system=system, schema=schema)
    reply = answered("", text=orjson.dumps(teacher).decode())
    return a_call(row["text"], request_body=request, response_body=reply)
