"""The page through real HTTP: what it shows, and that nothing in it can run."""

import re
from html import unescape
from pathlib import Path

from shadowbert.domain.card import Agreed, FieldCard
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.task import Policy, Stage
from shadowbert.store.store import Store
from shadowbert.testing.cards import TOPIC, a_card
from shadowbert.testing.lineage import SERVED, Lineage, found
from tests.flow.stationed import Bench
from tests.flow.test_challenge import serving
from tests.flow.test_leaving import BAD, says
from tests.web.surface import Surface, alerts, said

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


# What it shows.


def test_no_task(surface: Surface) -> None:
    assert "About 20 different calls with the same closed set of answers make a task." in said(surface.page())


def test_a_collecting_task(surface: Surface, line: Lineage) -> None:
    line.calls(57)
    text = said(surface.page())
    assert "bank collecting teacher gpt-4o-2024-08-06 · 57 examples · 0 students" in text
    assert "Missing: 143 more examples until the first student" in text
    assert "The LLM answers. 57 calls in all." in text
    assert "<svg" not in surface.page().text


def test_a_cap_on_callers_is_told_without_their_names(surface: Surface, line: Lineage) -> None:
    line.labelled(*[(f"a {n}", n % 2) for n in range(60)], caller="f00dc0de")
    line.labelled(*[(f"b {n}", n % 2) for n in range(20)], caller="c0ffee")
    assert "callers" not in said(surface.page("/shadowbert/task?name=bank"))
    surface.policy = Policy(caller_share=0.5)
    reply = surface.page("/shadowbert/task?name=bank")
    assert "2 callers, none of which teaches more than 50 %; 40 examples beyond that are left out." in said(reply)
    assert "f00dc0de" not in reply.text


def test_a_task_in_shadow_has_its_figures_and_its_curve(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=57, disagree=3, unsure=20)
    line.move(Stage.SHADOW)
    reply = surface.page()
    text = said(reply)
    assert "Agreement 95.0 % 57 of 60 inputs" in text
    assert "lower bound · target 95.0 %" in text
    assert "Coverage 75.0 % of calls it is sure of" in text
    assert reply.text.count("<polyline") == 2
    assert "more agreeing calls" in text


def test_a_live_task_says_who_answers(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=100)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    line.calls(3, route=SERVED)
    line.calls(1, route=Route(Source.LLM, Reason.UNSURE, Decider.STUDENT, 0.05))
    text = said(surface.page())
    assert "The student answered 75.0 % of 4 calls since this stage began, 3 of 104 in all." in text
    assert "Median time 4.0 ms LLM 640 ms" in text
    assert "card red" not in surface.page().text
    assert "the student was not sure 1" in said(surface.page("/shadowbert/task?name=bank"))


def test_a_canary_without_a_call_yet(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=100)
    line.move(Stage.CANARY, share=0.05, candidate=candidate)
    text = said(surface.page())
    assert "bank canary 5%" in text
    assert "No call yet since this stage began." in text


def test_raised_audits_are_told_with_their_reason(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=60)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    with line.store.write() as work:
        work.marks.set(line.version_id, seq=work.exchanges.last_seq(), note="replies are signed another model now")
        work.tasks.set_audit_rate(line.version_id, 0.25)
    for path in ("/shadowbert/", "/shadowbert/task?name=bank"):
        assert "Audits raised to 25 %: the LLM signs its replies as another model." in said(surface.page(path))


def test_a_challenger_that_waits_for_a_person_can_be_let_in(surface: Surface) -> None:
    surface.policy = Policy(autopilot=False)
    serving(Bench(surface.store, policy=surface.policy), covered=100)
    text = said(surface.page("/shadowbert/task?name=bank"))
    assert "Missing: an operator's cutover: candidate 2 may take over and would answer more" in text
    assert "Let the student answer" in text


def test_a_challenger_that_gains_nothing_says_what_it_lacks_and_is_not_offered(surface: Surface) -> None:
    surface.policy = Policy(autopilot=False)
    serving(Bench(surface.store, policy=surface.policy), covered=200)
    text = said(surface.page("/shadowbert/task?name=bank"))
    assert "Missing: clearly more coverage than what serves has" in text
    assert "Let the student answer" not in text


def test_red_tasks_come_first_and_say_why(surface: Surface, line: Lineage) -> None:
    found(line.store, task="alerts")
    candidate = line.candidate(line.student())
    line.move(Stage.LIVE, share=1.0, candidate=candidate, forced=True)
    reply = surface.page()
    assert reply.text.count("card red") == 1
    assert reply.text.index("card red") < reply.text.index("alerts")
    assert "Cut over by force: the gate has not agreed yet." in said(reply)
    assert "The latest audits do not support the target." in said(reply)


