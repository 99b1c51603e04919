"""What all mixes came to together, as the numbers that the product promises, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.mixes.replay import Outcome


@dataclass(frozen=True, slots=True)
class Score:
    outcomes: Sequence[Outcome]

    def _sum(self, name: str) -> int:
        return sum(int(getattr(outcome, name)) for outcome in self.outcomes)

    @property
    def precision(self) -> float:
        """Of the tasks found, those that are one true task."""
        return self._sum("right") / max(1, self._sum("found"))

    @property
    def recall(self) -> float:
        """Of the true tasks, those that were found."""
        return self._sum("right") / self._sum("tasks")

    @property
    def slots(self) -> float:
        """Of the calls taken in, those whose input holds the text."""
        return self._sum("held") / max(1, self._sum("taken"))

    @property
    def exact(self) -> float:
        return self._sum("exact") / max(1, self._sum("taken"))

    @property
    def bare(self) -> float:
        """Of the calls that show changing examples, those whose input holds none of them."""
        return self._sum("bare") / max(1, self._sum("shown"))

    @property
    def late(self) -> int:
        """The most calls of a changed task that still counted for its old version."""
        return max(outcome.late for outcome in self.outcomes)

    @property
    def wait(self) -> int:
        """The most calls that a changed task needed for a version of its own."""
        return max(wait for outcome in self.outcomes for wait in outcome.waits or [0])

    @property
    def strangers(self) -> int:
        return self._sum("strangers")

    @property
    def poisoned(self) -> int:
        """Calls that asked again, or were answered wrong, and became examples."""
        return self._sum("poisoned")

    @property
    def linked(self) -> int:
        return self._sum("linked")

    @property
    def splits(self) -> float:
        """Versions founded for each true one."""
        return self._sum("founded") / self._sum("versions")

    def table(self) -> str:
        head = f"{'mix':<52} tasks found right versions founded taken  held exact  bare late waits strangers"
        return "\n".join([head, *(_line(outcome) for outcome in self.outcomes), "", self.summary()]) + "\n"

    def summary(self) -> str:
        return (
            f"{len(self.outcomes)} mixes, {self._sum('tasks')} tasks: precision {self.precision:.4f}, "
            f"recall {self.recall:.4f}, slots {self.slots:.4f} (exact {self.exact:.4f}, without examples "
            f"{self.bare:.4f}), late {self.late}, wait {self.wait}, strangers {self.strangers}, "
            f"poison {self.poisoned} of {self._sum('poison')} (linked {self.linked}), "
            f"versions founded for each true one {self.splits:.3f}"
        )


def _line(o: Outcome) -> str:
    waits = ",".join(map(str, o.waits)) or "-"
    bare = f"{o.bare}/{o.shown}" if o.shown else "-"
    mark = "" if o.right == o.tasks == o.found and o.held == o.taken else " <"
    return (
        f"{o.name[:52]:<52} {o.tasks:>5} {o.found:>5} {o.right:>5} {o.versions:>8} {o.founded:>7} {o.taken:>5} "
        f"{o.held:>5} {o.exact:>5} {bare:>9} {o.late:>4} {waits:>5} {o.strangers:>9}{mark}"
    )
