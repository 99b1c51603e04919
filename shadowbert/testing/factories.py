"""Values of a small bank's task, ready-made: a contract, a version with a champion, guesses. Decides nothing."""

from shadowbert.domain.student import Champion, Guess, Slice
from shadowbert.domain.task import PublishedVersion, Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.recognition.contract import read_contract

TEACHER = "gpt-4o-2024-08-06"
LABELS = ("account", "card", "transfer")
SYSTEM = "Classify the message of a bank's customer."
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": list(LABELS)}},
    "required": ["label"],
    "additionalProperties": False,
}


def sure(text: str, *, label: str = "card", joint: float = 0.99) -> Guess:  # noqa: ARG001 - the same for any text
    """A guess of `label` on any text."""
    return Guess((LABELS.index(label),), (joint,), joint)


def champion(**changes: object) -> Champion:
    given: dict[str, object] = {
        "student_id": "student-1",
        "candidate_id": "candidate-1",
        "artifact": "memory",
        "slice": Slice(0.9),
    }
    return Champion(**{**given, **changes})  # type: ignore[arg-type]


def version(stage: Stage = Stage.LIVE, **changes: object) -> PublishedVersion:
    """A version that answers every eligible call: no audits, the whole share."""
    contract = read_contract(SCHEMA)
    if contract is None:
        raise AssertionError("the sample schema is a closed set")
    given: dict[str, object] = {
        "id": "version-1",
        "task": "bank",
        "tenant": "default",
        "teacher": TEACHER,
        "contract": contract,
        "skeleton": Skeleton((SkeletonMessage("system", (SYSTEM,)), SkeletonMessage("user", ("", "")))),
        "stage": stage,
        "share": 1.0,
        "audit_rate": 0.0,
        "champion": champion(),
    }
    return PublishedVersion(**{**given, **changes})  # type: ignore[arg-type]