def test_what_serves_leads_and_the_newer_version_is_named(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=100)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    found(line.store, task_id=line.now.task_id, created_at=line.now.created_at + 1)
    page = said(surface.page())
    assert "bank live" in page
    assert "Another version does not answer yet: collecting, 0 examples" in page
    reply = surface.page("/shadowbert/task?name=bank")
    assert reply.text.count("<article") == 2
    for verb in ("retrain", "rename"):
        assert reply.text.count(f'value="{verb}"') == 1, "a command means the task"
    assert "Roll back to the LLM" in reply.text


def test_the_tasks_own_page(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=40, disagree=2)
    surface.submit(task="bank", verb="cutover", force="on", why="the launch is on Monday")
    text = said(surface.page("/shadowbert/task?name=bank"))
    assert "Candidate 1 serving student 1, probe, sure from 0.900" in text
    assert "40 of 42 agree (95.2 %)" in text
    assert "label 3 labels account card transfer" in text
    assert "collecting → live (forced) : Cut over by dashboard, forced." in text.replace(
        "live (forced):", "live (forced) :"
    )
    assert "the launch is on Monday" in text


def test_77_labels_and_two_fields(surface: Surface, line: Lineage) -> None:
    labels = tuple(sorted(f"intent-{n}" for n in range(77)))
    contract = Contract((Field(("a", "intent"), labels), Field(("urgent",), (False, True), required=False)), "h")
    found(line.store, task="many", contract=contract)
    text = said(surface.page("/shadowbert/task?name=many"))
    assert "a.intent 77 labels" in text
    assert "intent-76" in text
    assert "urgent 3 labels false true (left out)" in text


def test_labels_that_stand_and_that_left(surface: Surface, sqlite_store: Store) -> None:
    bench = Bench(sqlite_store)
    says(bench, 0, 120)
    says(bench, BAD, 10, 10)
    bench.promote.step()
    says(bench, 0, 90)
    text = said(surface.page("/shadowbert/task?name=bank"))
    assert "Label by label: 1 certified by itself, 1 agreeing too seldom" in text
    assert "label=transfer 10 of 20 (50.0 %) left on 2025-10-09 08:53:20 UTC" in text
    assert "label=transfer agrees less often than 93 %, as its own calls show: 10 of 20 agree (50 %)." in text


def test_trouble_of_the_house_is_told(surface: Surface) -> None:
    surface.wrong["journal"] = "12 rows could not be written"
    surface.wrong["mirror"] = None
    assert "journal : 12 rows could not be written" in said(surface.page()).replace("journal:", "journal :")
    assert "mirror" not in said(surface.page())


def test_an_unknown_task_leads_home(surface: Surface, line: Lineage) -> None:
    reply = surface.page("/shadowbert/task?name=bnak")
    assert (reply.status, alerts(reply)) == (404, "no task is called 'bnak'; known tasks: bank")
    assert surface.page("/shadowbert/task").status == 404


def test_a_store_that_does_not_answer_is_not_shown_as_an_empty_one(
    surface: Surface, line: Lineage, tmp_path: Path
) -> None:
    line.store.close()
    (tmp_path / "store.db").unlink()
    (tmp_path / "store.db").mkdir()
    for reply in (
        surface.page(),
        surface.page("/shadowbert/task?name=bank"),
        surface.submit(task="bank", verb="pause"),
    ):
        assert reply.status == 503
        assert "the database refused" in alerts(reply)
        assert "No task yet" not in reply.text


def test_students_to_come(surface: Surface, line: Lineage) -> None:
    for number, (examples, coverage) in enumerate(((200, 0.0), (400, 0.18), (800, 0.48), (1600, 0.58)), start=1):
        line.student(number=number, examples=examples, agreement=0.9, coverage=coverage, target=0.95)
    reply = surface.page("/shadowbert/task?name=bank")
    assert "Students to come 60 % of calls at 95 % agreement after about " in said(reply)
    assert "The next student is trained at 200 examples." in said(reply)
    assert reply.text.count('class="student"') == 4
    assert "60.0 % of calls" in said(reply)


