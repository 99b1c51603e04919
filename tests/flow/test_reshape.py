"""An operator's hand on a template, on real stores: what is founded, what ends, and whose the calls are then."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from shadowbert.domain.evidence import Move
from shadowbert.domain.records import CallRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.collect import Collect
from shadowbert.flow.history import replay
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.reshape import Reshape
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import a_known_call, asked, texts
from shadowbert.testing.factories import LABELS, SYSTEM
from shadowbert.testing.lineage import Lineage, found

NOW = 1_760_000_100.0
MARIA = Operator("maria", "the channel is no text")
CHANNELS = ("mail", "app", "phone")
EDIT = [
    {"role": "system", "content": [SYSTEM]},
    {"role": "user", "content": ["Channel: ", {"slot": None, "counts": False}, "\nText: ", {"slot": 1}]},
]


def worded(number: int, text: str) -> str:
    return f"Channel: {CHANNELS[number % 3]}\nText: {text}"


class Desk:
    """A task whose template is the whole user message, and the stations around it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.collect = Collect(store, lambda: NOW)
        self.reshape = Reshape(store, lambda: NOW)
        self.line: Lineage = found(store)

    @property
    def versions(self) -> list[VersionRow]:
        with self.store.read() as work:
            return work.tasks.versions()

    def calls(self, version_id: str) -> list[CallRow]:
        with self.store.read() as work:
            return work.calls.after(version_id, 0, limit=10_000)

    def put(self, prompts: Sequence[str], version_id: str = "", **changes: Any) -> None:
        """Calls as the web process noted them, collected."""
        sink = StoreSink(self.store)
        start = sink.offset("s")
        noted = version_id or self.line.version_id
        said = zip(prompts, cycle(LABELS), strict=False)
        bodies = [a_known_call(noted, text, label, request_body=asked(text), **changes) for text, label in said]
        sink.load("s", start=start, end=start + len(bodies), exchanges=bodies)
        self.settle()

    def settle(self) -> None:
        while self.collect.step():
            pass


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def with_calls(desk: Desk, number: int = 60) -> list[str]:
    prompts = [worded(n, text) for n, text in enumerate(texts(number))]
    desk.put(prompts)
    return prompts


def test_an_edit_founds_a_version_and_its_calls_go_over(desk: Desk) -> None:
    with_calls(desk)
    before = desk.calls(desk.line.version_id)
    done = desk.reshape.edit("bank", MARIA, None, EDIT)
    assert (done.matched, done.looked_at, done.replaced) == (60, 60, desk.line.version_id)
    old, new = desk.versions
    assert (new.id, new.stage, new.task_id, new.contract) == (
        done.version.id,
        Stage.COLLECTING,
        old.task_id,
        old.contract,
    )
    assert new.skeleton == Skeleton(
        (SkeletonMessage("system", (SYSTEM,)), SkeletonMessage("user", ("Channel: ", "\nText: ", ""))), (0,)
    )
    assert (old.replaced_by, new.replaced_by) == (new.id, None)
    desk.settle()
    assert desk.calls(old.id) == []
    rows = desk.calls(new.id)
    assert [row.input for row in rows] == texts(60)
    assert [(row.exchange_id, row.seq, row.answer) for row in rows] == [
        (r.exchange_id, r.seq, r.answer) for r in before
    ]
    assert all(row.eligible for row in before)
    assert not any(row.eligible for row in rows)


def test_inputs_are_remembered_from_their_first_call_on(desk: Desk) -> None:
    prompts = with_calls(desk)
    done = desk.reshape.edit("bank", MARIA, None, EDIT)
    first = desk.calls(done.replaced)[0]
    desk.put(prompts[:1])  # this text comes to the new version before the old calls are handed over
    rows = desk.calls(done.version.id)
    assert rows[-1].seq > first.seq
    hashes = [row.input_hash for row in rows]
    assert (len(hashes), hashes[0]) == (61, hashes[-1])
    with desk.store.read() as work:
        assert work.calls.trained_inputs(done.version.id, first.seq - 1, hashes) == set()
        assert work.calls.trained_inputs(done.version.id, first.seq, hashes) == {hashes[0]}
        assert work.calls.trained_inputs(done.version.id, rows[-1].seq, hashes) == set(hashes)
        assert work.calls.examples(done.version.id) == 60


