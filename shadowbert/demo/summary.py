"""The last words of a demonstration: what happened, and which promises were kept. Judges nothing itself."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shadowbert.demo.check import Finding
from shadowbert.demo.scene import Scene
from shadowbert.demo.upstream import MEDIAN_MS
from shadowbert.demo.view import told

_MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("-", "dim")}


def broken(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.kept is False]


def draw_summary(scene: Scene, findings: Sequence[Finding], *, kept: str) -> RenderableType:
    """`kept` names the directory that stays, or is empty."""
    lines = [Text(text) for text in _lines(scene)]
    place = [Text(f"everything is kept in {kept}")] if kept else []
    return Group(Text(), *lines, Text(), _promises(findings), Text(), _verdict(findings), *place)


def _lines(scene: Scene) -> list[str]:
    lines = [f"{len(scene.calls)} calls in {scene.elapsed_s:.0f} s, {scene.local} answered by the student"]
    if scene.upstream.simulated:
        lines.append(
            f"the LLM was simulated: about {MEDIAN_MS:.0f} ms a call, run {scene.upstream.speed:g} times faster here"
        )
    student_ms, bill = scene.median_ms(local=True), scene.bill
    if student_ms is not None:
        lines.append(f"latency: LLM {scene.llm_latency()}, student {student_ms:.0f} ms")
    if bill is not None:
        lines.append(f"${bill.saved:.4f} saved of ${bill.spent + bill.saved:.4f} at the list price of {scene.model}")
    return [*lines, *(told(verdict) for verdict in (scene.progress.task.verdicts if scene.progress.task else ()))]


def _promises(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        mark, style = _MARKS[finding.kept]
        table.add_row(Text(mark, style), Text(finding.promise), Text(finding.because, "dim"))
    return table


def _verdict(findings: Sequence[Finding]) -> Text:
    unkept = broken(findings)
    if not unkept:
        return Text("every promise was kept", "bold green")
    return Text(f"not kept: {'; '.join(f'{f.promise} ({f.because})' for f in unkept)}", "bold red")
