"""What a version hands on to another one of its kind, and what it keeps for itself."""

from dataclasses import fields, replace
from typing import Any

from shadowbert.domain.task import Stage
from tests.store.rows import AT, a_version

DECIDED: dict[str, Any] = {
    "stage": Stage.LIVE, "share": 1.0, "epoch": 7, "candidate_id": "c-1", "forced": True, "held": True,
    "audit_rate": 0.5, "unaudited": 12, "frozen": True, "alarms_off": True,
}  # fmt: skip
OWN = {"id", "stage_seq", "created_at", *DECIDED}


def test_a_version_made_anew_knows_nothing_of_what_was_decided_on_the_old_one() -> None:
    untouched = replace(a_version(), inherits=())
    new = replace(untouched, **DECIDED).anew("v-new", seq=99, at=AT + 5)
    assert (new.id, new.stage, new.stage_seq, new.created_at) == ("v-new", Stage.COLLECTING, 99, AT + 5)
    assert (new.share, new.epoch, new.candidate_id, new.audit_rate, new.unaudited) == (0.0, 0, None, None, None)
    assert not any((new.forced, new.held, new.frozen, new.alarms_off))
    kept = {own.name for own in fields(new) if getattr(new, own.name) == getattr(untouched, own.name)}
    assert kept >= {own.name for own in fields(new)} - OWN


def test_it_is_the_newer_one_whatever_the_clock_says() -> None:
    old = a_version()
    assert old.anew("v-new", seq=1, at=old.created_at - 100).created_at > old.created_at