def test_what_does_not_match_or_has_no_payload_stays(desk: Desk) -> None:
    prompts = [worded(n, text) for n, text in enumerate(texts(40))]
    desk.put(prompts[:5], received_at=NOW - 100)
    desk.put(prompts[5:], received_at=NOW)
    desk.put(["no channel", "none either"], received_at=NOW)
    with desk.store.write() as work:
        assert work.exchanges.forget_payloads(NOW - 50) == 5
    old = [row.exchange_id for row in desk.calls(desk.line.version_id)[:5]]
    done = desk.reshape.edit("bank", MARIA, None, EDIT)
    assert (done.matched, done.looked_at) == (35, 37)
    desk.settle()
    stayed = desk.calls(done.replaced)
    assert [row.exchange_id for row in stayed[:5]] == old
    assert [row.input for row in stayed[5:]] == ["no channel", "none either"]
    assert all(row.eligible for row in stayed)
    assert len(desk.calls(done.version.id)) == 35


def test_later_calls_found_nothing_new_and_land_in_the_edited_version(desk: Desk) -> None:
    with_calls(desk)
    done = desk.reshape.edit("bank", MARIA, None, EDIT)
    further = [worded(n, f"{text} once more") for n, text in enumerate(texts(200))]
    desk.put(further[:100])  # the web process has not heard of the edit yet
    desk.put(further[100:], done.version.id)
    assert len(desk.versions) == 2
    rows = desk.calls(done.version.id)[60:]
    assert [row.input for row in rows] == [f"{text} once more" for text in texts(200)]
    assert [row.eligible for row in rows] == [False] * 100 + [True] * 100
    with desk.store.read() as work:
        assert work.calls.stray_groups(at_least=1) == {}


def test_the_slots_that_count_are_chosen(desk: Desk) -> None:
    with_calls(desk)
    edited = desk.reshape.edit("bank", MARIA, None, EDIT).version
    desk.settle()
    chosen = desk.reshape.count("bank", MARIA, None, [1, 2])
    assert chosen.version.skeleton.excluded == ()
    assert chosen.version.skeleton.repeating == ((0, 3),)
    desk.settle()
    assert desk.calls(edited.id) == []
    assert desk.calls(chosen.version.id)[0].input == f"mail\n[SEP]\n{texts(1)[0]}"
    view = desk.reshape.view("bank")
    assert (view.version, view.contents, view.few, view.calls) == (chosen.version.id, {1: 3, 2: 60}, {1: 3}, 60)
    assert view.inputs[0] == f"phone\n[SEP]\n{texts(60)[-1]}"


def test_calls_follow_a_row_of_edits_to_its_end(desk: Desk) -> None:
    with_calls(desk)
    desk.reshape.edit("bank", MARIA, None, EDIT)
    last = desk.reshape.count("bank", MARIA, None, [1, 2])
    desk.settle()
    assert [len(desk.calls(version.id)) for version in desk.versions] == [0, 0, 60]
    assert last.looked_at == 0
    back = desk.reshape.edit("bank", MARIA, None, [EDIT[0], {"role": "user", "content": [{"slot": None}]}])
    desk.settle()
    assert len(desk.calls(back.version.id)) == 60


