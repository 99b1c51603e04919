"""A task's policy in words and as plain JSON values: the same for the command line, the admin API and the page."""

from collections.abc import Iterator
from dataclasses import asdict

from shadowbert.flow.foresee import Foresight, Prospect
from shadowbert.flow.govern import Setting
from shadowbert.gating.wording import moment
from shadowbert.reporting import percent


def source_of(setting: Setting) -> str:
    """Where a value comes from."""
    change = setting.change
    if change is None:
        return "default"
    return f"set by {change.by}, {moment(change.at)}{f': {change.why}' if change.why else ''}"


def prospect_of(prospect: Prospect) -> str:
    """How a candidate would stand."""
    who = f"candidate {prospect.number}{' (new)' if prospect.new else ''}: student {prospect.student}"
    figures = f"sure from {prospect.threshold:.3f}, coverage {percent(prospect.coverage)}"
    missing = f" Missing: {prospect.missing}." if prospect.missing and not prospect.passes else ""
    return f"{who}, {figures}. {prospect.said}{missing}"


def foreseen_lines(foresight: Foresight) -> Iterator[str]:
    yield f"{foresight.version.task}, version {foresight.version.id}: {foresight.words}"
    yield from (f"  {prospect_of(prospect)}" for prospect in foresight.prospects)


def setting_data(setting: Setting) -> dict[str, object]:
    change = setting.change
    by = {"by": change.by, "why": change.why, "at": change.at, "value": change.value} if change else None
    return {"key": setting.key, "words": setting.words, "default": setting.default, "set": by}


def foreseen_data(foresight: Foresight) -> dict[str, object]:
    return {
        "version": foresight.version.id,
        "words": foresight.words,
        "outcome": foresight.outcome,
        "coverage": foresight.coverage,
        "candidates": [asdict(prospect) for prospect in foresight.prospects],
    }
