"""Examples that a version inherits: counted once, and remembered as trained on."""

from dataclasses import replace

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import CallRow, Inherited, VersionRow
from shadowbert.domain.route import Decider
from shadowbert.domain.student import Guess, Prediction
from shadowbert.flow.lesson import lesson
from shadowbert.flow.taught import MAX_CLIP, examples_of, inherited_of, legacies, taught
from shadowbert.store.store import Store
from tests.store.rows import AT, a_call, a_version, loaded

LABELS = ("account", "card", "transfer")
OLD = Contract((Field(("label",), LABELS), Field(("urgent",), (False, True))), "c1:old")
NEW = Contract((Field(("label",), ("card", "loan", "transfer")),), "c1:new")


def founded(store: Store, **changes: object) -> VersionRow:
    version = a_version(task_id="bank", **changes)
    with store.write() as work:
        work.tasks.found(version)
    return version


def labelled(store: Store, version: VersionRow, **answers: tuple[int, ...]) -> list[CallRow]:
    """One call an input, in order."""
    ids = loaded(store, len(answers))
    with store.write() as work:
        first = work.exchanges.last_seq() - len(ids) + 1
        rows = [
            a_call(version, id_, seq, input=text, input_hash=f"i1:{text.rstrip('0')}", answer=answer)
            for id_, seq, (text, answer) in zip(ids, range(first, first + len(ids)), answers.items(), strict=True)
        ]
        work.calls.add(rows)
    return rows


def heirs(store: Store, version: VersionRow, *inherits: Inherited) -> VersionRow:
    with store.write() as work:
        work.tasks.set_inherits(version.id, inherits)
        heir = work.tasks.version(version.id)
    assert heir is not None
    return heir


def test_what_is_inherited_comes_back_as_it_went_in(store: Store) -> None:
    version = founded(store)
    with store.read() as work:
        revision = work.mirror.revision()
    inherits = (Inherited("a", 7), Inherited("b", 3))
    assert heirs(store, version, *inherits).inherits == inherits
    with store.read() as work:
        assert work.mirror.revision() == revision + 1


def test_examples_are_mapped_counted_once_and_the_versions_own_go_first(store: Store) -> None:
    old, new = founded(store, contract=OLD), founded(store, contract=NEW, created_at=AT + 1)
    labelled(store, old, a=(1, 0), b=(0, 0), c=(2, 1), c0=(0, 1), d=(2, 0))
    until = 5
    labelled(store, old, late=(1, 1))
    labelled(store, new, d=(1,), e=(0,))
    heir = heirs(store, new, Inherited(old.id, until))
    with store.read() as work:
        examples = taught(work, heir)
        assert [(e.input, e.answer) for e in examples] == [("a", (0,)), ("c", (2,)), ("d", (1,)), ("e", (0,))]
        assert (examples_of(work, heir), inherited_of(work, heir)) == (4, 2)
        assert (examples_of(work, new), inherited_of(work, new)) == (2, 0)


def test_the_nearest_of_several_versions_goes_first(store: Store) -> None:
    first, second, third = (founded(store, created_at=AT + n) for n in range(3))
    labelled(store, first, x=(0,), y=(0,))
    labelled(store, second, y=(1,), z=(1,))
    labelled(store, third, z=(2,))
    with store.read() as work:
        last = work.exchanges.last_seq()
    heir = heirs(store, third, Inherited(second.id, last), Inherited(first.id, last), Inherited("gone", last))
    with store.read() as work:
        assert [(e.input, e.answer) for e in taught(work, heir)] == [("x", (0,)), ("y", (1,)), ("z", (2,))]
        assert examples_of(work, heir) == 3


def test_a_contract_with_a_new_field_inherits_nothing(store: Store) -> None:
    old, new = founded(store, contract=NEW), founded(store, contract=OLD)
    labelled(store, old, a=(1,))
    heir = heirs(store, new, Inherited(old.id, 9))
    with store.read() as work:
        assert (taught(work, heir), examples_of(work, heir)) == ([], 0)