def test_what_an_edit_lost_comes_over_with_the_next(desk: Desk) -> None:
    with_calls(desk, 40)
    desk.put([f"no channel {n}" for n in range(10)])
    whole = [EDIT[0], {"role": "user", "content": [{"slot": None}]}]
    first = desk.reshape.edit("bank", MARIA, None, EDIT)
    desk.settle()
    assert (len(desk.calls(first.replaced)), len(desk.calls(first.version.id))) == (10, 40)
    second = desk.reshape.edit("bank", MARIA, None, whole)
    desk.settle()
    assert [len(desk.calls(version.id)) for version in desk.versions] == [0, 0, 50]
    assert [row.seq for row in desk.calls(second.version.id)] == list(range(1, 51))


SERVING = (Stage.CANARY, Stage.LIVE)


@pytest.mark.parametrize("stage", [Stage.COLLECTING, Stage.SHADOW, *SERVING])
def test_whoever_served_is_taken_down_first(stage: Stage, desk: Desk) -> None:
    with_calls(desk)
    candidate = desk.line.candidate(desk.line.student())
    if stage is not Stage.COLLECTING:
        desk.line.move(stage, share=1.0 if stage in SERVING else 0.0, candidate=candidate if stage in SERVING else None)
    new = desk.reshape.edit("bank", MARIA, None, EDIT).version
    old = desk.line.now
    assert (old.stage.serves, old.candidate_id, old.replaced_by) == (False, None, new.id)
    with desk.store.read() as work:
        assert work.candidates.active(old.id) == []
        retired = work.candidates.get(candidate.id)
        last = work.tasks.verdicts([old.id])[-1]
        (mine,) = work.tasks.verdicts([new.id])
        table = work.mirror.table(audit_rate=0.05)
        verdicts = {version.id: work.tasks.verdicts([version.id]) for version in work.tasks.versions()}
    assert retired is not None
    assert retired.retired == "template edited by maria"
    assert (last.by, last.why, last.verdict.move) == (
        "maria", MARIA.why, Move.DEMOTE if stage in SERVING else Move.STEP,
    )  # fmt: skip
    assert new.id in last.verdict.reason
    assert mine.verdict.reason == (
        f"Founded on the template that maria edited, in place of version {old.id}: "
        "it matches 60 of the latest 60 calls."
    )
    assert [version.id for version in table.versions] == [new.id]
    founded = {v.id: replace(v, stage=Stage.COLLECTING, share=0.0, epoch=0, candidate_id=None) for v in (old, new)}
    for version in (old, new):
        again = replay(replace(founded[version.id], forced=False, held=False), verdicts[version.id])
        assert replace(again, stage_seq=version.stage_seq) == version


@pytest.mark.parametrize(("stage", "then"), [(Stage.PAUSED, Stage.PAUSED), (Stage.OFF, Stage.OFF)])
def test_a_task_that_was_stopped_stays_so(stage: Stage, then: Stage, desk: Desk) -> None:
    with_calls(desk)
    desk.line.move(stage)
    new = desk.reshape.edit("bank", MARIA, None, EDIT).version
    assert (new.stage, new.held) == (then, False)


def test_a_hold_outlives_the_edit(desk: Desk) -> None:
    with_calls(desk)
    desk.line.move(Stage.SHADOW, held=True)
    new = desk.reshape.edit("bank", MARIA, None, EDIT).version
    assert (new.stage, new.held) == (Stage.COLLECTING, True)


def test_commands_mean_the_versions_in_force(desk: Desk) -> None:
    with_calls(desk)
    desk.line.candidate(desk.line.student())
    new = desk.reshape.edit("bank", MARIA, None, EDIT).version
    desk.settle()
    operate = Operate(desk.store, Policy(), lambda: NOW)
    assert operate.pause("bank", MARIA).id == new.id
    assert operate.resume("bank", MARIA).id == new.id
    assert operate.retrain("bank", MARIA) == 60
    with pytest.raises(OperatorError, match="no student yet"):
        operate.cutover("bank", MARIA, force=True)
    with pytest.raises(OperatorError, match="nothing is answered locally"):
        operate.rollback("bank", MARIA)
    assert desk.line.now.stage is Stage.COLLECTING
    with desk.store.read() as work:
        job = work.jobs.next()
    assert job is not None
    assert job.version_id == new.id


