"""What stands behind a change of policy: that a target may be chosen after looking, and what a plan may never do."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadowbert.domain.policy import label_names
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.settle import plan, share_of
from shadowbert.gating.eprocess import alpha_share
from shadowbert.store.store import Store
from tests.flow.stationed import Bench
from tests.gating.simulate import log_e_paths

SHOP = (0.90, 0.93, 0.95, 0.96, 0.97, 0.99)


@pytest.mark.parametrize("truth", [0.95, 0.96])
def test_whoever_picks_the_target_after_each_row_promotes_falsely_no_more_often(truth: float) -> None:
    """A promotion is false where the target of that moment is not below the truth. Three standard errors of slack."""
    alpha, runs = alpha_share(1, 0.2), 1500
    paths = {tau: log_e_paths(tau, truth, runs=runs, rows=1500, seed=7) for tau in SHOP if tau >= truth}
    ever = np.max([path.max(axis=1) for path in paths.values()], axis=0) >= -np.log(alpha)
    assert ever.any(), "the simulation is able to fail"
    assert ever.mean() <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / runs)
    assert (ever == (paths[truth].max(axis=1) >= -np.log(alpha))).all(), "no other target adds a false one"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Bench]:
    """In shadow, with evidence; plans only read."""
    store = Store(f"sqlite:///{copy(migrated_sqlite, tmp_path_factory.mktemp('plans') / 'store.db')}")
    made = Bench(store)
    made.see(150, 3)
    yield made
    store.close()


policies = st.builds(
    Policy,
    target=st.sampled_from([0.9, 0.95, 0.97, 0.99]),
    min_rows=st.integers(1, 400),
    audit_rate=st.floats(0.01, 1.0),
    autopilot=st.booleans(),
)


@settings(deadline=None, max_examples=40)
@given(before=policies, after=policies, chosen=st.sets(st.integers(0, 2)))
def test_a_plan_keeps_evidence_unless_the_slice_changes(
    before: Policy, after: Policy, chosen: set[int], bench: Bench
) -> None:
    names = list(label_names(bench.version.contract).values())
    after = Policy(target=after.target, always_llm=tuple(names[k] for k in chosen))
    with bench.store.read() as work:
        made = plan(work, bench.version, before, after)
        outcomes = work.predictions.outcomes(bench.student.id)
    assert bool(made.retired) is bool(chosen)
    assert not made.falls, "nobody serves"
    assert not any(entry.champion for entry in made.entries)
    for entry in made.entries:
        assert {(0, k) for k in chosen} <= entry.served.excluded
        assert entry.coverage == share_of(outcomes, entry.served)


def test_a_stage_that_does_not_serve_has_nobody_to_take_down(bench: Bench) -> None:
    assert bench.version.stage is Stage.SHADOW
    with bench.store.read() as work:
        made = plan(work, bench.version, Policy(), Policy(target=0.999))
    assert (made.falls, made.retired) == (False, ())


def test_the_share_of_nothing_is_none(bench: Bench) -> None:
    assert share_of([], bench.first.slice) == 0.0
