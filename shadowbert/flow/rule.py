"""The policy that a task is judged by now: looked up at each use, so that a change of it needs no restart."""

from shadowbert.domain.contract import Contract
from shadowbert.domain.policy import effective, pairs_of
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.ledger import Work


def rule(work: Work, task_id: str, default: Policy) -> Policy:
    """What the configuration says, with what the task's operators set over it."""
    return effective(default, work.policies.of_task(task_id))


def never_local(work: Work, version: VersionRow) -> frozenset[tuple[int, int]]:
    """The (field, label) pairs that no student of this version may answer: by the policy, or for want of a label."""
    own = rule(work, version.task_id, Policy())
    return pairs_of(version.contract, own.always_llm) | unsaid(version.contract)


def unsaid(contract: Contract) -> frozenset[tuple[int, int]]:
    """What stands for "something else": no student could answer that."""
    return frozenset((i, field.other) for i, field in enumerate(contract.fields) if field.other is not None)
