"""What our own surface works with: the report and the operator's commands on the store of this web process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shadowbert.bootstrap.operations import Operations
from shadowbert.flow.operate import Operator
from shadowbert.flow.report import Report
from shadowbert.web.health import Checks
from shadowbert.web.orders import Order, Outcome


@dataclass(frozen=True, slots=True)
class Desk:
    """`report` and `operations` are opened with the server, so they are asked for at each request."""

    report: Callable[[], Report]
    operations: Callable[[], Operations]
    checks: Checks = dict
    home: Path = Path()
    """Below it the students' files lie."""

    def carry_out(self, task: str, order: Order, *, by: str) -> Outcome:
        """Raises what the operation raises."""
        return order.carry_out(self.operations(), task, Operator(by, order.why))
