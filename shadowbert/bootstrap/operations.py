"""What operators may do, put together once for the command line and the admin API alike."""

from collections.abc import Callable
from dataclasses import dataclass

from shadowbert.domain.task import Policy
from shadowbert.flow.alerts import Alerts
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.correct import Correct
from shadowbert.flow.delivery import Post
from shadowbert.flow.draw import Draw
from shadowbert.flow.govern import Govern
from shadowbert.flow.inherit import Inherit
from shadowbert.flow.operate import Operate
from shadowbert.flow.probe import Probe
from shadowbert.flow.reshape import Reshape
from shadowbert.flow.takeaway import Takeaway
from shadowbert.flow.teacherless import Teacherless
from shadowbert.store.store import Store


@dataclass(frozen=True, slots=True)
class Operations:
    operate: Operate
    govern: Govern
    correct: Correct
    draw: Draw
    arrange: Arrange
    inherit: Inherit
    probe: Probe
    reshape: Reshape
    takeaway: Takeaway
    teacherless: Teacherless
    alerts: Alerts


def operations_on(store: Store, policy: Policy, clock: Callable[[], float], post: Post | None = None) -> Operations:
    return Operations(
        operate=Operate(store, policy, clock),
        govern=Govern(store, policy, clock),
        correct=Correct(store, clock),
        draw=Draw(store, clock),
        arrange=Arrange(store, clock),
        inherit=Inherit(store, clock),
        probe=Probe(store, policy, clock),
        reshape=Reshape(store, clock),
        takeaway=Takeaway(store),
        teacherless=Teacherless(store, policy, clock),
        alerts=Alerts(store, post, clock),
    )
