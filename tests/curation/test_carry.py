from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.carry import carry, evenly, objection
from shadowbert.domain.contract import Answer, Contract, Field, Label
from shadowbert.domain.records import ExampleRow, Legacy
from shadowbert.domain.template import Skeleton, SkeletonMessage
from tests.store.rows import a_version

LABELS: list[Label] = ["a", "b", "c", 1, 0, True, False, None]
NAMES = ("area", "intent", "urgent")


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    paths = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    labels = st.lists(st.sampled_from(LABELS), min_size=1, unique_by=lambda label: (label, type(label)))
    fields = [Field((path,), tuple(draw(labels)), draw(st.booleans()), draw(st.booleans())) for path in paths]
    return Contract(tuple(fields), "c1:drawn")


@st.composite
def answers(draw: st.DrawFn, contract: Contract) -> Answer:
    return tuple(draw(st.integers(0, field.classes - 1)) for field in contract.fields)


@given(contracts(), st.data())
def test_to_the_same_contract_nothing_changes(contract: Contract, data: st.DataObject) -> None:
    same, answer = carry(contract, contract), data.draw(answers(contract))
    assert same is not None
    assert same.answer(answer) == answer
    assert same.legacy("v", 7) == Legacy("v", 7)


@given(contracts(), contracts(), contracts(), st.data())
def test_what_comes_through_two_contracts_comes_directly_too(
    one: Contract, two: Contract, three: Contract, data: st.DataObject
) -> None:
    first, second, direct = carry(one, two), carry(two, three), carry(one, three)
    if first is None or second is None:
        return
    assert direct is not None
    answer = data.draw(answers(one))
    halfway = first.answer(answer)
    through = None if halfway is None else second.answer(halfway)
    assert through is None or direct.answer(answer) == through


@given(contracts(), contracts(), st.data())
def test_the_order_of_fields_and_labels_makes_no_difference(old: Contract, new: Contract, data: st.DataObject) -> None:
    answer = data.draw(answers(old))
    turned = replace(old, fields=tuple(replace(f, labels=f.labels[::-1]) for f in old.fields[::-1]))
    back = [
        len(f.labels) - 1 - index if index < len(f.labels) else index
        for f, index in zip(old.fields, answer, strict=True)
    ]
    straight, around = carry(old, new), carry(turned, new)
    assert (straight is None) == (around is None)
    if straight and around:
        assert around.answer(tuple(back[::-1])) == straight.answer(answer)


@given(contracts(), contracts(), st.data())
def test_people_read_the_same_answer_in_both(old: Contract, new: Contract, data: st.DataObject) -> None:
    mapped, answer = carry(old, new), data.draw(answers(old))
    said = mapped.answer(answer) if mapped else None
    if said is not None:
        assert new.describe(said).items() <= old.describe(answer).items()


@given(contracts(), contracts(), st.data())
def test_a_store_counts_what_is_carried(old: Contract, new: Contract, data: st.DataObject) -> None:
    mapped, answer = carry(old, new), data.draw(answers(old))
    if mapped:
        counted = all(answer[place] in known for place, known in mapped.legacy("v", 1).known)
        assert counted == (mapped.answer(answer) is not None)


def test_a_label_that_is_gone_a_field_left_out_and_something_else() -> None:
    old = Contract((Field(("x",), ("a", "b"), required=False, open=True),), "c1:old")
    strict = carry(old, Contract((Field(("x",), ("b", "c")),), "c1:new"))
    loose = carry(old, Contract((Field(("x",), ("b",), required=False, open=True),), "c1:new"))
    assert strict is not None
    assert loose is not None
    assert [strict.answer((i,)) for i in range(4)] == [None, (0,), None, None]
    assert [loose.answer((i,)) for i in range(4)] == [None, (0,), (1,), (2,)]


def test_what_speaks_against_it() -> None:
    version = a_version()
    assert objection(version, replace(version, teacher="another", wording="u1:x")) is None
    (label,) = version.contract.fields
    more = replace(version.contract, fields=(label, Field(("mood",), ("bad", "good"))))
    most = replace(more, fields=(*more.fields, Field(("urgent",), (False, True))))
    assert objection(version, replace(version, contract=more)) == "field mood is new: old answers do not say it"
    assert objection(version, replace(version, contract=most)) == (
        "fields mood, urgent are new: old answers do not say them"
    )
    assert objection(replace(version, contract=most), version) is None
    two = Skeleton((SkeletonMessage("user", ("", " and ", "")),))
    assert "number of slots was 1 and is 2 now" in (objection(version, replace(version, skeleton=two)) or "")
    assert objection(version, replace(version, skeleton=replace(two, excluded=(0,)))) is None
    assert "different tenants" in (objection(version, replace(version, tenant="other")) or "")


def example(number: int, label: int) -> ExampleRow:
    return ExampleRow(f"i1:{number}", f"text {number}", (label,), number, f"e{number}", 1, 1)


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 60))
def test_a_check_asks_about_all_labels_alike(labels: list[int], asked: int) -> None:
    examples = [example(number, label) for number, label in enumerate(labels)]
    order = list(evenly(examples))
    assert sorted(order, key=lambda e: e.first_seq) == examples
    assert list(evenly(examples[::-1])) == order
    drawn = [e.answer[0] for e in order[:asked]]
    for label in set(labels):
        other = max((drawn.count(o) for o in set(labels) if o != label), default=0)
        assert drawn.count(label) == labels.count(label) or drawn.count(label) >= other - 1


def test_a_check_does_not_ask_about_the_newest_only() -> None:
    drawn = [e.first_seq for e in evenly(example(n, 0) for n in range(40))][:20]
    assert 5 <= sum(seq < 20 for seq in drawn) <= 15
