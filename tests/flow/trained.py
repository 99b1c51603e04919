"""One training in a test, from start to end, and the results that a trainer is told to bring."""

from shadowbert.domain.records import TrainingJob
from shadowbert.flow.train import Train, TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import Lineage

GOOD = TrainingResult(
    published=True,
    reason="",
    recipe="probe",
    scores={"accuracy": 0.98},
    heldout=tuple(Scored(0.99, agreed=True) for _ in range(300)),
)
HOPELESS = TrainingResult(
    published=True, reason="", recipe="probe", heldout=tuple(Scored(0.5, agreed=n % 2 == 0) for n in range(300))
)
FAILED = TrainingResult(published=False, reason="fewer than 10 train examples")
KILLED = TrainingResult(published=False, reason="the training child was killed by signal 9", killed=True)


def job(line: Lineage) -> TrainingJob:
    with line.store.read() as work:
        latest = work.jobs.latest(line.version_id)
    assert latest is not None
    return latest


def trained(train: Train, trainer: ScriptedTrainer, result: TrainingResult) -> None:
    """One training from start to end."""
    assert train.step()
    trainer.started[-1].outcome = result
    assert train.step()