def test_the_order_of_fields_and_labels_is_the_new_versions(store: Store) -> None:
    turned = replace(OLD, fields=tuple(replace(f, labels=f.labels[::-1]) for f in OLD.fields[::-1]))
    old, new = founded(store, contract=OLD), founded(store, contract=turned)
    labelled(store, old, a=(0, 1))
    heir = heirs(store, new, Inherited(old.id, 9))
    with store.read() as work:
        assert [turned.describe(e.answer) for e in taught(work, heir)] == [{"urgent": "true", "label": "account"}]


def test_inherited_inputs_are_remembered_as_trained_on(store: Store) -> None:
    old, new = founded(store, contract=OLD), founded(store, contract=NEW)
    labelled(store, old, a=(1, 0), a0=(1, 0), b=(0, 0), c=(2, 0))
    labelled(store, new, c=(1,))
    labelled(store, old, late=(1, 1))
    heir = heirs(store, new, Inherited(old.id, 4))
    hashes = [f"i1:{text}" for text in ("a", "b", "c", "late")]
    with store.write() as work:
        for _ in range(2):
            work.calls.teach(heir.id, legacies(work, heir, heir.inherits), seq=6)
        assert work.calls.trained_inputs(heir.id, 6, hashes) == {"i1:a", "i1:c"}
        assert work.calls.trained_inputs(heir.id, 5, hashes) == {"i1:c"}, "an earlier student was not taught them"
    labelled(store, new, a=(0,))
    with store.read() as work:
        assert work.calls.trained_inputs(heir.id, 6, hashes) == {"i1:a", "i1:c"}, "nor are they forgotten when asked"


def test_what_retention_has_deleted_is_inherited_no_more(store: Store) -> None:
    old, new = founded(store), founded(store)
    labelled(store, old, a=(1,), b=(2,))
    heir = heirs(store, new, Inherited(old.id, 9))
    with store.write() as work:
        assert examples_of(work, heir) == 2
        work.exchanges.forget_rows(AT * 2)
        assert (taught(work, heir), examples_of(work, heir)) == ([], 0)


def test_the_latest_calls(store: Store) -> None:
    version = founded(store)
    rows = labelled(store, version, a=(1,), b=(2,), c=(0,))
    with store.read() as work:
        assert work.calls.latest(version.id, limit=2) == [rows[2], rows[1]]
        assert work.calls.labelled(version.id, until_seq=2) == rows[:2]


def test_after_the_cut_over_an_input_weighs_one_over_its_chance_to_be_seen(store: Store) -> None:
    """What the student serves is seen through audits only; what it is not sure of always."""
    version = founded(store)
    ids = loaded(store, 6)
    sure, unsure = said(in_slice=True), said(in_slice=False)
    audited = {"decider": Decider.COIN, "p_llm": 0.05}
    calls = {
        "before": {},
        "audited": {**audited, "prediction": sure},
        "audited anyway": {**audited, "prediction": unsure},
        "escalated": {"decider": Decider.STUDENT, "p_llm": 0.05, "prediction": unsure},
        "seldom": {"decider": Decider.COIN, "p_llm": 0.01, "prediction": sure},
        "before ": {**audited, "prediction": sure},
    }
    with store.write() as work:
        work.calls.add(
            [
                a_call(version, id_, seq, input=text, input_hash=f"i1:{text.strip()}", **changes)
                for seq, (id_, (text, changes)) in enumerate(zip(ids, calls.items(), strict=True), start=1)
            ]
        )
    with store.read() as work:
        lines = lesson(taught(work, version))
    weights = {str(line["input"]).strip(): line["weight"] for line in lines}
    assert weights == {"before": 1.0, "audited": 20.0, "audited anyway": 1.0, "escalated": 1.0, "seldom": MAX_CLIP}


def said(*, in_slice: bool) -> Prediction:
    return Prediction("student", "candidate", Guess((1,), (0.9,), 0.9), in_slice=in_slice)
