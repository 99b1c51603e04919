"""What Prometheus reads, and that it is served where nothing goes upstream."""

import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shadowbert.domain.alert import AlertKind
from shadowbert.domain.exchange import Outcome
from shadowbert.flow.recording import Tally
from shadowbert.flow.sentry import Told
from shadowbert.testing.serving import serving
from shadowbert.web.app import create_app
from shadowbert.web.metrics import exposition, metrics_routes
from tests.web.surface import Door


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


def samples(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_everything_counted_is_told() -> None:
    tally = Tally(
        routes=Counter({"student": 3, "llm:unsure": 2}),
        outcomes=Counter({Outcome.COMPLETE: 5}),
        faults=Counter({"bank:KeyError": 1}),
        rows_lost=4,
    )
    told = Told({AlertKind.ROLLED_BACK: 2, AlertKind.PROMOTED: 1}, waiting=3)
    assert samples(exposition(tally, mirror_age_s=0.25, told=told)) == [
        'shadowbert_exchanges_total{route="llm:unsure"} 2',
        'shadowbert_exchanges_total{route="student"} 3',
        'shadowbert_outcomes_total{outcome="complete"} 5',
        'shadowbert_faults_total{task="bank",kind="KeyError"} 1',
        "shadowbert_rows_lost_total 4",
        "shadowbert_mirror_age_seconds 0.25",
        'shadowbert_alerts_total{kind="promoted"} 1',
        'shadowbert_alerts_total{kind="rolled_back"} 2',
        "shadowbert_alerts_undelivered 3",
    ]


def test_each_family_says_its_kind_before_its_samples() -> None:
    text = exposition(Tally(routes=Counter(student=1)), mirror_age_s=float("inf"), told=Told())
    told: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            told.add(line.split()[2])
        elif not line.startswith("#"):
            assert line.partition("{")[0].split()[0] in told
    assert len(told) == 7
    assert "shadowbert_mirror_age_seconds +Inf\n" in text


def test_no_task_name_breaks_out_of_its_label() -> None:
    tally = Tally(faults=Counter({'a"}\n\\:b:KeyError': 1}))
    (line,) = (line for line in samples(exposition(tally, mirror_age_s=0, told=Told())) if "faults" in line)
    assert line == r'shadowbert_faults_total{task="a\"}\n\\:b",kind="KeyError"} 1'


def test_it_is_read_anew_at_every_scrape_and_never_goes_upstream() -> None:
    door, tally = Door(), Tally()
    routes = metrics_routes(lambda: exposition(tally, mirror_age_s=1.5, told=Told()))
    with serving(create_app(door, checks=dict, lifespan=nothing, routers=[routes])) as url:
        for lost in (0, 1):
            tally.rows_lost = lost
            with urllib.request.urlopen(f"{url}/metrics", timeout=10) as reply:
                assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
                assert f"shadowbert_rows_lost_total {lost}" in reply.read().decode().splitlines()
    assert door.seen == []
