"""What is worth an alert, as pure rules: of a verdict, of a failed training, of a state that lasts too long.

Knows rows and verdicts, no store; each rule gives the event with its sentence for people, or None.
"""

from collections.abc import Mapping

from shadowbert.domain.alert import AlertKind, Event
from shadowbert.domain.evidence import Move, Verdict
from shadowbert.domain.records import CandidateRow, TrainingJob, VerdictRow, VersionRow
from shadowbert.domain.task import Stage
from shadowbert.flow.unchecked import Unchecked
from shadowbert.gating.wording import percent


def of_verdict(row: VerdictRow, version: VersionRow) -> Event | None:
    """Every move that lets a student answer more, or that ends its answering."""
    after = row.verdict.stage
    if after is None:
        return None
    if row.stage_before.serves and not after.serves:
        text = f"{_name(version)} is back on the LLM, in stage {after}. {row.verdict.reason}"
        return _told(AlertKind.ROLLED_BACK, f"verdict:{row.id}", version, text, _moved(row))
    if row.verdict.move is not Move.PROMOTE or not after.serves:
        return None
    text = f"{_name(version)}: {_serves(after, row.verdict.share)}{_insisted(row)}. "
    return _told(AlertKind.PROMOTED, f"verdict:{row.id}", version, text + row.verdict.reason, _moved(row))


def of_training(job: TrainingJob | None, version: VersionRow) -> Event | None:
    """A training that was tried and gave no student, for good. One that was not worth a try is no failure."""
    if job is None or job.state != "failed" or not job.attempts:
        return None
    text = f"{_name(version)}: a training on {job.examples:,} examples failed: {job.message}."
    facts = {"examples": job.examples, "attempts": job.attempts}
    return _told(AlertKind.TRAINING_FAILED, f"training:{job.id}", version, text, facts)


def of_readiness(version: VersionRow, verdict: Verdict) -> Event | None:
    """The gate has passed while autopilot asks a person. Told again at the next step up."""
    if verdict.move is not Move.PROMOTE:
        return None
    share = "" if verdict.share is None or verdict.share >= 1 else f" --share {verdict.share:g}"
    command = f"shadowbert cutover {version.task}{share}"
    text = f"{_name(version)} is ready: {verdict.reason} It waits for a person: {command}"
    key = f"ready:{version.id}:{version.stage}:{version.share:g}"
    return _told(AlertKind.READY, key, version, text, verdict.numbers)


def of_challenger(version: VersionRow, candidate: CandidateRow, verdict: Verdict) -> Event:
    """It may take the champion's place while autopilot asks a person."""
    share = "" if version.share >= 1 else f" --share {version.share:g}"
    ready = f"candidate {candidate.number} is ready to take over, and would answer more"
    waits = f"It waits for a person: shadowbert cutover {version.task}{share}"
    key = f"ready:{version.id}:candidate:{candidate.id}"
    return _told(AlertKind.READY, key, version, f"{_name(version)}: {ready}. {verdict.reason} {waits}", verdict.numbers)


def of_waiting(version: VersionRow, verdict: Verdict, days: float) -> Event:
    """For so long the gate has neither passed nor failed it."""
    missing = f" Missing: {verdict.missing}." if verdict.missing else ""
    text = f"{_name(version)} has been in stage {version.stage} for {days:.0f} days. {verdict.reason}{missing}"
    key = f"stuck:{version.id}:{version.stage}:{version.share:g}"
    return _told(AlertKind.STUCK, key, version, text, {**verdict.numbers, "days": round(days, 1)})


def of_audits(version: VersionRow, verdict: Verdict) -> Event:
    """The latest audits of what serves do not support the target."""
    goes_on = "" if version.alarms_off else " It goes on answering; only a proven fall ends that."
    text = f"{_name(version)}: {verdict.reason}{goes_on}"
    return _told(AlertKind.UNSUPPORTED, f"unsupported:{version.id}", version, text, verdict.numbers)


def of_unchecked(version: VersionRow, known: Unchecked) -> Event:
    """Nobody checks what it answers, and what an operator may do about it."""
    text = f"{_name(version)} is {known.words(version.task)}."
    return _told(AlertKind.UNAUDITED, f"unaudited:{version.id}", version, text, known.to_json())


def of_ceiling(version: VersionRow, target: float, impossible: str) -> Event | None:
    """Waiting is no use. `impossible`: why, as the ceiling says it; empty where it does not."""
    if not impossible:
        return None
    text = f"{_name(version)}: {impossible}."
    return _told(AlertKind.CEILING, f"ceiling:{version.id}:{target:g}", version, text, {"target": target})


def _serves(stage: Stage, share: float | None) -> str:
    """What the student does now.

    >>> _serves(Stage.LIVE, 1.0), _serves(Stage.CANARY, 0.05)
    ('the student answers what it is sure of', 'the student answers what it is sure of in 5 % of calls')
    """
    answers = "the student answers what it is sure of"
    return answers if stage is Stage.LIVE or share is None else f"{answers} in {percent(share)} of calls"


def _moved(row: VerdictRow) -> dict[str, object]:
    after = row.verdict.stage
    moved = {"from": row.stage_before.value, "to": after.value if after else None, "share": row.verdict.share}
    insisted = {"forced": row.forced, "alarms_off": row.alarms_off}
    return {**moved, "by": row.by, "why": row.why, **insisted, **row.verdict.numbers}


def _insisted(row: VerdictRow) -> str:
    said = [*(["forced"] if row.forced else []), *(["alarms off"] if row.alarms_off else [])]
    return f" ({', '.join(said)})" if said else ""


def _name(version: VersionRow) -> str:
    return f"Task {version.task}"


def _told(kind: AlertKind, key: str, version: VersionRow, text: str, facts: Mapping[str, object]) -> Event:
    return Event(kind, key, " ".join(text.split()), version.task, version.id, facts)
