"""The answer path put together on a loopback port: real relay, real server, in-memory journal, stages and student."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.routing.coins import Coins
from shadowbert.routing.upstreams import DEFAULT, UpstreamRule, UpstreamRules
from shadowbert.testing.factories import sure
from shadowbert.testing.fakes import FixedStages, MemoryJournal, ScriptedPredictor
from shadowbert.testing.serving import serving
from shadowbert.upstream.relay import Relay, Timeouts
from shadowbert.upstream.switch import Switch
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
    others: Mapping[UpstreamRule, str] = field(default_factory=dict)
    """Further upstreams: the rule and the base URL of each."""
    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None
    """The server's, while the house is open."""

    @property
    def tasks(self) -> int:
        """How many the server runs at this moment."""
        return len(asyncio.all_tasks(self.loop)) if self.loop else 0

    @contextmanager
    def open(self) -> Iterator["House"]:
        bases = {DEFAULT: self.upstream, **{rule.name: base for rule, base in self.others.items()}}
        switch = Switch({name: Relay(base, timeouts=self.timeouts) for name, base in bases.items()})
        station = AnswerStation(
            upstream=switch,
            journal=self.journal,
            stages=self.stages,
            predictor=self.student,
            coins=Coins(b"a key for tests"),
            policy=self.policy,
        )
        rules = UpstreamRules(tuple(self.others))
        app = create_app(station, checks=dict, lifespan=lambda: self._alive(switch), upstreams=rules)
        with serving(app) as self.url:
            yield self

    @asynccontextmanager
    async def _alive(self, switch: Switch) -> AsyncIterator[None]:
        async with switch:
            self.loop = asyncio.get_running_loop()
            yield
