"""What came of one stream, and whether that is what was aimed at. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shadowbert.gating.bounds import upper
from tests.bench.savings.streams import Stream

TARGET = 0.95
CHANCE = 0.01
"""One-sided: an agreement further below the target than chance explains breaks the promise."""
COLUMNS = (
    "stream", "calls", "first student", "canary", "live", "local, all calls", "last fifth", "agreement", "roll-backs",
    "LLM calls saved", "saved", "throw-away: live / local / agreement", "aim", "",
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """Counts calls; filled as they come."""

    calls: int = 0
    first: dict[str, int] = field(default_factory=dict)
    """Event to the call it was seen at: student, canary, live."""
    local: int = 0
    agreed: int = 0
    late_calls: int = 0
    """Of the last fifth."""
    late_local: int = 0
    roll_backs: int = 0
    spent: float = 0.0
    """US dollars at list price."""
    saved: float = 0.0
    """By the tokens that local answers are estimated to stand for."""
    seconds: float = 0.0

    @property
    def share(self) -> float:
        return self.local / self.calls if self.calls else 0.0

    @property
    def agreement(self) -> float | None:
        return self.agreed / self.local if self.local else None

    @property
    def broken(self) -> bool:
        """Whether the answers given locally agree less often than the target, beyond chance.

        >>> Outcome(calls=900, local=500, agreed=470).broken, Outcome(calls=900, local=500, agreed=460).broken
        (False, True)
        """
        return self.local > 0 and upper(self.agreed, self.local, delta=CHANCE) < TARGET

    def faults(self, stream: Stream) -> list[str]:
        """What is not as aimed at, in words."""
        aim, live = stream.aim, self.first.get("live")
        found = []
        if aim.live is not None and (live is None or live > aim.live):
            found.append(f"live by {aim.live:,}")
        if aim.local is not None and self.share < aim.local:
            found.append(f"{aim.local:.0%} local")
        if aim.opens and not self.local:
            found.append("opens")
        return [*found, "agreement below the target"] if self.broken else found


def row(stream: Stream, found: Outcome) -> list[str]:
    """One line of the table."""
    seen = [f"{found.first[event]:,}" if event in found.first else "never" for event in ("student", "canary", "live")]
    late = f"{found.late_local / found.late_calls:.1%}" if found.late_calls else "-"
    agreement = "-" if found.agreement is None else f"{found.agreement:.2%}"
    whole = found.spent + found.saved
    money = f"${found.saved:.2f} of ${whole:.2f} ({found.saved / whole:.0%})" if whole else "-"
    faults = found.faults(stream)
    return [
        stream.name, f"{found.calls:,}", *seen, f"{found.share:.1%}", late, agreement, str(found.roll_backs),
        f"{found.local:,}", money, stream.thrown_away, aim_in_words(stream), f"MISSED: {', '.join(faults)}"
        if faults else "ok",
    ]  # fmt: skip


def aim_in_words(stream: Stream) -> str:
    """
    >>> from tests.bench.savings.streams import STREAMS
    >>> [aim_in_words(stream) for stream in STREAMS if stream.name in ("sms-spam", "trec-coarse", "trec")]
    ['live by 700, 85 % local', 'opens', '']
    """
    aim = stream.aim
    live = f"live by {aim.live:,}" if aim.live else ""
    local = f"{100 * aim.local:.0f} % local" if aim.local else ""
    return ", ".join(filter(None, (live, local, "opens" if aim.opens else "")))


def total(found: Mapping[str, Outcome]) -> str:
    """All streams together, in one sentence."""
    calls, local = sum(own.calls for own in found.values()), sum(own.local for own in found.values())
    saved, spent = sum(own.saved for own in found.values()), sum(own.spent for own in found.values())
    if not calls:
        return "nothing was replayed"
    return (
        f"{local:,} of {calls:,} calls were answered locally ({local / calls:.0%}); "
        f"${saved:.2f} saved of ${spent + saved:.2f} at the list price of the model asked."
    )
