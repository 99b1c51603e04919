"""The demonstration from its options to its exit code: opens the upstream, the server and the caller, and drives them.

0 when every promise was kept, 1 when one was not. Refuses to know how anything is drawn or judged.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from openai import AsyncOpenAI, OpenAIError
from rich.console import Console

from shadowbert.demo.caller import Caller, Noted
from shadowbert.demo.check import Finding, Story, findings
from shadowbert.demo.corpus import labelled_file, tickets
from shadowbert.demo.dataset import Dataset
from shadowbert.demo.drive import Drive
from shadowbert.demo.house import House, serving, settings_for, url_of
from shadowbert.demo.kept import read_kept
from shadowbert.demo.labelled import Columns
from shadowbert.demo.plan import Plan, plan_for
from shadowbert.demo.progress import Lookout, Progress
from shadowbert.demo.scene import Scene
from shadowbert.demo.summary import broken, draw_summary
from shadowbert.demo.upstream import Upstream, Weather, simulated
from shadowbert.demo.view import Screen, open_screen
from shadowbert.domain.task import Stage
from shadowbert.errors import ConfigError, StoreError
from shadowbert.sections import Settings

LOOK_S = 0.3


@dataclass(frozen=True, slots=True)
class Options:
    target: float = 0.90
    data: Path | None = None
    columns: Columns | None = None
    """Of `data`."""
    upstream: str | None = None
    """A real API instead of the simulated one; its key comes from OPENAI_API_KEY."""
    model: str = "gpt-4o-mini"
    keep: Path | None = None
    """Where everything stays; a temporary directory by default."""
    weather: Weather = field(default_factory=Weather)
    patience_s: float = 1200.0


def run(options: Options, console: Console) -> int:
    """Raises ConfigError for options that cannot be used, OperatorError when the server does not start."""
    dataset = _dataset(options)
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(options.keep))
        upstream = stack.enter_context(_upstream(options, dataset))
        plan = plan_for(len(dataset.messages))
        settings = settings_for(folder, upstream=upstream.url, target=options.target, first=plan.enough)
        performance = Performance(options, dataset, plan, upstream, settings, time.monotonic())
        with open_screen(console) as screen:
            screen.show(performance.scene(Progress(), (), note="the server starts"))
            calls, house = performance.play(screen)
        return performance.close(calls, house, console)


@dataclass(frozen=True, slots=True)
class Performance:
    """One run of the demonstration."""

    options: Options
    dataset: Dataset
    plan: Plan
    upstream: Upstream
    settings: Settings
    started: float

    def scene(self, progress: Progress, calls: Sequence[Noted], *, note: str = "") -> Scene:
        return Scene(
            elapsed_s=time.monotonic() - self.started,
            calls=calls,
            progress=progress,
            upstream=self.upstream,
            model=self.options.model,
            target=self.options.target,
            enough=self.plan.enough,
            note=note,
        )

    def play(self, screen: Screen) -> tuple[list[Noted], House]:
        """The calls made and the server, stopped."""
        client = self._client()
        with serving(self.settings) as house:
            drive = Drive(Caller(client, self.dataset, self.options.model), self.plan.enough)
            asyncio.run(self._drive(drive, client, screen))
            screen.show(self.scene(drive.progress, drive.calls, note="the server stops"))
        return drive.calls, house

    async def _drive(self, drive: Drive, client: AsyncOpenAI, screen: Screen) -> None:
        """Calls and looks go on together until the calls are made; neither outlives a failure of the other."""
        async with client:
            calling = asyncio.create_task(self._call(drive))
            watching = asyncio.create_task(self._watch(drive, screen))
            try:
                done, _ = await asyncio.wait(
                    (calling, watching), timeout=self.options.patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
            finally:
                await _cancel(calling, watching)

    async def _call(self, drive: Drive) -> None:
        """Up to the open gate, and on from there with messages that no student has seen."""
        messages = self.dataset.messages
        if await drive.send(iter(messages[: self.plan.before]), until=_is_live):
            await drive.send(iter(messages[self.plan.before :]), until=_never)

    async def _watch(self, drive: Drive, screen: Screen) -> None:
        lookout = Lookout(self.settings)
        try:
            while True:
                with suppress(StoreError):  # busy for a moment: the last look stands
                    drive.progress = await asyncio.to_thread(lookout.look)
                screen.show(self.scene(drive.progress, drive.calls))
                await asyncio.sleep(LOOK_S)
        finally:
            lookout.close()

    def close(self, calls: Sequence[Noted], house: House, console: Console) -> int:
        """Say what happened and which promises were kept."""
        lookout = Lookout(self.settings)
        progress = lookout.look()
        lookout.close()
        found = self._judge(calls, house, progress)
        kept = str(self.settings.data_dir) if self.options.keep else ""
        console.print(draw_summary(self.scene(progress, calls), found, kept=kept))
        return 1 if broken(found) else 0

    def _judge(self, calls: Sequence[Noted], house: House, progress: Progress) -> list[Finding]:
        story = Story(
            dataset=self.dataset,
            calls=calls,
            kept=read_kept(house),
            target=self.options.target,
            missing=progress.task.missing if progress.task else "the calls were not recognised as a task",
            upstream_calls=self.upstream.seen.calls if self.upstream.seen else None,
        )
        return findings(story)

    def _client(self) -> AsyncOpenAI:
        """The official client as any program would make it, but without repetitions: each call is noted once."""
        key = "simulated" if self.upstream.simulated else None
        try:
            return AsyncOpenAI(base_url=url_of(self.settings), api_key=key, max_retries=0, timeout=60)
        except OpenAIError:
            raise ConfigError("--upstream: a real API needs its key in the variable OPENAI_API_KEY") from None


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _is_live(progress: Progress) -> bool:
    return progress.stage is Stage.LIVE


def _never(_: Progress) -> bool:
    return False


def _dataset(options: Options) -> Dataset:
    if options.data is None or options.columns is None:
        return tickets()
    return labelled_file(options.data, options.columns, seed=options.weather.seed)


def _upstream(options: Options, dataset: Dataset) -> AbstractContextManager[Upstream]:
    if options.upstream:
        return nullcontext(Upstream(options.upstream))
    return simulated(dataset, options.model, options.weather)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="shadowbert-demo-") as name:
            yield Path(name)
        return
    if keep.exists() and not (keep.is_dir() and not any(keep.iterdir())):
        raise ConfigError(f"--keep {keep}: is not an empty directory")
    yield keep
