"""An operator's commands."""

from dataclasses import replace

import pytest

from shadowbert.cli.context import operator
from shadowbert.domain.contract import Fill, Unlearnable
from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import Lineage, found
from tests.cli.conftest import Shell


@pytest.fixture
def ready(line: Lineage) -> Lineage:
    """Its candidate has passed the gate's test."""
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200)
    line.move(Stage.SHADOW)
    return line


def test_cutover_rollback_resume(shell: Shell, ready: Lineage) -> None:
    assert shell("cutover", "bank").stdout == "bank: now live at 100%\n"
    assert shell("rollback", "bank", "--why", "a complaint").stdout == "bank: now shadow (held)\n"
    assert shell("resume", "bank").stdout == "bank: now shadow\n"
    with ready.store.read() as work:
        verdicts = work.tasks.verdicts([ready.version_id])
    assert {v.by for v in verdicts[1:]} == {operator("").name}
    assert verdicts[2].why == "a complaint"


def test_cutover_in_part(shell: Shell, ready: Lineage) -> None:
    assert shell("cutover", "bank", "--share", "0.25").stdout == "bank: now canary at 25%\n"
    assert ready.now.share == 0.25


@pytest.mark.parametrize("share", ["0", "1.5", "half"])
def test_a_share_is_a_share(share: str, shell: Shell, ready: Lineage) -> None:
    result = shell("cutover", "bank", "--share", share)
    assert result.exit_code == 2
    assert "--share" in result.stderr
    assert ready.now.stage is Stage.SHADOW


def test_cutover_refuses_with_the_reason_and_force_goes_on(shell: Shell, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=30)
    said = shell.refused("cutover", "bank")
    assert said.startswith("the gate has not passed for bank: Not yet shown to agree on more than 95 %")
    assert said.endswith("--force skips the gate")
    assert line.now.stage is Stage.COLLECTING
    assert shell("cutover", "bank", "--force").stdout == "bank: now live at 100% (forced)\n"


def test_a_cutover_that_no_alarm_ends(shell: Shell, line: Lineage) -> None:
    line.evidence(line.candidate(line.student()), agree=30)
    assert shell.refused("cutover", "bank", "--hold") == "--hold switches the alarms off, which takes --force"
    done = shell("cutover", "bank", "--force", "--hold", "--why", "a launch")
    assert done.stdout == "bank: now live at 100% (forced) (alarms off)\n"
    assert "live forced alarms off" in shell("status").stdout
    assert "red: its alarms are switched off by" in " ".join(shell("status").stdout.split())
    assert "collecting -> live forced alarms off  promote" in shell("verdicts", "bank").stdout
    shell("rollback", "bank")
    assert "alarms" not in shell("status").stdout


def test_pause_and_off(shell: Shell, line: Lineage) -> None:
    assert shell("pause", "bank").stdout == "bank: now paused\n"
    assert shell.refused("pause", "bank") == "task bank is paused already"
    assert shell("off", "bank").stdout == "bank: now off\n"


def test_as_json(shell: Shell, ready: Lineage) -> None:
    assert shell.json("cutover", "bank") == {
        "task": "bank", "version": ready.version_id, "stage": "live", "share": 1.0, "forced": False, "held": False,
        "frozen": False,
        "alarms_off": False, "epoch": 2,
    }  # fmt: skip
    assert shell.json("rollback", "bank")["held"] is True
    assert shell.json("retrain", "bank") == {"task": "bank", "examples": 200, "queued": True}


def test_retrain(shell: Shell, line: Lineage) -> None:
    line.calls(20)
    assert shell("retrain", "bank").stdout == "bank: a training on 20 examples is queued\n"