def test_what_is_no_change_or_fits_too_few_is_refused(desk: Desk) -> None:
    with pytest.raises(OperatorError, match="there are no calls to try this template on"):
        desk.reshape.edit("bank", MARIA, None, EDIT)
    desk.put(["no channel", "Channel: app\nText: hello"])
    wrong = [EDIT[0], {"role": "user", "content": ["Kanal: ", {"slot": 1}]}]
    with pytest.raises(
        OperatorError, match=r'matches 0 of the latest 2 calls.* begins with "Channel: app\nText: hello"'
    ):
        desk.reshape.edit("bank", MARIA, None, wrong)
    assert desk.reshape.view("bank").calls == 2
    desk.put([f"no channel {n}" for n in range(18)])
    with pytest.raises(
        OperatorError, match=r'matches 1 of the latest 20 calls.* message 2 \(user\) begins with "no ch'
    ):
        desk.reshape.edit("bank", MARIA, None, EDIT)
    with pytest.raises(OperatorError, match="is the template of task bank already: nothing is changed"):
        desk.reshape.count("bank", MARIA, None, [1])
    with pytest.raises(UnknownTask, match="no task is called 'bnak'"):
        desk.reshape.edit("bnak", MARIA, None, EDIT)
    assert len(desk.versions) == 1


def test_one_of_few_calls_is_enough(desk: Desk) -> None:
    desk.put(["no channel", "Channel: app\nText: hello"])
    assert desk.reshape.edit("bank", MARIA, None, EDIT).matched == 1


def test_a_version_is_named_by_its_id_or_the_beginning_of_one(desk: Desk) -> None:
    with_calls(desk)
    other = found(desk.store, task_id=desk.line.now.task_id, teacher="other", created_at=NOW + 5)
    assert desk.reshape.view("bank").version == other.version_id
    assert desk.reshape.view("bank", desk.line.version_id).calls == 60
    assert [view.version for view in desk.reshape.views("bank")] == [desk.line.version_id, other.version_id]
    with pytest.raises(OperatorError, match="several versions in force begin with '0'"):
        desk.reshape.view("bank", "0")
    with pytest.raises(OperatorError, match="no version in force begins with 'x'"):
        desk.reshape.view("bank", "x")
    new = desk.reshape.edit("bank", MARIA, desk.line.version_id, EDIT).version
    assert new.teacher == desk.line.now.teacher
    with pytest.raises(OperatorError, match="no version in force begins"):
        desk.reshape.edit("bank", MARIA, desk.line.version_id, EDIT)


def test_two_versions_cannot_have_one_template(desk: Desk) -> None:
    prompts = with_calls(desk)
    told = SkeletonMessage("user", ("Channel: ", "\nText: ", ""))
    system = desk.line.now.skeleton.messages[0]
    sibling = found(desk.store, task_id=desk.line.now.task_id, skeleton=Skeleton((system, told)), created_at=NOW + 5)
    with pytest.raises(OperatorError, match=f"version {sibling.version_id} of task bank has this template already"):
        desk.reshape.edit("bank", MARIA, desk.line.version_id, EDIT)
    assert prompts
    assert len(desk.versions) == 2


def test_the_view_is_read_back_as_no_change(desk: Desk) -> None:
    with_calls(desk)
    desk.reshape.edit("bank", MARIA, None, EDIT)
    desk.settle()
    view = desk.reshape.view("bank").to_json()
    assert view["messages"] == [
        {"role": "system", "content": [SYSTEM]},
        {
            "role": "user",
            "content": [
                "Channel: ",
                {"slot": 1, "counts": False, "holds": "text"},
                "\nText: ",
                {"slot": 2, "counts": True, "holds": "text", "contents": 60},
            ],
        },
    ]
    with pytest.raises(OperatorError, match="nothing is changed"):
        desk.reshape.edit("bank", MARIA, None, view["messages"])
