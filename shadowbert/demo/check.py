"""The demonstration checks itself: each promise is one function on what the caller noted and what the server kept.

Refuses to know how either was gathered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadowbert.demo.caller import Noted
from shadowbert.demo.dataset import Dataset, same
from shadowbert.domain.evidence import Ruling
from shadowbert.domain.records import VerdictRow
from shadowbert.domain.task import Stage
from shadowbert.flow.promote import GATE
from shadowbert.gating.bounds import upper
from shadowbert.gating.wording import percent
from shadowbert.recognition.validate import valid

CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise and whether it was kept; `kept` is None where nothing could be said."""

    promise: str
    kept: bool | None
    because: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What the server kept: read from its table and journal after it stopped."""

    sources: Sequence[tuple[str, str]]
    """(exchange id, source) of every row of the table."""
    verdicts: Sequence[VerdictRow]
    unloaded_bytes: int
    """Of the journal, when the loader was done."""
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """A whole demonstration."""

    dataset: Dataset
    calls: Sequence[Noted]
    kept: Kept
    target: float
    missing: str
    """What kept the gate shut, where it was."""
    upstream_calls: int | None
    """What a simulated upstream counted; None for a real one."""


def findings(story: Story) -> list[Finding]:
    return [
        every_call_answered(story.calls),
        cut_over_by_the_gate(story.kept.verdicts, missing=story.missing),
        local_answers_valid(story.calls, story.dataset.schema),
        local_answers_agree(story.calls, story.target, simulated=story.upstream_calls is not None),
        table_matches(story.calls, story.kept.sources),
        journal_empty(story.kept),
        upstream_matches(story.calls, story.upstream_calls),
    ]


def every_call_answered(calls: Sequence[Noted]) -> Finding:
    """An error reply of the upstream is a reply; silence of the server is not."""
    silent = sum(call.status is None for call in calls)
    because = f"{silent} of {len(calls)} did not" if silent or not calls else f"{len(calls)} of {len(calls)}"
    return Finding("every call got a reply", kept=bool(calls) and not silent, because=because)


def cut_over_by_the_gate(verdicts: Sequence[VerdictRow], *, missing: str) -> Finding:
    """A version went live, and every step up to it was a ruling of the gate."""
    promise = "the gate opened the way, nobody forced it"
    up = [row for row in verdicts if row.verdict.stage in (Stage.CANARY, Stage.LIVE)]
    by_hand = [row.by for row in up if row.by != GATE or row.verdict.ruling is not Ruling.PASS]
    if by_hand:
        return Finding(promise, kept=False, because=f"moved up by {by_hand[0]} without a pass")
    live = [row for row in up if row.verdict.stage is Stage.LIVE]
    if not live:
        return Finding(promise, kept=False, because=f"no student went live: {missing}")
    return Finding(promise, kept=True, because=f"{len(up)} steps, each by a verdict")


def local_answers_valid(calls: Sequence[Noted], schema: Mapping[str, object]) -> Finding:
    promise = "local answers follow the schema"
    local = [call for call in calls if call.local]
    if not local:
        return Finding(promise, kept=False, because="there were none")
    broken = [call for call in local if not valid(schema, call.content)]
    if broken:
        return Finding(promise, kept=False, because=f"{len(broken)} of {len(local)} do not, first {broken[0].exchange}")
    return Finding(promise, kept=True, because=f"{len(local)} of {len(local)}")


def local_answers_agree(calls: Sequence[Noted], target: float, *, simulated: bool) -> Finding:
    """Exact one-sided binomial test at 1 %: false only when so few agreements are hardly chance at the target."""
    promise = f"local answers agree with the LLM on {percent(target)}, up to chance"
    if not simulated:
        return Finding(promise, kept=None, because="a real API is not asked again")
    local = [call for call in calls if call.local]
    agree = sum(same(call.message.answer, call.content) for call in local)
    told = f"{agree} of {len(local)} ({percent(agree / max(1, len(local)))})"
    if not local or upper(agree, len(local), delta=CHANCE) < target:
        return Finding(promise, kept=False, because=told)
    return Finding(promise, kept=True, because=told)


def table_matches(calls: Sequence[Noted], rows: Sequence[tuple[str, str]]) -> Finding:
    """Every call with a reply is in the table once with the source its caller was told, and nothing else is."""
    promise = "the table holds every call once"
    seen, sources = Counter(exchange for exchange, _ in rows), dict(rows)
    noted = [call for call in calls if call.status is not None]
    wrong = [call for call in noted if not _matches(call, seen, sources)]
    if wrong:
        return Finding(promise, kept=False, because=f"{len(wrong)} calls differ, first {wrong[0].exchange}")
    strangers = len(rows) - len(noted)
    # A call whose reply was lost on the way back has an exchange that its caller cannot name.
    if not 0 <= strangers <= len(calls) - len(noted):
        return Finding(promise, kept=False, because=f"{len(rows)} rows for {len(calls)} calls")
    return Finding(promise, kept=True, because=f"{len(rows)} rows, {len(calls)} calls")


def _matches(call: Noted, seen: Counter[str], sources: Mapping[str, str]) -> bool:
    return call.exchange is not None and seen[call.exchange] == 1 and sources[call.exchange] == call.source


def journal_empty(kept: Kept) -> Finding:
    promise = "the server stopped cleanly and emptied its journal"
    if kept.exit_code != 0:
        return Finding(promise, kept=False, because=f"exit code {kept.exit_code}")
    if kept.unloaded_bytes:
        return Finding(promise, kept=False, because=f"{kept.unloaded_bytes} bytes were not loaded")
    return Finding(promise, kept=True, because="nothing left to load")


def upstream_matches(calls: Sequence[Noted], upstream_calls: int | None) -> Finding:
    promise = "the LLM was asked exactly where the caller was told so"
    if upstream_calls is None:
        return Finding(promise, kept=None, because="a real API does not tell")
    told = sum(call.source == "llm" for call in calls)
    because = f"asked {upstream_calls} times, told {told} times"
    unnamed = sum(call.status is None for call in calls)
    return Finding(promise, kept=told <= upstream_calls <= told + unnamed, because=because)
