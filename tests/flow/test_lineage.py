"""Which task a new version belongs to, and what a new task is called."""

import pytest

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.template import ObjectShape, Skeleton, SkeletonMessage
from shadowbert.flow.lineage import contained, free, likeness, overlap, same
from shadowbert.recognition.contract import read_contract
from tests.flow.test_collect import with_labels


def test_skeletons_are_alike_by_their_words() -> None:
    def said(text: str) -> Skeleton:
        return Skeleton((SkeletonMessage("system", (text,)), SkeletonMessage("user", ("", ""))))

    assert likeness(said("one two three four"), said("one two three four")) == 1.0
    assert likeness(said("one two three four"), said("one two three five")) == 0.75
    assert likeness(said("one two"), said("three four")) == 0.0


def test_contracts_overlap_in_labels_of_the_same_field() -> None:
    def of(*labels: str) -> Contract:
        contract = read_contract(with_labels(*labels))
        assert contract is not None
        return contract

    assert overlap(of("a", "b"), of("a", "b")) == 1.0
    assert overlap(of("a", "b", "c"), of("a", "b")) == pytest.approx(2 / 3)
    assert overlap(of("a", "b"), of("c", "d")) == 0.0


def test_keys_of_an_object_are_words_too() -> None:
    def of(*parts: tuple[str, str | None]) -> Skeleton:
        return Skeleton((SkeletonMessage("user", ("", ""), (ObjectShape(parts),)),))

    assert likeness(of(("title", None), ("task", "label it")), of(("title", None), ("task", "label it"))) == 1.0
    assert likeness(of(("title", None), ("body", None)), of(("question", None))) == 0.0


def said(*texts: str) -> Skeleton:
    return Skeleton((*(SkeletonMessage("system", (text,)) for text in texts), SkeletonMessage("user", ("", ""))))


WRAPPED = 'Say how they feel.\n\n As an expert, answer with JSON of this schema:\n{"type": "object"}\nNothing else.'


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (said("Say how they feel."), said(WRAPPED), True),
        (said("Say how  they\nfeel."), said("Be kind.", "Say how they feel."), True),
        (
            said("Say how they feel.", "Irony counts as meant."),
            said("Irony counts as meant.", "Say how they feel."),
            True,
        ),
        (said("Say how they feel about us."), said(WRAPPED), False),
        (said("Say how they"), said(WRAPPED), False),
        (said(), said(WRAPPED), False),
        (said("Say how they are."), said("Say how they are paid."), False),
    ],
)
def test_who_says_all_that_the_other_says_contains_it(one: Skeleton, other: Skeleton, expected: bool) -> None:
    assert contained(one, other) is expected
    assert contained(other, one) is expected


def test_a_contract_is_the_same_in_every_spelling_and_one_that_was_inferred_in_what_was_seen() -> None:
    def of(*labels: str, path: str = "label", inferred: bool = False) -> Contract:
        name = "i1:x" if inferred else "c1:x"
        return Contract((Field((path,), labels, open=inferred),), name)

    assert same(of("a", "b", "c"), of("a", "b", "c"))
    assert not same(of("a", "b", "c"), of("a", "b"))
    assert same(of("a", "b", "c"), of("a", "b", inferred=True))
    assert same(of("a", "b", inferred=True), of("a", "b", "c", inferred=True))
    assert not same(of("a", "b", "c"), of("a", "d", inferred=True))
    assert not same(of("a", "b", path="kind"), of("a", "b", inferred=True))


def test_a_taken_name_gets_a_number() -> None:
    assert free("triage", set()) == "triage"
    assert free("triage", {"triage", "triage-2", "triage-4"}) == "triage-3"
