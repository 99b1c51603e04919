"""What people see and are told of a version that nobody checks."""

from dataclasses import replace

import pytest

from shadowbert.domain.alert import HOUR_S, Alert, AlertKind
from shadowbert.domain.task import Policy
from shadowbert.flow.alarm import LOOK_EVERY_S, Alarm
from shadowbert.flow.report import Report, TaskReport
from shadowbert.flow.unchecked import unchecked_of
from shadowbert.gating.wording import moment
from shadowbert.reporting import as_data, line_data, stage_of
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW
from tests.flow.test_unaudited import Street


@pytest.fixture
def street(sqlite_store: Store) -> Street:
    return Street(sqlite_store)


def shown(street: Street) -> TaskReport:
    (task,) = Report(street.line.store, street.policy, lambda: street.at).tasks()
    return task


def freeze(street: Street) -> None:
    version = street.line.now
    to = replace(version.stay(by="ann", why="no hurry", at=street.at), frozen=True)
    with street.line.store.write() as work:
        work.tasks.move(version, street.verdicts[-1].verdict, to)


def test_a_task_that_is_checked_has_nothing_to_show(street: Street) -> None:
    street.fail(2)
    street.look()
    task = shown(street)
    assert (task.unchecked, task.unaudited, task.frozen, task.red) == (None, False, False, False)
    assert (stage_of(task), as_data(task)["unaudited"]) == ("live", None)


def test_the_report_shows_since_when_how_many_and_until_when(street: Street) -> None:
    street.fail(4)
    street.look()
    street.fail(3)
    task, known_at = shown(street), NOW + 4 + 5
    assert task.unchecked is not None
    assert task.unchecked.said == (
        f"unaudited since {moment(NOW + 1)}: the LLM is gone: upstream knows its model no more (7 audits and "
        "escalations failed, the latest with status 404); 7 calls were answered locally since then; it goes back to "
        f"the LLM on {moment(known_at + 24 * HOUR_S)}"
    )
    assert task.unchecked.words("bank").endswith(
        "; to choose otherwise: shadowbert unaudited bank --freeze, --stop or --new-teacher MODEL"
    )
    assert (stage_of(task), task.red) == ("live unaudited", True)
    told = as_data(task)["unaudited"]
    assert (told["failed"], told["answered_locally"], told["frozen_by"]) == (7, 7, None)
    assert (told["since"], told["deadline"]) == (NOW + 1, known_at + 24 * HOUR_S)


def test_what_is_frozen_says_who_froze_it(street: Street) -> None:
    street.fail(3)
    street.look()
    with street.line.store.write() as work:
        work.tasks.set_audit_rate(street.line.version_id, 0.5)
    assert shown(street).audits.startswith("audits raised to 50 %")
    freeze(street)
    task = shown(street)
    assert task.audits == "", "it asks as seldom as may be"
    assert task.unchecked is not None
    assert task.unchecked.until == "ann froze it: it serves on until the LLM answers or somebody stops it"
    assert task.unchecked.words("bank").endswith("shadowbert unaudited bank --stop or --new-teacher MODEL")
    assert (stage_of(task), task.red, task.unchecked.deadline) == ("live frozen", True, None)
    (line,) = Report(street.line.store, street.policy, lambda: street.at).lineages()
    assert (stage_of(line), line_data(line)["frozen"]) == ("live frozen", True)


def test_a_call_that_is_forgotten_leaves_the_moment_when_it_was_known(street: Street) -> None:
    street.fail(3)
    street.look()
    with street.line.store.write() as work:
        work.exchanges.forget_rows(NOW + 1000 * HOUR_S)
        known = unchecked_of(work, street.line.now, street.policy)
    assert known is not None
    assert known.since == street.at
    assert street.look().unaudited is not None, "what is forgotten is no answer of the LLM"


def test_it_is_told_once_while_it_lasts_and_again_when_it_comes_back(street: Street) -> None:
    alarm = Alarm(street.line.store, Policy(), lambda: street.at)

    def news() -> list[str]:
        street.look(after_s=LOOK_EVERY_S)
        before = {alert.id for alert in alerts()}
        alarm.step()
        return [alert.event.text for alert in alerts() if alert.id not in before and alert.kind is AlertKind.UNAUDITED]

    def alerts() -> list[Alert]:
        with street.line.store.read() as work:
            return work.alerts.latest(limit=20)

    street.fail(2)
    assert news() == []
    street.fail(1)
    (told,) = news()
    assert told.startswith(f"Task bank is unaudited since {moment(NOW + 1)}: the LLM is gone: upstream knows its model")
    assert told.endswith("shadowbert unaudited bank --freeze, --stop or --new-teacher MODEL.")
    street.fail(3)
    assert news() == []
    street.answer()
    assert news() == []
    street.at += HOUR_S
    assert news() == [], "that arms it again"
    street.fail(3)
    assert len(news()) == 1
