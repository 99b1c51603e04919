"""The inbox of drawn calls and the table of who is right, through real HTTP."""

from shadowbert.flow.draw import Draw, Wanted
from shadowbert.flow.operate import Operator
from shadowbert.testing.lineage import NOW, Lineage
from tests.web.surface import Surface, alerts, said

PAGE = "/shadowbert/task?name=bank"


def waiting(line: Lineage) -> list[str]:
    with line.store.read() as work:
        return work.draws.waiting(line.version_id)


def test_drawn_calls_are_answered_one_after_another_without_being_shown_an_answer(
    surface: Surface, line: Lineage
) -> None:
    line.labelled(("<b>card</b> lost", 1), ("my money", 2))
    assert "drawn calls wait" not in said(surface.page(PAGE))
    assert surface.submit(task="bank", verb="draw", count="2").status == 303
    head, last = waiting(line)
    page = surface.page(PAGE)
    assert "What people say: 2 drawn calls wait" in said(page)
    assert head in page.text
    assert last not in page.text
    form = page.text[page.text.index("Drawn at random") : page.text.index("Nobody can say")]
    assert "<b>card</b>" not in form
    assert [form.count(f'value="{label}"') for label in ("account", "card", "transfer")] == [1, 1, 1]
    assert "selected" not in form
    assert surface.submit(task="bank", verb="answer", exchange=head, **{"field-label": "card"}).status == 303
    assert "1 drawn calls wait" in said(surface.page(PAGE))
    refused = surface.submit(task="bank", verb="answer", exchange=head, **{"field-label": "card"})
    assert (refused.status, alerts(refused)) == (
        409, f"drawn calls are answered in their order; the next one is {last}",
    )  # fmt: skip
    assert surface.submit(task="bank", verb="answer", exchange=last, skip="1", **{"field-label": ""}).status == 303
    text = said(surface.page(PAGE))
    assert "Who is right, people say" in text
    assert "The LLM is right on " in text
    assert "Of 1 drawn calls people could not say" in text


def test_the_table_stands_teacher_and_student_side_by_side(surface: Surface, line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=8, unsure=2)
    draw, who = Draw(line.store, lambda: NOW), Operator("maria")
    draw.draw("bank", who, Wanted(10, 1))
    with line.store.read() as work:
        teacher = {row.exchange_id: row.teacher for row in work.draws.of_version(line.version_id)}
    while call := draw.next("bank"):
        draw.answer("bank", who, call.exchange, {"label": call.labels["label"][teacher[call.exchange][0]]})
    text = said(surface.page(PAGE))
    assert "The student is right. 10 of 10 (100 %, between 74.1 % and 100 %) 8 of 8" in text.replace(
        "right 10", "right. 10"
    )
    assert "Where they disagree, the student is right" in text


def test_the_admin_api_draws_shows_and_takes_answers(surface: Surface, line: Lineage) -> None:
    line.labelled(("a", 1), ("b", 2))
    assert surface.command("draw", count=2, seed=5, all=True).status == 200
    shown = surface.call("GET", "/shadowbert/api/draws/bank", surface.bearer).json
    assert (shown["waiting"], shown["fields"]) == (2, {"label": ["account", "card", "transfer"]})
    assert set(shown) == {"task", "version", "exchange", "input", "fields", "waiting"}
    assert surface.command("answer", exchange=shown["exchange"], answer="card").status == 200
    assert surface.command("answer", exchange=waiting(line)[0], skip=True).status == 200
    assert surface.call("GET", "/shadowbert/api/draws/bank", surface.bearer).json is None
    nothing = surface.command("answer", exchange="x")
    assert (nothing.status, nothing.detail) == (409, "say either what the answer is or that it is skipped")
    assert surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json[0]["people"]["skipped"] == 1
