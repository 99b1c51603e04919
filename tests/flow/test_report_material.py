"""What people are told of the examples: in the report, as JSON, on a terminal."""

import pytest

from shadowbert.cli.layout import task_lines
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import enter
from shadowbert.flow.report import Report, TaskReport
from shadowbert.reporting import as_data
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found

TWINS = Contract((Field(("label",), ("Spam", "ham", "spam ")),), "c1:twins")


def only(line: Lineage) -> TaskReport:
    (task,) = Report(line.store, Policy(first_training=40), lambda: NOW).tasks()
    return task


def shown(task: TaskReport) -> str:
    return "\n".join(text.plain for text in task_lines(task, None))


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def test_the_ceiling_is_shown_with_the_inputs_behind_it(line: Lineage) -> None:
    line.labelled(*[(f"t{n % 20}", n % 2 if n != 3 else 0) for n in range(60)], ("once", 2), ("twice", 2))
    task = only(line)
    data = as_data(task)["material"]
    assert (data["repeated_inputs"], data["conflicting_inputs"]) == (20, 1)
    assert data["ceiling"]["low"] < data["ceiling"]["share"] < data["ceiling"]["high"]
    assert data["words"][0].startswith("20 inputs were asked more than once, 1 of them got different answers")
    assert data["words"][0] in shown(task)


def test_what_was_asked_once_says_nothing_of_the_ceiling(line: Lineage) -> None:
    line.calls(30)
    task = only(line)
    assert as_data(task)["material"]["ceiling"] == {"share": None, "low": None, "high": None}
    assert "nobody knows how often the LLM agrees with itself" in shown(task)


def test_labels_with_too_few_examples_are_shown(line: Lineage) -> None:
    line.labelled(*[(f"t{n}", n % 2) for n in range(30)], ("seldom", 2))
    task = only(line)
    assert as_data(task)["material"]["not_learnable"] == [{"field": "label", "label": "transfer", "examples": 1}]
    assert "not learnable yet: label transfer (1); the LLM answers these" in shown(task)


def test_what_a_candidate_never_answers_is_shown_without_something_else(line: Lineage) -> None:
    line.labelled(*[(f"t{n}", n % 2) for n in range(30)])
    student, version = line.student(), line.now
    with line.store.write() as work:
        enter(work, student, version, Slice(0.9, frozenset({(0, 2)})), at=NOW)
    task = only(line)
    assert as_data(task)["candidates"][0]["never_says"] == ["label transfer"]
    assert "never answers label transfer: too few examples when it was trained" in shown(task)


def test_a_task_with_one_label_says_that_it_waits_for_another(line: Lineage) -> None:
    line.labelled(*[(f"t{n}", 1) for n in range(39)])
    assert only(line).missing == "1 more example until the first student"
    line.labelled(("last", 1))
    task = only(line)
    assert task.missing == 'a student: only one label so far ("card" in 40 of 40 examples)'
    assert as_data(task)["material"]["one_label"] in shown(task)
    with line.store.write() as work:
        work.jobs.queue(line.version_id, cause="asked", at=NOW)
        job = work.jobs.next()
        assert job is not None
        work.jobs.finish(job.id, state="failed", message="only one label so far", at=NOW)
    assert only(line).missing == task.missing, "a training that was refused changes nothing"


def test_names_that_a_person_may_confuse_are_warned_of(sqlite_store: Store) -> None:
    task = only(found(sqlite_store, contract=TWINS))
    assert as_data(task)["material"]["namesakes"] == [["Spam", "spam "]]
    assert 'labels that differ by case or space alone: "Spam" and "spam "' in shown(task)