def test_a_drawing_that_rests_on_fewer_calls_than_the_figures_says_so(surface: Surface) -> None:
    bench = Bench(surface.store)
    for label in (0, 1, BAD):
        says(bench, label, 60)
    bench.promote.step()
    assert "Drawn are" not in said(surface.page())
    says(bench, 0, 30, audits=True)
    says(bench, BAD, 0, 12, audits=True)
    bench.promote.step()
    says(bench, 1, 10, audits=True)
    text = said(surface.page())
    assert "160 of 160 inputs" in text
    assert "Drawn are its own checked calls alone: 10, where the figures above rest on 160 inputs." in text


def test_what_the_examples_are_worth(surface: Surface, line: Lineage) -> None:
    line.labelled(*[(f"t{n % 20}", n % 2) for n in range(40)], ("seldom", 2))
    text = said(surface.call("GET", "/shadowbert/task?name=bank", surface.session))
    assert "21 examples; 20 inputs were asked more than once, 0 of them got different answers" in text
    assert "Not learnable yet: label transfer (1); the LLM answers these." in text


def test_a_student_s_card(surface: Surface, line: Lineage) -> None:
    evil = FieldCard("label", (EVIL, "fine"), Agreed(1, 2, 0.01, 0.99), ((0, 0, 1), (1, 0, 1)))
    surface.cards["one"] = a_card(fields=(TOPIC, evil))
    line.student(artifact="one", coverage=0.125)
    page = surface.call("GET", "/shadowbert/task?name=bank", surface.session)
    assert "<script" not in page.text
    for told in (
        "What student 1 knows", "Coverage is low, 12.5 %: 10 of 10 disagreements are loan said for card; ",
        "91 of 100 agree (91 %, between 83.6 % and 95.8 %)", "topic: loan said where the LLM says card: 7 of 47 times",
        "Its confidence is 5 % off on average", "90 to 100 % 80 95.0 % 91.2 %", "Probe on the bundled encoder",
        "regularisation topic 10.0, urgent 1.0", "seed 1",
    ):  # fmt: skip
        assert told in said(page)


def test_the_admin_api_has_the_whole_card(surface: Surface, line: Lineage) -> None:
    surface.cards["one"] = a_card()
    line.student(artifact="one")
    (task,) = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert task["card"]["student"] == 1
    assert task["card"]["fields"][0]["confusion"][1] == [0, 1, 7]
    assert task["card"]["recipe"] == "probe"


# Nothing in it can run.


def test_what_callers_and_operators_wrote_is_inert(surface: Surface, line: Lineage) -> None:
    contract = Contract((Field(("kind",), (EVIL, "other")),), "h")
    evil = found(line.store, task=EVIL, teacher=EVIL, contract=contract)
    evil.calls(3, unfit=EVIL)
    candidate = evil.candidate(evil.student())
    evil.evidence(candidate, agree=20, disagree=3)
    surface.submit(task=EVIL, verb="cutover", force="on", why=EVIL)
    surface.wrong["students"] = EVIL
    with line.store.write() as work:
        job = work.jobs.queue(evil.version_id, cause=EVIL, at=0.0)
        work.jobs.finish(job.id, state="failed", message=EVIL, at=0.0)
    link = "/shadowbert/task?name=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%3E%3Cimg+src%3Dx+onerror%3Dalert%282%29%3E"
    for reply in (
        surface.page(),
        surface.page(link),
        surface.page(f"/shadowbert/task?name={'%3Cscript%3E'}"),
        surface.submit(task=EVIL, verb="resume"),
    ):
        assert EVIL in unescape(reply.text) or "<script>" in unescape(reply.text)
        assert "<script" not in reply.text
        assert "<img" not in reply.text


def test_the_page_has_no_script_and_no_style_of_its_own(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=60)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    for path in ("/shadowbert/", "/shadowbert/task?name=bank"):
        reply = surface.page(path)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://", reply.text)
        assert "script-src" not in reply.headers["content-security-policy"], "default-src 'none' stands for it"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_the_style_sheet_may_be_kept(surface: Surface) -> None:
    reply = surface.call("GET", "/shadowbert/static/style.css")
    assert (reply.status, reply.headers["cache-control"]) == (200, "max-age=3600")
    assert reply.headers["content-type"].startswith("text/css")
    for path in ("/shadowbert/static/../dashboard.py", "/shadowbert/static/%2e%2e/dashboard.py"):
        assert surface.call("GET", path).status == 404


def test_only_the_overview_reloads_itself(surface: Surface, line: Lineage) -> None:
    assert 'http-equiv="refresh"' in surface.page().text
    assert 'http-equiv="refresh"' not in surface.page("/shadowbert/task?name=bank").text, "somebody may be typing there"
