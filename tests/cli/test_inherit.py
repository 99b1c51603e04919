"""`task inherit` on versions that collect found; its check asks a real HTTP upstream with the official client."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shadowbert.cli import asking
from shadowbert.domain.evidence import Ruling
from shadowbert.domain.records import Inherited, VersionRow
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.calls import texts
from shadowbert.testing.factories import LABELS, SYSTEM
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.oracles import Schema
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.cli.conftest import Shell
from tests.flow.test_collect import AT, put
from tests.flow.test_inherit import NEW, OLD, POLITE, TASK, even, said

KEY = "sk-operators-own"


@dataclass
class Mind:
    """Says what was said before, but for one label once it has changed its mind."""

    moved: str = ""
    asked: int = 0

    def __call__(self, text: str, schema: Schema) -> Mapping[str, object]:
        del schema
        assert POLITE in text, "the new version's own prompt"
        self.asked += 1
        message = text.rpartition("\n")[2]
        label = even(list(texts(OLD)).index(message))
        return {"label": LABELS[0] if label == self.moved else label}


@dataclass
class Street:
    mind: Mind
    upstream: SimulatedUpstream
    flag: str


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    mind = Mind()
    upstream = SimulatedUpstream(mind, Simulation(median_ms=1.0, keys=frozenset({KEY})))
    with serving_upstream(upstream.app()) as url:
        yield Street(mind, upstream, f"--set=upstream.base_url={url}/v1")


@pytest.fixture
def pair(store: Store) -> tuple[VersionRow, VersionRow]:
    """A version with sixty examples, and one after a change of the prompt with twenty-four."""
    at = iter(range(10_000))
    collect = Collect(store, lambda: AT + next(at))
    put(collect, [said(n, SYSTEM, even) for n in range(OLD)])
    put(collect, [said(n, POLITE, even) for n in range(100, 100 + NEW)])
    with store.read() as work:
        old, new = work.tasks.versions()
    return old, new


def now(store: Store, version: VersionRow) -> VersionRow:
    with store.read() as work:
        found = work.tasks.version(version.id)
    assert found is not None
    return found


def verdicts(store: Store, version: VersionRow) -> list[Any]:
    with store.read() as work:
        return [row.verdict for row in work.tasks.verdicts([version.id])]


Pair = tuple[VersionRow, VersionRow]


def test_an_operators_word_carries_over_and_none_gives_up(shell: Shell, store: Store, pair: Pair) -> None:
    old, new = pair
    planned = [
        f"{TASK}: version {new.id} has 24 examples",
        f"  60 more would come from version {old.id} (fields: label)",
        "  changed in between: the prompt",
    ]
    assert shell("task", "inherit", TASK, "--dry-run").stdout.splitlines() == planned
    assert now(store, new).inherits == ()
    done = shell("task", "inherit", TASK, "--why", "only politer").stdout.splitlines()
    undo = f"{TASK}: 60 examples carried over; to undo it: shadowbert task inherit {TASK} --none"
    assert done == [*planned, undo]
    assert now(store, new).inherits == (Inherited(old.id, OLD + NEW),)
    assert shell("retrain", TASK).stdout == f"{TASK}: a training on 84 examples is queued\n"
    assert (shell.json("status")[1]["examples"], verdicts(store, new)[-1].numbers) == (84, {"examples": 60.0})
    assert f"carries 60 examples of version {old.id}" in shell("show", TASK).stdout
    assert shell("task", "inherit", TASK, "--none").stdout == (
        f"{TASK}: version {new.id} inherits nothing any more; students that were taught them stay\n"
    )
    assert "inherits nothing" in shell.refused("task", "inherit", TASK, "--none")
    assert "--none gives up" in shell.refused("task", "inherit", TASK, "--none", "--dry-run")
    assert "no version before" in shell.refused("task", "inherit", TASK, "--version", old.id)


def test_as_json(shell: Shell, store: Store, pair: Pair) -> None:
    old, new = pair
    data = {
        "task": TASK, "version": new.id, "from": old.id, "examples": 60, "known": 24, "fields": ["label"], "lost": {},
        "changes": ["the prompt"],
    }  # fmt: skip
    assert shell.json("task", "inherit", TASK, "--dry-run") == {**data, "carried": False}
    assert shell.json("task", "inherit", TASK, "--from", old.id, "--version", new.id) == {**data, "carried": True}
    assert shell.json("task", "inherit", TASK, "--none") == {"task": TASK, "version": new.id, "inherits": []}


def test_labels_that_did_not_move_pass_the_check(shell: Shell, store: Store, pair: Pair, street: Street) -> None:
    done = shell("task", "inherit", TASK, "--check", "45", "--yes", street.flag)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-3:] == [
        "45 old inputs would be asked of gpt-4o-2024-08-06 again: about 1,800 tokens in and 195 out, about $0.0065",
        "45 of 45 labels did not move: at least 93.6%, 90% is needed",
        f"{TASK}: 60 examples carried over",
    ]
    assert street.mind.asked == 45
    assert len(now(store, pair[1]).inherits) == 1
    assert verdicts(store, pair[1])[-1].ruling is Ruling.PASS


def test_a_label_that_moved_fails_it(shell: Shell, store: Store, pair: Pair, street: Street) -> None:
    street.mind.moved = "card"
    done = shell("task", "inherit", TASK, "--check", "45", "--yes", street.flag)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-3:] == [
        "30 of 45 labels did not move: at least 53.4%, 90% is needed",
        "  label: card → account 15 times",
        f"{TASK}: nothing carried over",
    ]
    assert now(store, pair[1]).inherits == ()
    assert verdicts(store, pair[1])[-1].ruling is Ruling.FAIL
    told = shell("task", "inherit", TASK, "--check", "30", "--yes", "--json", street.flag)
    assert told.exit_code == 1
    data = json.loads(told.stdout)
    assert (data["check"]["equal"], data["check"]["rows"], data["carried"]) == (20, 30, False)
    assert data["check"]["moved"] == [{"field": "label", "old": "card", "new": "account", "times": 10}]
    assert (data["calls"], data["prompt_tokens"], data["dollars"]) == (30, 1200, pytest.approx(0.0043))


def test_nothing_is_asked_before_somebody_has_agreed(
    shell: Shell, store: Store, pair: Pair, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = shell("task", "inherit", TASK, "--check", "30", street.flag)
    assert silent.exit_code == 1
    assert "30 old inputs would be asked" in silent.stdout
    assert f"nothing was asked; to do it: shadowbert task inherit {TASK} --check 30 --yes" in silent.stderr
    as_json = shell("task", "inherit", TASK, "--check", "30", "--json", street.flag)
    assert (as_json.exit_code, json.loads(as_json.stdout)["check"]) == (1, None)
    for answer, code in ((False, 1), (True, 0)):
        monkeypatch.setattr(asking, "ask", lambda _, answer=answer: answer)
        assert street.mind.asked == 0
        assert shell("task", "inherit", TASK, "--check", "30", street.flag).exit_code == code
    assert street.mind.asked == 30


def test_failures_and_a_missing_key_are_told(
    shell: Shell, store: Store, pair: Pair, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.upstream.seen.planned[:] = [Fault(Kind.STATUS, status=404)] * 20
    stopped = shell("task", "inherit", TASK, "--check", "30", "--yes", street.flag)
    assert stopped.exit_code == 1
    assert "calls in a row failed" in stopped.stderr
    assert verdicts(store, pair[1]) == []
    monkeypatch.delenv("OPENAI_API_KEY")
    keyless = shell("task", "inherit", TASK, "--check", "30", "--yes", street.flag)
    assert (keyless.exit_code, "variable OPENAI_API_KEY" in keyless.stderr) == (2, True)
    assert shell("task", "inherit", TASK, "--check", "0").exit_code == 2, "no check is no answer to a check of none"
    assert "cannot pass: it takes at least 29" in shell.refused("task", "inherit", TASK, "--check", "5", street.flag)


def test_the_key_lands_nowhere(shell: Shell, store: Store, pair: Pair, street: Street) -> None:
    done = shell("task", "inherit", TASK, "--check", "30", "--yes", street.flag)
    assert done.exit_code == 0
    files = [file for file in shell.folder.rglob("*") if file.is_file()]
    assert files
    assert KEY not in done.output
    assert not any(KEY.encode() in Path(file).read_bytes() for file in files)
