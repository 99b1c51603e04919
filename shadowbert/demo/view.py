"""Draws a scene for a terminal, or says it in plain lines where there is none. Reads nothing but the scene."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from shadowbert.demo.scene import RECENT, Scene
from shadowbert.domain.records import VerdictRow
from shadowbert.domain.task import Stage
from shadowbert.gating.wording import percent

SIMULATED = "SIMULATED upstream: its answers come from a file, not from an LLM"
PATH = (Stage.COLLECTING, Stage.SHADOW, Stage.CANARY, Stage.LIVE)
QUIET_S = 5.0
"""Plain lines come this often where nothing changes."""


class Screen(Protocol):
    def show(self, scene: Scene) -> None: ...


@contextmanager
def open_screen(console: Console) -> Iterator[Screen]:
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield Picture(live)


class Picture:
    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, scene: Scene) -> None:
        self._live.update(draw(scene))


class Lines:
    """One line when the stage changes, and now and then between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: tuple[object, ...] = ()
        self._at = 0.0

    def show(self, scene: Scene) -> None:
        task = scene.progress.task
        state = (scene.progress.stage, task and task.share, scene.progress.training, scene.note)
        if state != self._told or time.monotonic() - self._at >= QUIET_S:
            self._told, self._at = state, time.monotonic()
            self._console.print(line(scene), highlight=False, soft_wrap=True, markup=False)


def line(scene: Scene) -> str:
    parts = [_clock(scene.elapsed_s), f"{len(scene.calls)} calls", f"{scene.local} by the student", scene.phase]
    return " | ".join(parts)


def draw(scene: Scene) -> RenderableType:
    title = f"shadowbert demo · {SIMULATED}" if scene.upstream.simulated else "shadowbert demo · real upstream"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in _rows(scene):
        table.add_row(name, value)
    now = Text.assemble((f"{_clock(scene.elapsed_s)}  ", "bold"), (scene.phase, "bold cyan"))
    return Panel(Group(now, Text(), table), title=title, title_align="left", border_style="yellow")


def _rows(scene: Scene) -> Iterator[tuple[str, RenderableType]]:
    failed = f", {scene.failed} failed" if scene.failed else ""
    yield "calls", Text(f"{len(scene.calls)}: {scene.local} by the student{failed}")
    yield "examples", Text(f"{scene.progress.examples} (first training at {scene.enough})")
    yield "stage", _stage(scene)
    yield "student", Text(_student(scene))
    yield "agreement", _agreement(scene)
    yield "who answers", _who(scene)
    student_ms = scene.median_ms(local=True)
    student = "no call yet" if student_ms is None else f"{student_ms:.0f} ms"
    yield "latency", Text(f"LLM {scene.llm_latency()} · student {student}")
    yield "money", Text(_money(scene))
    for event in scene.progress.task.verdicts[-5:] if scene.progress.task else ():
        yield "verdict", Text(told(event))


def _stage(scene: Scene) -> Text:
    task, text = scene.progress.task, Text()
    for stage in PATH:
        here = stage is scene.progress.stage
        share = f" {percent(task.share)}" if here and task and stage is Stage.CANARY else ""
        text.append(f"{stage}{share}", style="bold green" if here else "dim")
        text.append("" if stage is PATH[-1] else " ▸ ", style="dim")
    return text


def _student(scene: Scene) -> str:
    task = scene.progress.task
    if task is None or not task.students:
        return "none yet"
    last = task.students[-1]
    return f"number {last.number}, {last.recipe}, from {last.examples} examples"


def _agreement(scene: Scene) -> Text:
    leading = scene.progress.task.leading if scene.progress.task else None
    if leading is None or leading.agreement is None:
        return Text(f"nothing to compare yet; target {percent(scene.target)}")
    coverage = "" if leading.coverage is None else f" · sure of {percent(leading.coverage)} of calls"
    text = Text(f"{percent(leading.agreement)} of {leading.rows} calls, ")
    text.append(f"lower bound {percent(leading.bound)}", style="green" if leading.bound > scene.target else "yellow")
    return text.append(f"; target {percent(scene.target)}{coverage}")


def _who(scene: Scene) -> RenderableType:
    share = scene.recent_local_share
    bar = Table.grid(padding=(0, 1))
    bar.add_row(Bar(1, 0, share, width=30, color="green"), f"student {percent(share)} of the last {RECENT} calls")
    return bar


def _money(scene: Scene) -> str:
    bill = scene.bill
    if bill is None:
        return f"no list price for {scene.model}"
    simulated = "would have been " if scene.upstream.simulated else ""
    return f"{simulated}${bill.spent:.4f} spent, ${bill.saved:.4f} saved (list price of {scene.model})"


def told(verdict: VerdictRow) -> str:
    """One move of the gate in words."""
    stage, share = verdict.verdict.stage, verdict.verdict.share
    to = f"{stage} {percent(share)}" if stage is Stage.CANARY and share is not None else f"{stage}"
    return f"{verdict.stage_before} → {to}: {verdict.why}"


def _clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> _clock(83.4)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
