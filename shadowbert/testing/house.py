"""The answer path put together on a loopback port: real relay, real server, in-memory journal, stages and student."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.routing.coins import Coins
from shadowbert.testing.factories import sure
from shadowbert.testing.fakes import FixedStages, MemoryJournal, ScriptedPredictor
from shadowbert.testing.serving import serving
from shadowbert.upstream.relay import Relay, Timeouts
from shadowbert.web.app import create_app


@dataclass(slots=True)
class House:
    """What a test holds in its hands. `url` is set while the house is open."""

    upstream: str
    policy: AnswerPolicy = field(default_factory=AnswerPolicy)
    timeouts: Timeouts = field(default_factory=Timeouts)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    stages: FixedStages = field(default_factory=FixedStages)
    student: ScriptedPredictor = field(default_factory=lambda: ScriptedPredictor(sure))
    url: str = ""

    @contextmanager
    def open(self) -> Iterator["House"]:
        relay = Relay(self.upstream, timeouts=self.timeouts)
        station = AnswerStation(
            upstream=relay,
            journal=self.journal,
            stages=self.stages,
            predictor=self.student,
            coins=Coins(b"a key for tests"),
            policy=self.policy,
        )
        with serving(create_app(station, checks=dict, lifespan=lambda: relay)) as self.url:
            yield self
