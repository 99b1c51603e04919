"""What our own surface works with: the report and the operator's commands on the store of this web process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shadowbert.domain.records import VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.fills import fill_of
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import Report
from shadowbert.web.health import Checks


@dataclass(frozen=True, slots=True)
class Order:
    """One command on one task."""

    task: str
    verb: str
    why: str = ""
    share: float = 1.0
    force: bool = False
    field: str = ""
    value: str | None = None
    """JSON text for the field that is to be filled."""
    omit: bool = False
    llm: bool = False


Act = Callable[[Operate, Order, Operator], VersionRow | int]


def _on_task(act: Callable[[Operate, str, Operator], VersionRow | int]) -> Act:
    return lambda operate, order, who: act(operate, order.task, who)


def _cutover(operate: Operate, order: Order, who: Operator) -> VersionRow:
    return operate.cutover(order.task, who, share=order.share, force=order.force)


def _fill(operate: Operate, order: Order, who: Operator) -> VersionRow:
    fill = fill_of(value=order.value, omit=order.omit, llm=order.llm)
    return operate.fill(order.task, who, order.field, fill)


VERBS: Mapping[str, Act] = MappingProxyType(
    {
        "cutover": _cutover,
        "rollback": _on_task(Operate.rollback),
        "pause": _on_task(Operate.pause),
        "resume": _on_task(Operate.resume),
        "off": _on_task(Operate.off),
        "retrain": _on_task(Operate.retrain),
        "confirm": _on_task(Operate.confirm),
        "fill": _fill,
    }
)


@dataclass(frozen=True, slots=True)
class Desk:
    """`report` and `operate` are opened with the server, so they are asked for at each request."""

    report: Callable[[], Report]
    operate: Callable[[], Operate]
    checks: Checks = dict

    def carry_out(self, order: Order, *, by: str) -> VersionRow | int:
        """The version as it is now, or the examples of a training asked for. Raises what Operate raises."""
        if order.verb not in VERBS:
            raise OperatorError(f"there is no command {order.verb!r}; there are {', '.join(VERBS)}")
        return VERBS[order.verb](self.operate(), order, Operator(by, order.why))
