"""What no student can say: nothing is promoted or answered before an operator has said what to put there."""

from dataclasses import replace

import orjson
import pytest

from shadowbert.domain.contract import Contract, Fill, Unlearnable
from shadowbert.domain.evidence import Move
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import CutoverRefused, OperatorError
from shadowbert.flow.fills import check_fill, described, fill_of
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.recognition.contract import read_contract
from shadowbert.store.store import Store
from shadowbert.testing.factories import LABELS, version
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.answering import Scene, chat

MARIA = Operator("maria", "agreed with the team")
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 10},
        "label": {"type": "string", "enum": list(LABELS)},
        "note": {"type": ["integer", "null"]},
    },
    "required": ["reason", "label"],
    "additionalProperties": False,
}
REASON, NOTE = Unlearnable(("reason",), True, ("string",)), Unlearnable(("note",), False, ("integer", "null"))
SAID = {"reason": Fill("n/a"), "note": Fill(omitted=True)}


def contract() -> Contract:
    read = read_contract(SCHEMA)
    assert read is not None
    return read


@pytest.fixture
def proven(sqlite_store: Store) -> Lineage:
    """Its candidate has passed the gate's test on what can be learnt."""
    line = found(sqlite_store, contract=contract())
    line.evidence(line.candidate(line.student()), agree=400)
    line.move(Stage.SHADOW)
    return line


def test_the_gate_waits_for_every_part(proven: Lineage) -> None:
    operate, promote = (
        Operate(proven.store, Policy(), lambda: NOW),
        Promote(proven.store, Policy(), lambda: NOW),
    )
    assert promote.step() == 0
    with pytest.raises(CutoverRefused, match=r"`note`, `reason`.*shadowbert fill bank note --value JSON or --omit"):
        operate.cutover("bank", MARIA)
    operate.fill("bank", MARIA, "note", Fill(omitted=True))
    assert promote.step() == 0
    with pytest.raises(CutoverRefused, match=r"there: `reason`\. .*shadowbert fill bank reason --value JSON\)"):
        operate.cutover("bank", MARIA)
    operate.fill("bank", MARIA, "reason", Fill("n/a"))
    assert proven.now.fills == SAID
    assert promote.step() == 1
    assert proven.now.stage is Stage.CANARY
    operate.fill("bank", MARIA, "reason", None)
    assert (proven.now.stage, proven.now.unfilled) == (Stage.CANARY, (REASON,))


def test_a_filling_is_one_verdict_that_moves_nothing(proven: Lineage) -> None:
    before = proven.now
    filled = Operate(proven.store, Policy(), lambda: NOW).fill("bank", MARIA, "reason", Fill("n/a"))
    with proven.store.read() as work:
        *_, told = work.tasks.verdicts([proven.version_id])
        (published,) = work.mirror.table(audit_rate=0.05).versions
    assert (told.by, told.why, told.verdict.move) == ("maria", "agreed with the team", Move.STEP)
    assert told.verdict.reason == '`reason` filled with "n/a" by maria: agreed with the team.'
    assert replace(filled, fills={}, epoch=0, stage_seq=0) == replace(before, epoch=0, stage_seq=0)
    assert (published.fills, published.unfilled) == ({"reason": Fill("n/a")}, (NOTE,))


@pytest.mark.parametrize(
    ("name", "fill", "said"),
    [
        ("reason", Fill(omitted=True), "every answer must have `reason`"),
        ("reason", Fill(3), "`reason` is text: 3 would be no answer"),
        ("reason", Fill(None), "null would be no answer"),
        ("note", Fill(True), "`note` is a whole number or nothing: true would be no answer"),
        ("note", Fill(0.5), "0.5 would be no answer"),
        ("note", Fill(float("nan")), "JSON has no such number"),
        ("label", Fill("card"), "no field 'label' to be filled; there is note, reason"),
    ],
)
def test_what_cannot_be_filled_in(proven: Lineage, name: str, fill: Fill, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        Operate(proven.store, Policy(), lambda: NOW).fill("bank", MARIA, name, fill)
    assert proven.now.fills == {}


def test_a_whole_number_is_a_number_and_anything_goes_where_nothing_is_said() -> None:
    check_fill(Unlearnable(("score",), True, ("number",)), Fill(1))
    check_fill(Unlearnable(("meta",), True, ()), Fill({"a": [1]}))
    check_fill(REASON, None)


def test_one_thing_is_asked_for() -> None:
    assert fill_of(value='{"a": 1}', omit=False, llm=False) == Fill({"a": 1})
    assert fill_of(value=None, omit=True, llm=False) == Fill(omitted=True)
    assert fill_of(value=None, omit=False, llm=True) is None
    assert described(fill_of(value='"très"', omit=False, llm=False)) == 'filled with "très"'
    for given in ({"value": None, "omit": False}, {"value": "1", "omit": True}):
        with pytest.raises(OperatorError, match="say one of the three"):
            fill_of(**given, llm=False)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="double quotes; this is none: n/a"):
        fill_of(value="n/a", omit=False, llm=False)
    with pytest.raises(OperatorError, match="this is none"):
        fill_of(value='"\\ud800"', omit=False, llm=False)
    with pytest.raises(OperatorError, match=r"this is none: \[{200}\.\.\.$"):
        fill_of(value="[" * 100_000, omit=False, llm=False)


def a_call() -> bytes:
    strict = {"type": "json_schema", "json_schema": {"name": "bank", "strict": True, "schema": SCHEMA}}
    return chat(response_format=strict)


@pytest.mark.parametrize(
    ("fills", "label"),
    [
        ({}, "llm:unlearnable"),
        ({"reason": Fill("n/a")}, "llm:unlearnable"),
        (SAID, "student"),
        ({"reason": Fill("longer than ten"), "note": Fill(omitted=True)}, "llm:invalid_answer"),
    ],
)
async def test_who_answers(fills: dict[str, Fill], label: str) -> None:
    scene = Scene()
    scene.stages.show(version(contract=contract(), fills=fills))
    await scene.call(a_call())
    assert scene.row.route.label == label
    assert scene.row.call is not None
    assert scene.row.call.eligible == (label != "llm:unlearnable")


async def test_the_fillings_stand_where_the_schema_has_them() -> None:
    scene = Scene()
    scene.stages.show(version(contract=contract(), fills={"reason": Fill("né"), "note": Fill(7)}))
    client = await scene.call(a_call())
    content = orjson.loads(b"".join(client.pieces))["choices"][0]["message"]["content"]
    assert content == '{"reason":"né","label":"card","note":7}'


async def test_in_shadow_the_call_is_evidence() -> None:
    scene = Scene()
    scene.stages.show(version(Stage.SHADOW, contract=contract()))
    await scene.call(a_call())
    assert scene.row.route.label == "llm:shadow"
    assert scene.row.call is not None
    assert scene.row.call.eligible


async def test_probabilities_of_such_an_answer_are_the_llms() -> None:
    scene = Scene()
    scene.stages.show(version(contract=contract(), fills=SAID))
    strict = {"type": "json_schema", "json_schema": {"name": "bank", "strict": True, "schema": SCHEMA}}
    await scene.call(chat(response_format=strict, logprobs=True))
    assert scene.row.route.label == "llm:logprobs"
