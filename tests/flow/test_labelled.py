"""Label by label: what people see before a candidate serves, and when a label has left it."""

import pytest

from shadowbert.domain.evidence import Counts, Departure
from shadowbert.domain.task import Stage
from shadowbert.flow.labelled import BAD as SHOWN_BAD
from shadowbert.flow.labelled import CERTIFIED, LEFT, NO_LABELS, POOLED, Label, Labels, labels_of, told_of
from shadowbert.flow.leaving import told
from shadowbert.flow.report import CandidateReport, Report
from shadowbert.gating.eprocess import alpha_share, lower_bound
from shadowbert.gating.wording import moment
from shadowbert.store.store import Store
from tests.flow.stationed import Bench
from tests.flow.test_leaving import BAD, says
from tests.store.rows import a_transition, a_verdict


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    return Bench(sqlite_store)


def reported(bench: Bench) -> list[CandidateReport]:
    (task,) = Report(bench.store, bench.policy, lambda: bench.at).task("bank")
    return list(task.candidates)


def lines(labels: Labels) -> list[tuple[str, int, int, str]]:
    return [(line.name, line.counts.agree, line.counts.disagree, line.standing) for line in labels.lines]


def test_nothing_said_is_nothing_to_show(bench: Bench) -> None:
    (candidate,) = reported(bench)
    assert (candidate.labels, candidate.labels.words, list(candidate.labels.weak)) == (NO_LABELS, "", [])


def test_the_worst_come_first_and_each_says_how_it_stands(bench: Bench) -> None:
    says(bench, 0, 120)
    says(bench, 1, 28, 2)
    says(bench, BAD, 10, 10)
    (candidate,) = reported(bench)
    assert lines(candidate.labels) == [
        ("label=transfer", 10, 10, SHOWN_BAD),
        ("label=card", 28, 2, POOLED),
        ("label=account", 120, 0, CERTIFIED),
    ]
    assert candidate.labels.words == "1 certified by itself, 1 pooled, 1 agreeing too seldom"
    assert [told_of(line) for line in candidate.labels.weak] == [
        "label=transfer: 10 of 20 agree (50 %), agrees too seldom: leaves when it serves",
        "label=card: 28 of 30 agree (93.3 %), pooled",
    ]


def test_of_a_variant_people_see_what_left_and_when(bench: Bench) -> None:
    says(bench, 0, 120)
    says(bench, BAD, 10, 10)
    bench.at += 60
    bench.promote.step()
    says(bench, 0, 40)
    first, variant = reported(bench)
    assert lines(first.labels)[0] == ("label=transfer", 10, 10, SHOWN_BAD)
    assert lines(variant.labels) == [("label=transfer", 10, 10, LEFT), ("label=account", 40, 0, POOLED)]
    assert variant.labels.lines[0].words == f"left on {moment(bench.at)}"
    assert (variant.excluded, variant.rows) == ((), 40), "what left is no label that it was taught too seldom"


def test_what_is_left_of_a_champion_shows_what_the_whole_has_shown(bench: Bench) -> None:
    for label in (0, 1, BAD):
        says(bench, label, 60)
    bench.promote.step()
    says(bench, 0, 30, audits=True)
    says(bench, BAD, 0, 12, audits=True)
    bench.promote.step()
    (narrowed,) = reported(bench)
    assert narrowed.serving
    assert (narrowed.agree, narrowed.disagree) == (150, 0), "the label's own rows are left out"
    whole = lower_bound(Counts(210, 12), alpha=alpha_share(1, bench.policy.alpha))
    assert narrowed.bound == pytest.approx(whole)
    says(bench, 1, 10, audits=True)
    (narrowed,) = reported(bench)
    assert (narrowed.agree, [line[:2] for line in lines(narrowed.labels)]) == (
        160,
        [("label=transfer", 38), ("label=account", 90), ("label=card", 70)],
    )
    assert [line.standing for line in narrowed.labels.lines] == [LEFT, CERTIFIED, POOLED]


def test_who_has_passed_by_itself_shows_its_own(bench: Bench) -> None:
    says(bench, 0, 60)
    says(bench, BAD, 6, 10)
    bench.promote.step()
    for label in (0, 1):
        says(bench, label, 120)
    _, variant = reported(bench)
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=variant.id))
    serving = next(candidate for candidate in reported(bench) if candidate.serving)
    assert (serving.agree, serving.disagree) == (240, 0)
    with bench.store.read() as work:
        (version,) = work.tasks.versions()
        row = work.candidates.get(variant.id)
        assert row is not None
        counted = labels_of(work, version, row, bench.policy)
    assert lines(counted)[-1][1] in (120, 180), "label by label, the calls before its own are told with them"


def test_no_more_than_a_few_weak_labels_are_named() -> None:
    many = tuple(Label(f"label={n}", Counts(20, 1), POOLED) for n in range(12))
    gone = tuple(Label(f"gone={n}", Counts(1, 9), LEFT, left_at=0.0) for n in range(7))
    assert len(list(Labels(many).weak)) == 5
    assert list(Labels((*gone, *many)).weak) == list(gone)
    fallen = Label("label=a", Counts(20, 30), LEFT, left_at=0.0, fell=True)
    assert fallen.words == "left on 1970-01-01 00:00:00 UTC, for it had fallen"
    assert fallen.to_json() == {"label": "label=a", "agree": 20, "disagree": 30, "standing": LEFT, "left_at": 0.0}


def test_several_labels_are_told_in_one_sentence(bench: Bench) -> None:
    gone = (Departure(0, 0, Counts(1, 9)), Departure(0, 1, Counts(30, 20), fell=True))
    assert told(bench.version.contract, gone, bench.policy) == (
        "These agree less often than 93 %, as their own calls show: label=account, 1 of 10 agree (10 %); label=card, "
        "30 of 50 agree (60 %) of the latest."
    )
