"""Lines for terminals of any width."""

from dataclasses import replace

import pytest

from shadowbert.cli.layout import status_lines, task_lines
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import StudentRow, VerdictRow
from shadowbert.domain.task import Stage
from shadowbert.flow.report import CandidateReport, TaskReport

SENTENCE = "Not yet shown to agree on more than 95 %: 228 of 235 agree (97 %), lower bound 92.1 %, and so on and on."
CANDIDATE = CandidateReport(
    id="c", number=2, student=2, recipe="finetune", threshold=0.91, agree=228, disagree=7, bound=0.921, coverage=0.736,
    kappa=0.95, ac1=0.96, macro_f1=0.97, verdict=SENTENCE, missing="about 137 more agreeing calls", serving=False,
    supported=True, suspicion=0.0,
)  # fmt: skip
VERDICT = VerdictRow(
    1, "v", "c", 1_760_000_000.0, Stage.COLLECTING, 1, "maria", "the launch is on Monday",
    Verdict(Ruling.PASS, Move.PROMOTE, SENTENCE, stage=Stage.LIVE, share=1.0),
)  # fmt: skip
TASK = TaskReport(
    task="support-triage", version="v", teacher="gpt-4o-mini-2024-07-18", stage=Stage.SHADOW, share=0.0, forced=False,
    held=False, target=0.95, examples=543, contract=Contract((Field(("label",), ("a", "b")),), "h"), students=(),
    candidates=(CANDIDATE,), training=None, by_student=3, by_llm=540, reasons={"shadow": 500, "unknown_task": 40},
    unfit={"refusal": 3}, student_ms=3.25, llm_ms=641.0, verdicts=(VERDICT,),
    missing="about 137 more agreeing calls, or about 723 calls at the present agreement (about 3 days)",
)  # fmt: skip
LONG = "a-name-that-a-person-made-up-on-a-long-afternoon-in-the-office-by-the-sea-and-kept"


def plain(tasks: list[TaskReport], width: int | None) -> list[str]:
    return [line.plain for line in status_lines(tasks, width)]


@pytest.mark.parametrize("width", [80, 100, 110, 200])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_broken(width: int) -> None:
    lines = plain([TASK, replace(TASK, task="b", stage=Stage.CANARY, share=0.25, forced=True)], width)
    assert max(map(len, lines)) <= width
    assert any("97.0 % of 235" in line and "support-triage" in line for line in lines)
    assert max(map(len, (line.plain for line in task_lines(TASK, width)))) <= width


def test_what_is_missing_stands_under_the_task_wrapped_with_an_indent() -> None:
    assert plain([TASK], 80)[2:] == [
        "  missing: about 137 more agreeing calls, or about 723 calls at the present",
        "    agreement (about 3 days)",
    ]


def test_raised_audits_stand_under_the_task_with_their_reason() -> None:
    task = replace(TASK, missing="", audits="audits raised to 25 %: because")
    assert plain([task], 80)[2:] == ["  audits raised to 25 %: because"]
    assert any(line.plain == "  audits     raised to 25 %: because" for line in task_lines(task, 80))


def test_what_a_challenger_lacks_is_told_and_what_the_leading_one_lacks_is_told_once() -> None:
    champion = replace(CANDIDATE, number=1, serving=True, missing="an audit")
    lines = [line.plain.strip() for line in task_lines(replace(TASK, candidates=(champion, CANDIDATE)), None)]
    assert "missing: about 137 more agreeing calls" in lines
    assert "missing: an audit" not in lines


def test_narrow_leaves_the_teacher_out_and_wide_shortens_it() -> None:
    assert "teacher" not in plain([TASK], 80)[0]
    wide = plain([replace(TASK, teacher="azure/" + "x" * 60)], 120)
    assert "azure/xxxxxxxxxxxxxxxxxxx..." in wide[1]


def test_a_name_that_is_too_long_stands_whole_on_a_line_of_its_own() -> None:
    lines = plain([replace(TASK, task=LONG, missing=""), replace(TASK, missing="")], 80)
    assert lines[1] == LONG
    assert lines[2].startswith(" " * len("support-triage") + "  shadow")
    assert lines[3].startswith("support-triage  shadow")


def test_into_a_pipe_everything_goes_on_one_line_each() -> None:
    lines = plain([replace(TASK, task=LONG)], None)
    assert lines[1].startswith(f"{LONG}  gpt-4o-mini")
    assert len(lines) == 3
    assert any(SENTENCE in line.plain for line in task_lines(TASK, None))


def test_verdicts_are_lines_with_a_hanging_indent() -> None:
    lines = [line.plain for line in task_lines(TASK, 80)]
    start = next(k for k, line in enumerate(lines) if line.startswith("  verdict"))
    assert lines[start].startswith("  verdict    2025-10-09 08:53:20 UTC  collecting -> live  by maria: Not yet")
    assert all(line.startswith(" " * 13) for line in lines[start + 1 :])
    assert "(the launch is on Monday)" in " ".join(line.strip() for line in lines)


def test_a_reason_that_a_verdict_tells_is_not_told_again() -> None:
    row = TASK.verdicts[0]
    merged = replace(row, verdict=replace(row.verdict, reason="Merged by maria: one team."), why="one team")
    text = "\n".join(line.plain for line in task_lines(replace(TASK, verdicts=(merged,)), None))
    assert text.count("one team") == 1


def test_red_tasks_say_why() -> None:
    bad = replace(TASK, stage=Stage.LIVE, forced=True, candidates=(replace(CANDIDATE, serving=True, supported=False),))
    lines = list(status_lines([bad], 80))
    assert [line.plain for line in lines[2:4]] == [
        "  red: cut over by force: the gate has not agreed yet",
        "  red: the latest audits do not support the target",
    ]
    (span,) = lines[1].spans
    assert (lines[1].plain[span.start : span.end], span.style) == ("live forced", "bold red")


def test_without_a_row_no_figure_pretends_to_be_one() -> None:
    empty = replace(TASK, candidates=(replace(CANDIDATE, agree=0, disagree=0, bound=0.0, coverage=None),))
    assert plain([empty], 80)[1].split() == ["support-triage", "shadow", "543", "-", "-", "-"]


def test_many_labels_are_counted() -> None:
    labels = tuple(f"label-{n:02}" for n in range(77))
    many = replace(TASK, contract=Contract((Field(("intent",), labels),), "h"))
    text = " ".join(line.plain.strip() for line in task_lines(many, 80))
    assert "label-11 and 65 more" in text


def test_what_the_newest_student_reads_and_in_which_language_it_was_asked() -> None:
    scores = {"max_tokens": 256.0, "longest": 5210.0, "cut": 0.121, "foreign": 0.62}
    student = StudentRow("s", "v", 1, 0, "students/s", "probe", 543, 1_760_000_000.0, scores)
    lines = [line.plain.strip() for line in task_lines(replace(TASK, students=(student,)), None)]
    (reads,) = [line for line in lines if line.startswith("reads ")]
    assert reads.endswith("(12.1 % of the examples) head and tail, up to 5,210 characters")
    assert [line for line in lines if line.startswith("language") and "about 62 % of the examples" in line]
    silent = [line.plain.strip() for line in task_lines(TASK, None)]
    assert not [line for line in silent if line.startswith(("reads ", "language "))]
