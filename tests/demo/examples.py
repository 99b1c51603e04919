"""Small datasets, calls and reports for the tests of the demonstration."""

import json

from shadowbert.demo.caller import Noted
from shadowbert.demo.dataset import Dataset, Message
from shadowbert.demo.progress import Progress
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import StudentRow, TrainingJob, VerdictRow
from shadowbert.domain.task import Stage
from shadowbert.flow.report import CandidateReport, TaskReport

COLOURS = Dataset(
    "colour",
    "Name the colour.",
    {"colour": ("blue", "red"), "dark": (False, True)},
    tuple(Message(f"message {n}", {"colour": "red" if n % 3 else "blue", "dark": n % 2 == 0}) for n in range(40)),
)


def noted(number: int = 0, *, source: str = "llm", content: str | None = None, status: int | None = 200) -> Noted:
    """A call on message `number`, answered rightly unless told otherwise."""
    message = COLOURS.messages[number % len(COLOURS.messages)]
    return Noted(
        message=message,
        status=status,
        exchange=None if status is None else f"exchange-{number}",
        source="" if status is None else source,
        reason="sure" if source == "student" else "shadow",
        content=json.dumps(message.answer) if content is None else content,
        ms=5.0 if source == "student" else 30.0,
        prompt_tokens=100,
        completion_tokens=10,
    )


def verdict(
    before: Stage, after: Stage, *, share: float = 1.0, by: str = "gate", ruling: Ruling = Ruling.PASS
) -> VerdictRow:
    judged = Verdict(ruling, Move.PROMOTE, "It agrees.", stage=after, share=share)
    return VerdictRow(1, "version", "candidate", 0.0, before, 1, by, "It agrees.", judged)


def candidate(**changes: object) -> CandidateReport:
    values: dict[str, object] = {
        "id": "candidate", "number": 1, "student": 1, "recipe": "finetune", "threshold": 0.8, "agree": 290,
        "disagree": 10, "bound": 0.93, "coverage": 0.6, "kappa": 0.9, "ac1": 0.9, "macro_f1": 0.9, "verdict": "Good.",
        "missing": "50 more checked calls", "serving": False, "supported": True, "suspicion": 1.0,
    }  # fmt: skip
    return CandidateReport(**(values | changes))  # type: ignore[arg-type]


def task(stage: Stage = Stage.COLLECTING, **changes: object) -> TaskReport:
    values: dict[str, object] = {
        "task": "colour", "version": "version", "teacher": "gpt-4o-mini", "stage": stage, "share": 0.0,
        "forced": False, "held": False, "target": 0.9, "examples": 10,
        "contract": Contract((Field(("colour",), ("a",)),), "c"),
        "students": (), "candidates": (), "training": None, "by_student": 0, "by_llm": 0, "reasons": {}, "unfit": {},
        "student_ms": None, "llm_ms": None, "verdicts": (), "missing": "50 more checked calls",
    }  # fmt: skip
    return TaskReport(**(values | changes))  # type: ignore[arg-type]


def progress(stage: Stage = Stage.COLLECTING, *, worked: int = 0, **changes: object) -> Progress:
    return Progress(loaded=worked, worked=worked, task=task(stage, **changes))


def student() -> StudentRow:
    return StudentRow("student", "version", 1, 800, "somewhere", "finetune", 800, 0.0)


def training(examples: int = 800) -> TrainingJob:
    return TrainingJob("job", "version", "running", "800 examples", 0.0, examples)