def test_a_training_is_cancelled(shell: Shell, line: Lineage) -> None:
    line.calls(20)
    shell("retrain", "bank")
    assert shell("retrain", "bank", "--cancel", "--why", "not now").stdout == (
        "bank: the training on 20 examples is cancelled\n"
    )
    said = f"the latest training was cancelled by {operator('').name}: not now."
    assert f"  training   {said}\n" in shell("show", "bank").stdout
    assert shell.refused("retrain", "bank", "--cancel") == "task bank has no training to cancel"
    shell("retrain", "bank")
    assert shell.json("retrain", "bank", "--cancel") == {
        "task": "bank", "examples": 20, "queued": False, "training": "cancelled",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["cutover", "rollback", "pause", "resume", "off", "retrain"])
def test_an_unknown_task(command: str, shell: Shell, line: Lineage) -> None:
    assert shell.refused(command, "bnak") == "no task is called 'bnak'; known tasks: bank"


@pytest.mark.parametrize(("command", "said"), [("rollback", "nothing is answered locally"), ("resume", "to resume")])
def test_what_cannot_be_done_now(command: str, said: str, shell: Shell, line: Lineage) -> None:
    assert said in shell.refused(command, "bank")


def test_what_no_student_can_say_is_filled_left_out_or_left_to_the_llm(shell: Shell, line: Lineage) -> None:
    parts = (Unlearnable(("reason",), True, ("string",)), Unlearnable(("note",), False, ("string",)))
    free = found(line.store, task="free", contract=replace(line.now.contract, unlearnable=parts))
    waits = "1 of 3 fields learnable; cannot be answered locally because"
    assert f"{waits} `reason` is required and nobody has said whether `note` may be left out" in shell("status").stdout
    assert shell("fill", "free", "reason", "--value", '"n/a"').stdout == (
        'free: `reason` is filled with "n/a"; now collecting\n'
    )
    assert shell("fill", "free", "note", "--omit", "--why", "nobody reads it").stdout == (
        "free: `note` is left out; now collecting\n"
    )
    assert free.now.fills == {"reason": Fill("n/a"), "note": Fill(omitted=True)}
    shown = shell("show", "free").stdout
    assert 'reason: text, filled with "n/a"' in shown
    assert "note: text, left out" in shown
    assert "cannot be answered" not in shown
    assert shell("fill", "free", "reason", "--llm").exit_code == 0
    assert free.now.fills == {"note": Fill(omitted=True)}
    assert "say one of the three" in shell.refused("fill", "free", "reason")
    assert "this is none: n/a" in shell.refused("fill", "free", "reason", "--value", "n/a")
    (data,) = (one for one in shell.json("status") if one["task"] == "free")
    assert data["unlearnable"] == [
        {"name": "reason", "required": True, "types": ["string"], "fill": None},
        {"name": "note", "required": False, "types": ["string"], "fill": {"omit": True}},
    ]


def test_a_correction_by_label_and_by_field(shell: Shell, line: Lineage) -> None:
    first, second = line.labelled(("a", 1), ("b", 1))
    told = shell("label", "bank", first.exchange_id, "transfer", "--why", "a refund").stdout
    assert told == "bank: corrected to label=transfer; the next student learns it\n"
    data = shell.json("label", "bank", second.exchange_id, "label=account")
    assert (data["exchange"], data["answer"]) == (second.exchange_id, {"label": "account"})
    with line.store.read() as work:
        rows = {row.input: row for row in work.corrections.of_version(line.version_id)}
    assert (rows["a"].answer, rows["a"].why, rows["b"].answer) == ((2,), "a refund", (0,))
    assert rows["a"].by == operator("").name
    assert "2 inputs were corrected by people" in shell("show", "bank").stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere", "card"], "exchange nowhere is no call of task bank"),
        (["EXCHANGE", "cheese"], "label cannot be 'cheese'; it is one of account, card, transfer"),
        (["EXCHANGE", "mood=good"], "there is no field 'mood'; there are label"),
    ],
)
def test_a_correction_that_cannot_be(words: list[str], complaint: str, shell: Shell, line: Lineage) -> None:
    (call,) = line.labelled(("a", 1))
    typed = [word.replace("EXCHANGE", call.exchange_id) for word in words]
    assert shell.refused("label", "bank", *typed) == complaint
