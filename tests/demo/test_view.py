import io
from dataclasses import replace

from rich.console import Console, RenderableType

from shadowbert.demo.check import Finding
from shadowbert.demo.scene import Scene
from shadowbert.demo.summary import broken, draw_summary
from shadowbert.demo.upstream import Upstream
from shadowbert.demo.view import Lines, draw, line, open_screen, told
from shadowbert.domain.task import Stage
from shadowbert.testing.simulated import Seen
from tests.demo.examples import candidate, noted, progress, student, training, verdict

SIMULATED = Upstream("http://127.0.0.1:1/v1", 20.0, Seen())
CALLS = [*(noted(n) for n in range(30)), *(noted(n, source="student") for n in range(30, 50))]
LIVE = progress(
    Stage.LIVE,
    share=1.0,
    examples=1700,
    students=(student(),),
    candidates=(candidate(serving=True),),
    verdicts=(verdict(Stage.SHADOW, Stage.CANARY, share=0.05), verdict(Stage.CANARY, Stage.LIVE)),
)


def scene(**changes: object) -> Scene:
    values: dict[str, object] = {
        "elapsed_s": 83.4, "calls": CALLS, "progress": LIVE, "upstream": SIMULATED, "model": "gpt-4o-mini",
        "target": 0.9, "enough": 800,
    }  # fmt: skip
    return Scene(**(values | changes))  # type: ignore[arg-type]


def drawn(what: RenderableType) -> str:
    console = Console(record=True, width=140, file=io.StringIO(), force_terminal=True)
    console.print(what)
    return console.export_text()


def test_shows_that_the_upstream_is_simulated() -> None:
    text = drawn(draw(scene()))
    assert "SIMULATED" in text
    assert "600 ms (simulated, uncompressed value; 30 ms here)" in text
    assert "would have been" in text


def test_a_real_upstream_is_not_called_simulated() -> None:
    text = drawn(draw(scene(upstream=Upstream("https://api.example.com/v1"))))
    assert "imulated" not in text
    assert "LLM 30 ms · student 5 ms" in text


def test_shows_what_there_is_to_see() -> None:
    text = drawn(draw(scene()))
    for part in (
        "1:23",
        "50: 20 by the student",
        "1700 (first training at 800)",
        "number 1, finetune, from 800 examples",
        "96.6 % of 300 calls, lower bound 93 %; target 90 %",
        "sure of 60 % of calls",
        "student 40 % of the last 50 calls",
        "shadow → canary 5 %: It agrees.",
        "canary → live: It agrees.",
        "gpt-4o-mini",
    ):
        assert part in text, part


def test_nothing_to_see_yet() -> None:
    text = drawn(draw(scene(calls=(), progress=progress(examples=0))))
    assert "no call yet" in text
    assert "none yet" in text
    assert "nothing to compare yet; target 90 %" in text


def test_failed_calls_are_counted() -> None:
    assert "51: 20 by the student, 1 failed" in drawn(draw(scene(calls=[*CALLS, noted(51, status=500, content="")])))


def test_a_model_without_a_price() -> None:
    assert "no list price for mine" in drawn(draw(scene(model="mine")))


def test_says_what_is_going_on_at_each_moment() -> None:
    phases = {
        "collecting: 12 of 800 examples until the first student": progress(examples=12),
        "training a student on 800 examples for": progress(examples=812, training=training()),
        "still needed: 50 more checked calls": progress(Stage.SHADOW, candidates=(candidate(),)),
        "the student answers 25 % of what it is sure of": progress(Stage.CANARY, share=0.25),
        "live: the student answers": LIVE,
        "paused": progress(Stage.PAUSED),
    }
    for said, seen in phases.items():
        assert said in scene(progress=seen).phase
    assert "one task" in scene(progress=replace(LIVE, task=None)).phase
    assert scene(note="the server stops").phase == "the server stops"


def test_text_of_others_is_not_markup() -> None:
    odd = replace(verdict(Stage.SHADOW, Stage.LIVE), why="[bold]not markup[/nothing]")
    assert "[bold]not markup[/nothing]" in drawn(draw(scene(progress=progress(Stage.LIVE, verdicts=(odd,)))))


def test_plain_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with open_screen(Console(file=out)) as screen:
        assert isinstance(screen, Lines)
        screen.show(scene())
        screen.show(scene())
        screen.show(scene(progress=progress(Stage.SHADOW)))
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == line(scene())


def test_a_picture_on_a_terminal() -> None:
    out = io.StringIO()
    with open_screen(Console(file=out, force_terminal=True, width=120)) as screen:
        screen.show(scene())
    assert "shadowbert demo" in out.getvalue()


def test_moves_in_words() -> None:
    assert told(verdict(Stage.CANARY, Stage.CANARY, share=0.25)) == "canary → canary 25 %: It agrees."


KEPT = Finding("it holds", kept=True, because="seen")
UNKEPT = Finding("it breaks", kept=False, because="3 of 4")
OPEN = Finding("who knows", kept=None, because="a real API")


def test_summary_of_a_good_run() -> None:
    text = drawn(draw_summary(scene(), [KEPT, OPEN], kept="/somewhere"))
    assert "every promise was kept" in text
    assert "the LLM was simulated" in text
    assert "everything is kept in /somewhere" in text
    assert broken([KEPT, OPEN]) == []


def test_summary_names_what_was_not_kept() -> None:
    text = drawn(draw_summary(scene(), [KEPT, UNKEPT], kept=""))
    assert "not kept: it breaks (3 of 4)" in text
    assert "kept in" not in text
    assert broken([KEPT, UNKEPT]) == [UNKEPT]
