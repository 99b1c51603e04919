"""The report in words and as plain JSON values: the same for the command line, the admin API and the page."""

import math
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Protocol

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.contract import Contract, Fills, Unlearnable
from shadowbert.domain.records import Progress
from shadowbert.domain.route import Reason
from shadowbert.domain.task import Stage
from shadowbert.flow.lineages import TaskLine
from shadowbert.flow.material import Material
from shadowbert.flow.outlook import Outlook
from shadowbert.flow.report import CandidateReport, TaskReport
from shadowbert.flow.reshape import TemplateView
from shadowbert.flow.strays import Unfounded
from shadowbert.flow.unrecognised import StrayGroup, Unrecognised
from shadowbert.recognition.editing import STAMP, TEXT, Slot

REASONS = {
    Reason.COLLECTING: "no student yet",
    Reason.SHADOW: "the student only watches",
    Reason.PAUSED: "paused",
    Reason.OFF: "switched off",
    Reason.AUDIT: "an audit",
    Reason.OUTSIDE_SHARE: "outside the canary's share",
    Reason.UNWATCHED: "the gate or the store was not at hand",
    Reason.CLIENT: "the caller asked for the LLM",
    Reason.UNSURE: "the student was not sure",
    Reason.KNOWN_DISAGREEMENT: "the student is known to disagree here",
    Reason.STUDENT_LATE: "the student was late",
    Reason.STUDENT_FAULT: "the student failed",
    Reason.STUDENT_MISSING: "the student was not loaded",
    Reason.STUDENT_BUSY: "the student was busy",
    Reason.INVALID_ANSWER: "the student's answer did not fit",
    Reason.FAULT: "a fault of shadowbert",
    Reason.HISTORY: "an earlier conversation",
    Reason.NOT_TEXT: "not only text",
    Reason.IMAGE: "an image",
    Reason.AUDIO: "sound",
    Reason.PARAMETER: "a parameter that could change the answer",
    Reason.UNKNOWN_PARAMETER: "a parameter that we do not know",
    Reason.SEVERAL_ANSWERS: "several answers asked for",
    Reason.LOGPROBS: "log probabilities that a student cannot give",
    Reason.MAX_TOKENS: "fewer tokens allowed than the answer takes",
    Reason.STOP: "a stop string inside the answer",
    Reason.PREVIOUS_RESPONSE: "it builds on an earlier response",
    Reason.CONVERSATION: "it belongs to a stored conversation",
    Reason.BACKGROUND: "it runs in the background",
    Reason.STORED_PROMPT: "a prompt that only the API knows",
    Reason.UNSEEN_FORM: "a way of asking that the LLM has not been seen to answer",
    Reason.LEGACY_ENDPOINT: "the legacy completions endpoint",
    Reason.TOOLS: "tools",
    Reason.STORE: "the reply was to be stored",
    Reason.INPUT_TOO_LONG: "a long input",
    Reason.EMPTY_INPUT: "an empty input",
    Reason.UNLEARNABLE: "a part that only the LLM can say",
    Reason.UNAUTHENTICATED: "a key not yet seen to work",
    Reason.UNKNOWN_TASK: "the task was not known yet",
    Reason.NOT_OBSERVED: "an endpoint that is not observed",
    Reason.UNREADABLE: "a body that is no readable request",
    Reason.OPEN_SCHEMA: "a schema in which nothing is a choice",
    Reason.NOT_CLASSIFICATION: "no closed set of answers, stated or known",
    Reason.TOO_LARGE: "a large body",
}
"""Why the LLM answered, in words."""

REPEATED = {
    Unfit.RETRY: "repeated after an answer",
    Unfit.FEEDBACK: "sent back with a complaint",
    Unfit.FALLBACK: "asked again in another form",
}
"""Why a call taught nothing, in words, where its code says too little."""

OUTDATED = {"outdated": "its template was edited before it was read, and it does not match the new one"}
"""Why a call is of no task, where that is not the reason of its route."""

