"""What a version's examples are worth, from a real store."""

from dataclasses import replace

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import Inherited, VersionRow
from shadowbert.flow.material import NOBODY_KNOWS, NOTHING, Material, answers_of, material
from shadowbert.store.store import Store
from tests.store.rows import AT, a_call, a_version, loaded

CONTRACT = Contract((Field(("label",), ("Card", "account", "card", "transfer")),), "c1:twins")


def founded(store: Store, **changes: object) -> VersionRow:
    version = a_version(task_id="bank", contract=CONTRACT, **changes)
    with store.write() as work:
        work.tasks.found(version)
    return version


def asked(store: Store, version: VersionRow, *said: tuple[str, int]) -> None:
    ids = loaded(store, len(said))
    with store.write() as work:
        first = work.exchanges.last_seq() - len(ids) + 1
        work.calls.add(
            [
                a_call(version, id_, seq, input=text, input_hash=f"i1:{text}", answer=(label,))
                for seq, (id_, (text, label)) in enumerate(zip(ids, said, strict=True), start=first)
            ]
        )


def seen(store: Store, version: VersionRow) -> Material:
    with store.read() as work:
        return material(work, version)


def test_nothing_is_known_of_a_new_version(sqlite_store: Store) -> None:
    found = seen(sqlite_store, founded(sqlite_store))
    assert (found.ceiling, found.between, found.rare) == (NOTHING.ceiling, None, ())
    assert found.nothing_to_tell == "no label has 2 examples yet (0 in all)"
    assert list(found.sentences) == [NOBODY_KNOWS, found.warning]


def test_the_ceiling_is_told_with_its_bounds_and_the_inputs_behind_it(sqlite_store: Store) -> None:
    version = founded(sqlite_store)
    asked(sqlite_store, version, *[(f"t{n % 40}", 1 if n != 7 else 2) for n in range(80)], ("once", 3))
    found = seen(sqlite_store, version)
    assert (found.ceiling.share, found.ceiling.inputs, found.ceiling.conflicts) == (39 / 40, 40, 1)
    assert found.agreement == (
        "40 inputs were asked more than once, 1 of them got different answers: "
        "the LLM agrees with itself on 97.5 % (between 86.4 % and 99.9 %)"
    )


def test_labels_with_too_few_examples_are_named_with_their_counts(sqlite_store: Store) -> None:
    version = founded(sqlite_store)
    asked(sqlite_store, version, ("a", 1), ("b", 1), ("c", 2), ("d", 3), ("e", 3))
    found = seen(sqlite_store, version)
    assert found.not_learnable == "not learnable yet: label card (1), label Card (0); the LLM answers these"
    assert found.nothing_to_tell == ""


def test_many_labels_are_counted_and_not_all_named(sqlite_store: Store) -> None:
    contract = Contract((Field(("label",), tuple(f"l{n}" for n in range(30))),), "c1:many")
    version = founded(sqlite_store, wording="many")
    asked(sqlite_store, version, ("a", 1), ("b", 1))
    told = Material(rare=seen(sqlite_store, replace(version, contract=contract)).rare).not_learnable
    assert told.count("label ") == 8
    assert " and 21 more; " in told


def test_labels_that_look_alike_are_warned_of(sqlite_store: Store) -> None:
    found = seen(sqlite_store, founded(sqlite_store))
    assert found.warning == 'labels that differ by case or space alone: "Card" and "card"'


def test_inherited_examples_count(sqlite_store: Store) -> None:
    old, new = founded(sqlite_store), founded(sqlite_store, created_at=AT + 1)
    asked(sqlite_store, old, ("a", 1), ("b", 2), ("b", 2))
    asked(sqlite_store, new, ("b", 3), ("c", 3))
    with sqlite_store.write() as work:
        work.tasks.set_inherits(new.id, [Inherited(old.id, 9)])
        heir = work.tasks.version(new.id)
        assert heir is not None
        assert answers_of(work, heir) == {(1,): 1, (3,): 2}
        assert answers_of(work, new) == {(3,): 2}
