"""/metrics: what the process that answers has counted since it started, as Prometheus text (exposition format 0.0.4).

Each web process counts for itself; where several share the port, a scrape meets one of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from shadowbert.flow.recording import Tally
from shadowbert.flow.sentry import Told

CONTENT_TYPE = "text/plain; version=0.0.4"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: str
    """`counter` or `gauge`."""
    text: str
    samples: Sequence[tuple[Labels, float]]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in sorted(self.samples):
            yield f"{self.name}{_braced(labels)} {_number(value)}"


def metrics_routes(read: Callable[[], str]) -> APIRouter:
    """`read` is an `exposition`, asked at every scrape. Must not block."""
    router = APIRouter()

    @router.get("/metrics")
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(read(), media_type=CONTENT_TYPE)

    return router


def exposition(tally: Tally, *, mirror_age_s: float, told: Told) -> str:
    families = (*_families(tally, mirror_age_s), *_alerts(told))
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _families(tally: Tally, mirror_age_s: float) -> Iterator[Family]:
    routes = [((("route", route),), count) for route, count in tally.routes.items()]
    yield Family("shadowbert_exchanges_total", "counter", "Exchanges by where they went and why.", routes)
    outcomes = [((("outcome", outcome.value),), count) for outcome, count in tally.outcomes.items()]
    yield Family("shadowbert_outcomes_total", "counter", "Exchanges by how they ended.", outcomes)
    faults = [(_fault(fault), count) for fault, count in tally.faults.items()]
    yield Family("shadowbert_faults_total", "counter", "Faults of ours that the LLM answered for.", faults)
    lost = [((), tally.rows_lost)]
    yield Family("shadowbert_rows_lost_total", "counter", "Exchanges that the journal refused to take.", lost)
    age = [((), mirror_age_s)]
    yield Family("shadowbert_mirror_age_seconds", "gauge", "Since the store was last known; +Inf before.", age)


def _alerts(told: Told) -> Iterator[Family]:
    """Of the whole installation, as the store knows them: each process tells the same."""
    alerts = [((("kind", kind.value),), count) for kind, count in told.counts.items()]
    yield Family("shadowbert_alerts_total", "counter", "Alerts by kind, of all hosts of the store.", alerts)
    waiting = [((), told.waiting)]
    yield Family("shadowbert_alerts_undelivered", "gauge", "Alerts that still wait for delivery.", waiting)


def _fault(key: str) -> Labels:
    task, _, kind = key.rpartition(":")
    return (("task", task), ("kind", kind))


def _braced(labels: Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    r"""As a label value.

    >>> print(_escaped('a "b"\\c' + chr(10) + "d"))
    a \"b\"\\c\nd
    """
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """As Go parses it.

    >>> _number(3), _number(0.5), _number(float("inf"))
    ('3', '0.5', '+Inf')
    """
    return "+Inf" if value == float("inf") else repr(value)
