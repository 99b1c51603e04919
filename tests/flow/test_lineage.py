"""Which task a new version belongs to, and what a new task is called."""

import pytest

from shadowbert.domain.contract import Contract
from shadowbert.domain.template import ObjectShape, Skeleton, SkeletonMessage
from shadowbert.flow.lineage import free, likeness, overlap
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


def test_a_taken_name_gets_a_number() -> None:
    assert free("triage", set()) == "triage"
    assert free("triage", {"triage", "triage-2", "triage-4"}) == "triage-3"
