"""Promotion in bad states, on both back ends: one winner, and nothing served that the gate did not allow."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Stage
from shadowbert.errors import OperatorError, StaleState, StoreError
from shadowbert.flow.history import replay
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.store.rows import a_transition, a_verdict

ANN = Operator("ann")
DAY = 86_400.0


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


def replayed(bench: Bench) -> VersionRow:
    """What the verdicts alone say, from the founding on."""
    with bench.store.read() as work:
        told = work.tasks.verdicts([bench.version_id])
    founded = replace(
        bench.version, stage=Stage.COLLECTING, share=0.0, epoch=0, stage_seq=0, candidate_id=None, forced=False,
        held=False,
    )  # fmt: skip
    return replay(founded, told)


def served(bench: Bench) -> tuple[Stage, float, str | None]:
    """By the table that web processes go by: stage, share and the candidate that may answer."""
    with bench.store.read() as work:
        (version,) = work.mirror.table(audit_rate=0.05).versions
    return version.stage, version.share, version.champion and version.champion.candidate_id


def stations(bench: Bench, number: int) -> list[Promote]:
    """Of as many workers, each with a memory of its own."""
    return [Promote(bench.store, bench.policy, lambda: bench.at) for _ in range(number)]


def test_of_workers_that_promote_at_once_one_wins(bench: Bench) -> None:
    bench.see(150)
    together, moved = threading.Barrier(3), []

    class Waiting(Promote):
        def step(self) -> int:
            together.wait(30)
            return Promote.step(self)

    workers = [Waiting(bench.store, bench.policy, lambda: bench.at) for _ in range(3)]
    threads = [threading.Thread(target=lambda worker=worker: moved.append(worker.step())) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(moved) == [0, 0, 1]
    assert served(bench) == (Stage.CANARY, 0.05, bench.first.id)
    assert replayed(bench) == bench.version
    assert bench.version.epoch == 2, "founded, shadow, and one promotion"


def test_a_worker_that_looked_before_the_other_moved_moves_nothing(bench: Bench) -> None:
    bench.see(150)
    early = bench.version
    first, second = stations(bench, 2)
    assert first.step() == 1
    with pytest.raises(StaleState), bench.store.write() as work:
        second._look(work, early)
    assert (second.step(), bench.version.epoch) == (0, 2)


def test_an_operator_who_is_faster_than_the_gate_is_not_overruled(bench: Bench) -> None:
    bench.see(150)
    early = bench.version
    Operate(bench.store, bench.policy, lambda: bench.at).pause("bank", ANN)
    with pytest.raises(StaleState), bench.store.write() as work:
        bench.promote._look(work, early)
    assert bench.promote.step() == 0
    assert served(bench) == (Stage.PAUSED, 0.0, None)


def test_a_crash_in_the_middle_of_a_move_leaves_nothing_of_it(bench: Bench) -> None:
    bench.see(150)
    before = bench.version

    class Killed(BaseException):
        """As a signal ends a process: nobody handles it."""

    def die() -> None:
        with bench.store.write() as work:
            assert bench.promote._look(work, before)
            raise Killed

    with pytest.raises(Killed):
        die()
    assert bench.version == before == replayed(bench)
    assert served(bench) == (Stage.SHADOW, 0.0, None)
    (again,) = stations(bench, 1)
    assert (again.step(), served(bench)) == (1, (Stage.CANARY, 0.05, bench.first.id))


def test_a_crash_in_the_middle_of_a_demotion_leaves_a_champion_that_the_next_worker_takes_down(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    bench.see(0, 40, decider=AUDITED)

    class Killed(BaseException):
        """Before the student is entered anew and a training is queued."""

    class Dying(Promote):
        def _move(self, *args: object, **kwargs: object) -> None:
            Promote._move(self, *args, **kwargs)  # type: ignore[arg-type]
            raise Killed

    with pytest.raises(Killed):
        Dying(bench.store, bench.policy, lambda: bench.at).step()
    assert served(bench)[0] is Stage.CANARY
    assert [c.id for c in bench.candidates] == [bench.first.id]
    (again,) = stations(bench, 1)
    assert (again.step(), served(bench)) == (1, (Stage.SHADOW, 0.0, None))
    assert [c.number for c in bench.candidates] == [2], "once, with the next share of alpha"


def test_a_canary_goes_on_where_a_killed_worker_left_it(bench: Bench) -> None:
    """Rows from before the step still do not count for the next, and those of the detector are not forgotten."""
    bench.see(150)
    bench.promote.step()
    bench.see(30, decider=AUDITED)
    assert stations(bench, 1)[0].step() == 0
    bench.see(19, decider=AUDITED)
    assert (stations(bench, 1)[0].step(), served(bench)[1]) == (0, 0.05)
    bench.see(1, decider=AUDITED)
    assert (stations(bench, 1)[0].step(), served(bench)[1]) == (1, 0.25)
    looks = 0
    while served(bench)[0] is Stage.CANARY:
        bench.see(0, 2, decider=AUDITED)
        looks += stations(bench, 1)[0].step() + 1
    assert looks > 3, "no two of them were enough"


def test_a_champion_that_nobody_knows_serves_nothing_and_stops_no_look(bench: Bench) -> None:
    """A row by hand, or by a restored backup that is older than the verdicts."""
    bench.see(150)
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id="nobody"))
    assert served(bench) == (Stage.LIVE, 1.0, None), "no champion: the web processes answer nothing"
    assert bench.promote.step() == 0
    with bench.store.read() as work:
        assert work.mirror.gate_looked_at() == bench.at
    Operate(bench.store, bench.policy, lambda: bench.at).rollback("bank", ANN)
    assert (served(bench), replayed(bench)) == ((Stage.SHADOW, 0.0, None), bench.version)


def test_evidence_of_an_unknown_student_is_nobodys(bench: Bench) -> None:
    """Predictions that a web process journalled for a candidate that is not, or no longer, in the store."""
    stranger = replace(bench.first, id="stranger", student_id="unheard of")
    rows = [bench.call(f"strange {n}", answer=(0,), decider=AUDITED) for n in range(200)]
    bench.shelf.says |= {row.input: a_guess(1) for row in rows}
    bench.add([replace(row, prediction=bench.predicted(stranger, a_guess(0))) for row in rows])
    bench.run()
    with bench.store.read() as work:
        assert work.predictions.promotion_counts("stranger").rows == 0
        assert work.predictions.promotion_counts(bench.first.id).agree == 0, "what counts is its own word"
    assert bench.promote.step() == 0


@pytest.mark.parametrize("jump", [-400 * DAY, -1.0, 400 * DAY])
def test_a_clock_that_jumps_moves_and_holds_back_nothing(jump: float, bench: Bench) -> None:
    """The load sequence is the only order: a life through jumps is the life without them."""
    bench.see(150)
    for _ in range(3):
        bench.at += jump
        assert bench.promote.step() == 1
        bench.at -= jump / 2
        bench.see(50, decider=AUDITED)
    assert served(bench) == (Stage.LIVE, 1.0, bench.first.id)
    bench.at += jump
    bench.see(0, 40, decider=AUDITED)
    assert (bench.promote.step(), served(bench)) == (1, (Stage.SHADOW, 0.0, None))
    assert replayed(bench) == bench.version


ORDERS: tuple[Callable[[Operate], object], ...] = (
    lambda o: o.cutover("bank", ANN),
    lambda o: o.cutover("bank", ANN, share=0.25, force=True),
    lambda o: o.rollback("bank", ANN),
    lambda o: o.pause("bank", ANN),
    lambda o: o.off("bank", ANN),
    lambda o: o.resume("bank", ANN),
)
acts = st.lists(
    st.sampled_from(ORDERS) | st.sampled_from([(30, 0), (60, 0), (0, 25), (0, 3)]) | st.just(None),
    min_size=3, max_size=12,
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(life=acts, quick=st.booleans())
def test_whatever_gate_and_operators_do_the_verdicts_say_where_it_ended(
    new_url: Callable[[], str], life: list[object], quick: bool
) -> None:
    """Evidence, looks and commands in any order: replay rebuilds the state, and only serving stages have a champion."""
    store = Store(new_url())
    bench = Bench(store)
    bench.see(150 if quick else 20)
    operate = Operate(store, bench.policy, lambda: bench.at)
    for act in life:
        if isinstance(act, tuple):
            bench.see(*act, decider=AUDITED)
        elif act is None:
            bench.promote.step()
        else:
            try:
                act(operate)  # type: ignore[operator]
            except OperatorError:
                continue
        assert replayed(bench) == bench.version
        assert (bench.version.candidate_id is not None) == bench.version.stage.serves == (served(bench)[1] > 0)
    store.close()


def test_verdicts_that_were_tampered_with_are_noticed(bench: Bench) -> None:
    bench.see(150)
    bench.promote.step()
    with bench.store.read() as work:
        told = work.tasks.verdicts([bench.version_id])
    founded = replace(replayed(bench), stage=Stage.COLLECTING, epoch=0)
    with pytest.raises(StoreError, match="does not follow on epoch 1"):
        replay(founded, [told[0], replace(told[1], stage_before=Stage.LIVE)])
