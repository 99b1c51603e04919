"""What the page's forms do, through real HTTP."""

import re
from dataclasses import replace
from html import unescape

import pytest

from shadowbert.domain.contract import Fill, Unlearnable
from shadowbert.domain.records import Progress
from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.web.surface import Surface, alerts, said


def test_commands(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200)
    for verb, stage in (
        ("cutover", Stage.LIVE), ("rollback", Stage.SHADOW), ("resume", Stage.SHADOW), ("pause", Stage.PAUSED),
        ("off", Stage.OFF),
    ):  # fmt: skip
        reply = surface.submit(task="bank", verb=verb)
        assert (reply.status, reply.headers["location"]) == (303, "/shadowbert/task?name=bank")
        assert line.now.stage is stage
    assert surface.submit(task="bank", verb="retrain").status == 303
    with line.store.read() as work:
        assert work.jobs.open_count() == 1
        assert {v.by for v in work.tasks.verdicts([line.version_id])} == {"dashboard"}


def test_a_training_under_way_is_shown_and_cancelled(surface: Surface, line: Lineage) -> None:
    line.calls(40)
    assert "Cancel the training" not in surface.page("/shadowbert/task?name=bank").text
    with line.store.write() as work:
        job = work.jobs.queue(line.version_id, cause="asked", at=NOW)
        work.jobs.start(job.id, examples=40)
        work.jobs.note(job.id, Progress("fine-tuning", step=3, of=9, loss=0.41, seconds_left=40, student=1))
    told = "Training: student 1: fine-tuning, step 3 of 9, loss 0.41, about 40 s left"
    for path in ("/shadowbert/", "/shadowbert/task?name=bank"):
        assert told in said(surface.page(path))
    assert "Cancel the training" in surface.page("/shadowbert/task?name=bank").text
    assert surface.submit(task="bank", verb="retrain", cancel="1").status == 303
    text = said(surface.page("/shadowbert/task?name=bank"))
    assert "the next is trained at 200 examples; Cancelled by dashboard." in text
    assert "Cancel the training" not in text


def test_a_training_that_failed_is_called_so_before_there_is_a_student(surface: Surface, line: Lineage) -> None:
    line.calls(210)
    with line.store.write() as work:
        job = work.jobs.queue(line.version_id, cause="asked", at=NOW)
        work.jobs.finish(job.id, state="failed", message="out of memory", at=NOW)
    assert "Training: the latest training failed: out of memory" in said(surface.page())


def test_a_refused_command_tells_why_on_the_tasks_page(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=20)
    reply = surface.submit(task="bank", verb="cutover")
    assert reply.status == 409
    assert alerts(reply).startswith("the gate has not passed for bank")
    assert 'action="/shadowbert/command"' in reply.text
    assert surface.submit(task="bank", verb="cutover", force="on").status == 303
    assert line.now.forced


@pytest.mark.parametrize(
    ("count", "text"),
    [
        ("lots", "count: must be a whole number"),
        ("0", "count: must be at least 1"),
        ("99999", "count: must be at most 10,000"),
    ],
)
def test_a_number_that_does_not_fit_is_refused_in_words(count: str, text: str, surface: Surface, line: Lineage) -> None:
    line.calls(1)
    reply = surface.submit(task="bank", verb="draw", count=count)
    assert (reply.status, alerts(reply)) == (422, text)


def test_alarms_are_not_switched_off_by_half(surface: Surface, line: Lineage) -> None:
    line.evidence(line.candidate(line.student()), agree=20)
    reply = surface.submit(task="bank", verb="cutover", hold="on")
    told = "to let no alarm end it, tick as well: even if the gate has not passed"
    assert (reply.status, alerts(reply)) == (409, told)
    assert said(reply).count("even if the gate has not passed") == 2, "as its box is called"


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"task": "bnak", "verb": "pause"}, 404, "no task is called 'bnak'"),
        ({"task": "bank", "verb": "destroy"}, 409, "there is no command 'destroy'"),
        ({"task": "bank"}, 409, "there is no command ''"),
        ({}, 404, "no task is called ''"),
    ],
)
def test_what_no_form_of_ours_sends(
    fields: dict[str, str], status: int, text: str, surface: Surface, line: Lineage
) -> None:
    reply = surface.submit(**fields)
    assert reply.status == status
    assert text in said(reply)


@pytest.mark.parametrize("name", ["a/b", "..", "a b&c=d", "caf\u00e9", "%2F", "+"])
def test_any_name_can_be_commanded(name: str, surface: Surface, line: Lineage) -> None:
    odd = found(line.store, task=name)
    (link,) = re.findall(
        r'<h2><a href="(/shadowbert/task\?name=[^"]*)"><span class="name">(?!bank)', surface.page().text
    )
    assert f'name="task" value="{name.replace("&", "&amp;")}"' in surface.page(unescape(link)).text
    reply = surface.submit(task=name, verb="pause")
    assert reply.status == 303
    assert surface.page(reply.headers["location"]).status == 200
    assert odd.now.stage is Stage.PAUSED
    assert line.now.stage is Stage.COLLECTING


def test_what_no_student_can_say_is_filled_on_the_page(surface: Surface, line: Lineage) -> None:
    parts = (Unlearnable(("reason",), True, ("string",)), Unlearnable(("note",), False, ("string",)))
    free = found(line.store, task="free", contract=replace(line.now.contract, unlearnable=parts))
    text = said(surface.page("/shadowbert/task?name=free"))
    assert "1 of 3 fields learnable; cannot be answered locally because `reason` is required" in text
    assert surface.submit(task="free", verb="fill", field="reason", value='"n/a"', say="1").status == 303
    assert surface.submit(task="free", verb="fill", field="note", value="", omit="1").status == 303
    assert free.now.fills == {"reason": Fill("n/a"), "note": Fill(omitted=True)}
    assert 'filled with "n/a"' in said(surface.page("/shadowbert/task?name=free"))
    assert surface.submit(task="free", verb="fill", field="reason", value="x", llm="1").status == 303
    assert free.now.fills == {"note": Fill(omitted=True)}
    refused = surface.submit(task="free", verb="fill", field="reason", say="1")
    assert "this is none:" in alerts(refused)


def test_a_cutover_that_no_alarm_ends_is_red_all_the_time(surface: Surface, line: Lineage) -> None:
    line.evidence(line.candidate(line.student()), agree=300)
    assert surface.submit(task="bank", verb="cutover", hold="on").status == 409
    assert surface.submit(task="bank", verb="cutover", force="on", hold="on", why="a launch").status == 303
    assert (line.now.forced, line.now.alarms_off) == (False, True)
    reply = surface.page("/shadowbert/task?name=bank")
    assert "card red" in reply.text
    assert "Its alarms are switched off by dashboard: a launch." in said(reply)
    assert "Let the student answer" in said(reply), "the same without the box switches them on again"
    surface.submit(task="bank", verb="cutover")
    assert not line.now.alarms_off
    assert "alarm" not in said(surface.page())
