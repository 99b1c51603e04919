"""Whose policy counts."""

from pathlib import Path

import pytest

from shadowbert.bootstrap.storage import open_store, prepare_store
from shadowbert.bootstrap.working import note_policy, open_operations, open_report, policy_of
from shadowbert.sections import Settings


@pytest.fixture
def worker(tmp_path: Path) -> Settings:
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "policy": {"target": 0.9}})
    prepare_store(settings)
    return settings


def test_commands_judge_by_the_workers_policy(worker: Settings) -> None:
    """A command's own settings must not lower the bar: that is what --force is for, and it is recorded."""
    lax = worker.model_copy(update={"policy": worker.policy.model_copy(update={"target": 0.5, "min_rows": 1})})
    with open_store(worker) as store:
        assert policy_of(lax, store).target == 0.5, "nobody has judged yet"
        note_policy(worker, store)
        assert policy_of(lax, store) == worker.default_policy
        assert open_operations(lax, store).operate.policy == open_report(lax, store).policy == worker.default_policy
