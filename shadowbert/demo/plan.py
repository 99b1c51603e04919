"""How many messages go where: to the first training, to the evidence on it, and to the student once it may answer."""

from dataclasses import dataclass

ENOUGH = 1000
"""Fine-tuned on so many, the student is good enough for three fields at once; frozen features are not."""
AFTER = 500
EVIDENCE = 450
"""At least: 100 calls in shadow and twice 50 in canary count, and the calls that go on meanwhile."""


@dataclass(frozen=True, slots=True)
class Plan:
    enough: int
    """Examples of the first training."""
    before: int
    """Messages that may be used up before the gate opens, the training's among them."""


def plan_for(messages: int) -> Plan:
    """Where there are few, a fifth is held back and less is learnt from.

    >>> plan_for(3060), plan_for(1000)
    (Plan(enough=1000, before=2560), Plan(enough=350, before=800))
    """
    before = messages - min(AFTER, messages // 5)
    return Plan(enough=min(ENOUGH, before - EVIDENCE), before=before)
