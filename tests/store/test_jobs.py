"""Training jobs, leases and marks."""

import pytest

from shadowbert.domain.records import Progress
from shadowbert.store.store import Store
from tests.store.rows import AT, a_house, a_version
from tests.store.test_exchanges import at_once


def test_one_open_job_a_version_is_enough(store: Store) -> None:
    version = a_house(store).version
    with store.write() as work:
        job = work.jobs.queue(version.id, cause="asked", at=AT)
        assert work.jobs.queue(version.id, cause="again", at=AT + 1) == job
        work.jobs.start(job.id, examples=200)
        assert work.jobs.queue(version.id, cause="again", at=AT + 1).state == "running"
        work.jobs.finish(job.id, state="done", message="fine", at=AT + 2)
        assert work.jobs.open_count() == 0
        assert work.jobs.queue(version.id, cause="later", at=AT + 3).id != job.id


def test_jobs_are_taken_up_in_order_and_again_after_a_crash(store: Store) -> None:
    first, other = a_house(store).version, a_version(task="other", task_id="t2")
    with store.write() as work:
        work.tasks.found(other)
        jobs = [work.jobs.queue(v.id, cause="asked", at=AT + n) for n, v in enumerate((first, other))]
        for attempt in (1, 2):
            taken = work.jobs.next()
            assert taken is not None
            assert taken.id == jobs[0].id
            work.jobs.start(taken.id, examples=200)
            latest = work.jobs.latest(first.id)
            assert latest is not None
            assert (latest.attempts, latest.state) == (attempt, "running")
        work.jobs.finish(jobs[0].id, state="failed", message="no luck", at=AT)
        taken = work.jobs.next()
        assert taken is not None
        assert taken.id == jobs[1].id


def test_the_last_size_is_that_of_trainings_that_ended(store: Store) -> None:
    version = a_house(store).version
    with store.write() as work:
        assert work.jobs.last_size(version.id) == 0
        for size, state in ((200, "done"), (400, "failed")):
            job = work.jobs.queue(version.id, cause="grown", at=AT)
            work.jobs.start(job.id, examples=size)
            work.jobs.finish(job.id, state=state, message="", at=AT)
        work.jobs.start(work.jobs.queue(version.id, cause="grown", at=AT).id, examples=800)
        assert work.jobs.last_size(version.id) == 400


def test_a_job_that_waits_is_not_taken_up_until_somebody_needs_it_sooner(store: Store) -> None:
    version = a_house(store).version
    with store.write() as work:
        waiting = work.jobs.queue(version.id, cause="agreement fell", at=AT, waits_for=250)
        assert waiting.waiting
        assert work.jobs.queue(version.id, cause="again", at=AT + 1, waits_for=300) == waiting
        assert work.jobs.next() is None
        sooner = work.jobs.queue(version.id, cause="asked", at=AT + 2)
        assert (sooner.id, sooner.cause, sooner.waiting) == (waiting.id, "asked", False)
        assert work.jobs.next() == sooner == work.jobs.get(waiting.id)


def test_progress_is_kept_while_it_runs(store: Store) -> None:
    version = a_house(store).version
    far = Progress("fine-tuning", "finetune", 3, 9, 0.4, 0.9, 40, student=2)
    with store.write() as work:
        job = work.jobs.queue(version.id, cause="asked", at=AT)
        work.jobs.start(job.id, examples=200)
        work.jobs.note(job.id, far)
    assert progress(store, version.id) == far
    with store.write() as work:
        work.jobs.start(job.id, examples=200)
    assert progress(store, version.id) is None, "a new attempt begins anew"
    with store.write() as work:
        work.jobs.note(job.id, far)
        work.jobs.finish(job.id, state="done", message="", at=AT)
    assert progress(store, version.id) is None


def progress(store: Store, version_id: str) -> Progress | None:
    with store.read() as work:
        job = work.jobs.latest(version_id)
    assert job is not None
    return job.progress


def take(store: Store, holder: str, *, now: float = 0.0) -> bool:
    with store.write() as work:
        return work.leases.take("worker", holder, now=now, seconds=10.0)


def test_a_lease_has_one_holder_until_it_runs_out(store: Store) -> None:
    assert take(store, "a")
    assert not take(store, "b", now=9.9)
    assert take(store, "a", now=5.0)
    assert not take(store, "b", now=14.9)
    assert take(store, "b", now=15.0)
    assert not take(store, "a", now=16.0)
    with store.read() as work:
        assert work.leases.holder("worker", now=20.0) == "b"
        assert work.leases.holder("worker", now=25.0) is None


def test_a_lease_is_given_back_by_its_holder_only(store: Store) -> None:
    take(store, "a")
    with store.write() as work:
        work.leases.give_back("worker", "b")
    assert not take(store, "b")
    with store.write() as work:
        work.leases.give_back("worker", "a")
    assert take(store, "b")


def test_leases_of_other_names_are_free(store: Store) -> None:
    take(store, "a")
    with store.write() as work:
        assert work.leases.take("loader", "b", now=0.0, seconds=10.0)


@pytest.mark.parametrize("expired", [False, True])
def test_of_holders_at_once_one_wins(store: Store, expired: bool) -> None:
    """Also at the first time, when there is no row yet to wait for."""
    if expired:
        take(store, "gone", now=-100.0)
    holders = iter("abcd")
    assert sorted(map(str, at_once(lambda: take(store, next(holders)), 4))) == ["False", "False", "False", "True"]


def test_a_mark_keeps_what_is_not_said_anew(store: Store) -> None:
    with store.write() as work:
        assert (work.marks.seq("x"), work.marks.at("x"), work.marks.note("x")) == (0, None, None)
        work.marks.set("x", seq=4)
        work.marks.set("x", at=AT)
        work.marks.set("x", note="said\0")
        said = (work.marks.seq("x"), work.marks.at("x"), work.marks.note("x"))
    assert said == (4, AT, "said\N{REPLACEMENT CHARACTER}")


def test_marks_set_at_once_are_both_kept(store: Store) -> None:
    numbers = iter((1, 2, 3))

    def mark() -> None:
        with store.write() as work:
            work.marks.set("x", seq=next(numbers))

    assert at_once(mark, 3) == [None, None, None]
    with store.read() as work:
        assert work.marks.seq("x") in (1, 2, 3)
