"""What our own surface works with: the report and the operator's commands on the store of this web process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import Report
from shadowbert.web.health import Checks

VERBS: Mapping[str, Callable[[Operate, str, Operator], VersionRow | int]] = MappingProxyType(
    {
        "cutover": Operate.cutover,
        "rollback": Operate.rollback,
        "pause": Operate.pause,
        "resume": Operate.resume,
        "off": Operate.off,
        "retrain": Operate.retrain,
        "confirm": Operate.confirm,
    }
)


@dataclass(frozen=True, slots=True)
class Order:
    """One command on one task."""

    task: str
    verb: str
    why: str = ""
    share: float = 1.0
    force: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """`report` and `operate` are opened with the server, so they are asked for at each request."""

    report: Callable[[], Report]
    operate: Callable[[], Operate]
    checks: Checks = dict

    def carry_out(self, order: Order, *, by: str) -> VersionRow | int:
        """The version as it is now, or the examples of a training asked for. Raises what Operate raises."""
        who, operate = Operator(by, order.why), self.operate()
        if order.verb == "cutover":
            return operate.cutover(order.task, who, share=order.share, force=order.force)
        if order.verb not in VERBS:
            raise OperatorError(f"there is no command {order.verb!r}; there are {', '.join(VERBS)}")
        return VERBS[order.verb](operate, order.task, who)