UNFOUNDED = {
    None: "nobody has looked yet",
    Unfounded.FEW: "too few different prompts",
    Unfounded.NO_TEMPLATE: "the prompts share no wording around what varies",
    Unfounded.NO_INSTRUCTION: "each prompt has instructions of its own",
    Unfounded.OPEN_ANSWERS: "the answers are no closed set",
    Unfounded.FULL: "there are as many tasks as may be found (policy.max_tasks)",
    Unfounded.PINNED: "its task is pinned",
}
"""Why a group of calls founds no task, in words."""


HOLDS = MappingProxyType({TEXT: "any text", STAMP: "a date, a time or an id"})
"""What a slot holds, in words."""


def because(code: str) -> str:
    """A reason code in words; one that this program does not know as it is.

    >>> because("unsure"), because("from_tomorrow")
    ('the student was not sure', 'from tomorrow')
    """
    known = {str(code): words for told in (REASONS, REPEATED, OUTDATED) for code, words in told.items()}
    return known.get(code, code.replace("_", " "))


def percent(share: float | None) -> str:
    """Rounded down, so that nothing ever looks better than it is."""
    return "-" if share is None else f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


class Staged(Protocol):
    """A task, or a version of one."""

    @property
    def stage(self) -> Stage: ...
    @property
    def share(self) -> float: ...
    @property
    def forced(self) -> bool: ...
    @property
    def held(self) -> bool: ...
    @property
    def unaudited(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...
    @property
    def alarms_off(self) -> bool: ...


def stage_of(task: Staged) -> str:
    share = f" {task.share:.0%}" if task.stage == "canary" else ""
    unaudited = " frozen" if task.frozen else " unaudited" if task.unaudited else ""
    marks = (
        f"{' forced' if task.forced else ''}{' held' if task.held else ''}{' alarms off' if task.alarms_off else ''}"
    )
    return f"{task.stage}{share}{marks}{unaudited}"


def training_of(task: TaskReport) -> str:
    """What is to be said of the latest training; empty where it came to a student, or none is wanted any more."""
    job = task.training
    if job is None or job.state == "done" or task.replaced_by:
        return ""
    if job.state == "failed":
        return f"the latest training failed: {job.message}"
    if job.state == "cancelled":
        return f"the latest training was {job.message[:1].lower()}{job.message[1:]}"
    if job.waiting:
        return f"the next student waits for {job.waits_for:,} examples: {job.cause}"
    if job.state == "queued":
        return "a training is queued"
    return progress_of(job.progress) if job.progress else "a student is being trained"


def following_of(task: TaskReport) -> str:
    """When the next student comes by itself; empty where none does, or one is under way."""
    if task.replaced_by or task.stage in (Stage.PAUSED, Stage.OFF) or (task.training and task.training.open):
        return ""
    examples = task.following.examples
    return task.following.why if examples is None else f"the next student is trained at {examples:,} examples"


def progress_of(progress: Progress) -> str:
    """How far a training is, in words.

    >>> progress_of(Progress("fine-tuning", "finetune", 120, 375, 0.412, 0.88, 40, student=3))
    'student 3: fine-tuning, step 120 of 375, loss 0.41, agreement so far 88.0 %, about 40 s left'
    >>> progress_of(Progress("encoding", student=1))
    'student 1: encoding'
    """
    told = [f"student {progress.student}: {progress.phase}"]
    told += [f"step {progress.step:,} of {progress.of:,}"] if progress.of else []
    told += [f"loss {progress.loss:.2f}"] if progress.loss is not None else []
    told += [f"agreement so far {percent(progress.agreement)}"] if progress.agreement is not None else []
    left = progress.seconds_left
    return ", ".join([*told, f"about {waiting(left)} left"] if left is not None else told)


def waiting(seconds: float) -> str:
    """A time to wait for, in one unit.

    >>> waiting(0.2), waiting(95), waiting(200), waiting(9000)
    ('1 s', '95 s', '4 min', '2.5 h')
    """
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def learnable_of(task: TaskReport) -> str:
    """How much of the answer a student can say, and what the rest waits for; empty where it can say all."""
    parts = task.contract.unlearnable
    if not parts:
        return ""
    learnable = len({field.output for field in task.contract.fields})
    said = f"{learnable} of {learnable + len(parts)} fields learnable"
    waiting = task.contract.unfilled(task.fills)
    required, others = ([f"`{part.name}`" for part in waiting if part.required is needed] for needed in (True, False))
    why = [f"{_listed(required)} {'is' if len(required) == 1 else 'are'} required"] if required else []
    why += [f"nobody has said whether {_listed(others)} may be left out"] if others else []
    return f"{said}; cannot be answered locally because {' and '.join(why)}" if why else said


def arranged_of(task: TaskReport) -> str:
    """How operators arranged the task; empty where they did not."""
    replaced = [f"replaced by its operator's template, version {task.replaced_by}"] if task.replaced_by else []
    pinned = [*replaced, *(["pinned: no further version is founded by itself"] if task.pinned else [])]
    return "; ".join([*pinned, f"also called {', '.join(task.former)}"] if task.former else pinned)


def heirlooms_of(task: TaskReport) -> str:
    """What it carries of earlier versions; empty where it inherits nothing."""
    versions = f"version{'s' * (len(task.inherits) > 1)} {_listed(list(task.inherits))}" if task.inherits else ""
    return f"carries {task.inherited:,} examples of {versions}" if versions else ""


def slot_of(slot: Slot, view: TemplateView) -> str:
    """What a slot of a template holds, and how much that varies."""
    holds = f"`{slot.key}` of a JSON object" if slot.key else HOLDS[slot.holds]
    contents = view.contents.get(slot.number)
    if contents is None:
        return f"holds {holds}"
    among = f"in {view.calls} calls" if view.calls else "when it was found"
    return f"holds {holds}, {contents} different content{'s' if contents != 1 else ''} {among}"


def fields_of(task: TaskLine) -> str:
    """What a student says, and among how many labels it chooses."""
    return ", ".join(f"{name} {labels}" for name, labels in task.fields.items())


def labels_of(contract: Contract) -> str:
    """Every field with every label that it may have, in one line."""
    fields = ((field.name, [field.label(index) for index in range(len(field.labels))]) for field in contract.fields)
    return "; ".join(f"{name}: {', '.join(labels)}" for name, labels in fields)


def contract_of(task: TaskLine) -> str:
    """Who says which answers are allowed."""
    return "stated" if not task.contract.inferred else "confirmed" if task.confirmed else "inferred"


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def as_data(task: TaskReport) -> dict[str, Any]:
    """The report as plain JSON values, the same names as in the code."""
    leading = task.leading
    return {
        "task": task.task,
        "version": task.version,
        "teacher": task.teacher,
        "stage": task.stage.value,
        "share": task.share,
        **{mark: getattr(task, mark) for mark in ("forced", "held", "alarms_off")},
        "target": task.target,
        "examples": task.examples,
        "inherited": task.inherited,
        "inherits": list(task.inherits),
        "inferred": task.contract.inferred,
        "confirmed": task.confirmed,
        "fields": {field.name: list(field.labels) for field in task.contract.fields},
        "unlearnable": [_part_data(part, task.fills) for part in task.contract.unlearnable],
        "agreement": leading.agreement if leading else None,
        "rows": leading.rows if leading else 0,
        "bound": leading.bound if leading else None,
        "coverage": leading.coverage if leading else None,
        "supported": leading.supported if leading else None,
        "missing": task.missing,
        "audits": task.audits,
        "unaudited": task.unchecked.to_json() if task.unchecked else None,
        "former": list(task.former),
        "pinned": task.pinned,
        "replaced_by": task.replaced_by,
        "training": task.training.state if task.training else None,
        "training_message": training_of(task),
        "next_training": task.following.examples,
        "following": following_of(task),
        "outlook": _outlook_data(task.outlook),
        "material": _material_data(task.material),
        "ceiling": task.ceiling.to_json(task.target),
        "people": task.truth.to_json(),
        "card": task.described.to_json() if task.described else None,
        "why_low": task.why_low,
        "reads": task.reads,
        "foreign": task.foreign,
        "progress": asdict(task.training.progress) if task.training and task.training.progress else None,
        "students": [
            {"number": s.number, "recipe": s.recipe, "examples": s.examples, "scores": s.scores} for s in task.students
        ],
        "candidates": [_candidate_data(c) for c in task.candidates],
        "answered_by": {"student": task.by_student, "llm": task.by_llm},
        "reasons": dict(task.reasons),
        "unfit": dict(task.unfit),
        "latency_ms": {"student": task.student_ms, "llm": task.llm_ms},
        "verdicts": [
            {
                "at": v.at, "by": v.by, "ruling": v.verdict.ruling.value, "move": v.verdict.move.value,
                "stage_before": v.stage_before.value, "stage_after": v.verdict.stage, "share": v.verdict.share,
                "reason": v.verdict.reason, "why": v.why, "numbers": v.verdict.numbers,
            }
            for v in task.verdicts
        ],
    }  # fmt: skip


def _material_data(known: Material) -> dict[str, Any]:
    low, high = known.between or (None, None)
    return {
        "repeated_inputs": known.ceiling.inputs,
        "conflicting_inputs": known.ceiling.conflicts,
        "ceiling": {"share": known.ceiling.share, "low": low, "high": high},
        "not_learnable": [asdict(label) for label in known.rare],
        "one_label": known.nothing_to_tell,
        "namesakes": [list(labels) for labels in known.namesakes],
        "corrections": known.corrections,
        "callers": asdict(known.cap) if known.cap else None,
        "words": list(known.sentences),
    }


def _outlook_data(outlook: Outlook) -> dict[str, Any]:
    """What is in no sight is null: JSON knows no infinity."""
    reached = asdict(outlook.examples) if outlook.examples else {}
    return {
        "words": outlook.words,
        "goal": outlook.goal,
        "examples": {name: n if math.isfinite(n) else None for name, n in reached.items()} or None,
        "students": [asdict(point) for point in outlook.points],
    }


def _part_data(part: Unlearnable, fills: Fills) -> dict[str, object]:
    fill = fills.get(part.name)
    return {
        "name": part.name,
        "required": part.required,
        "types": list(part.types),
        "fill": fill.to_json() if fill else None,
    }


def _candidate_data(c: CandidateReport) -> dict[str, Any]:
    names = (
        "number", "student", "recipe", "threshold", "agree", "disagree", "bound", "coverage", "kappa", "ac1",
        "macro_f1", "verdict", "missing", "serving", "supported", "suspicion",
    )  # fmt: skip
    return {name: getattr(c, name) for name in names} | {
        "never_says": list(c.excluded),
        "labels": [label.to_json() for label in c.labels.lines],
    }


def line_data(task: TaskLine) -> dict[str, Any]:
    """A task's line as plain JSON values."""
    marks = ("pinned", "forced", "held", "alarms_off", "unaudited", "frozen", "confirmed")
    names = ("task", "tenant", "share", "versions", "fields", *marks)
    return {
        **{name: getattr(task, name) for name in names},
        "former": list(task.former),
        "stage": task.stage.value,
        "teachers": list(task.teachers),
        "inferred": task.contract.inferred,
        "learnable": {"fields": len(task.fields), "of": task.parts},
        "calls": task.calls,
        "answered_by": {"student": task.by_student, "llm": task.by_llm},
    }


def waiting_for(group: StrayGroup) -> str:
    """Why these calls found no task, and the figures that say so."""
    return f"{UNFOUNDED[group.why]}{f' ({group.note})' if group.note else ''}"


def unrecognised_data(seen: Unrecognised) -> dict[str, Any]:
    """The calls of no task as plain JSON values."""
    return {
        "observed": seen.observed,
        "recognised": seen.recognised,
        "unrecognised": seen.calls,
        "since": seen.since,
        "reasons": [
            {"reason": r.reason, "words": because(r.reason), "calls": r.calls, "share": seen.share(r.calls),
             "last_at": r.last_at}
            for r in seen.reasons
        ],
        "groups": [
            {"calls": g.calls, "teacher": g.teacher, "endpoint": g.endpoint, "client": g.client, "why": g.why,
             "words": waiting_for(g), "missing": g.note, "example": g.example, "last_at": g.last_at}
            for g in seen.groups
        ],
    }  # fmt: skip
