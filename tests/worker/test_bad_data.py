"""What callers send and teachers say may make no sense: a real training child and real stores come to a student, or to
a state with a reason, and never turn in circles.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from shadowbert.bootstrap.working import Stations, open_stations
from shadowbert.domain.records import TrainingJob
from shadowbert.sections import Settings
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import a_call, answered, asked
from shadowbert.testing.lineage import NOW
from shadowbert.worker.shelf import StudentShelf
from shadowbert.worker.trainer import ChildTrainer
from tests.bert.conftest import make_examples
from tests.e2e.test_signals import TRAINING, named
from tests.e2e.tree import until

CALLS = 140
TEXTS = tuple(str(example["input"]) for example in make_examples(CALLS))
LONG = "card " * 100_000
TONGUES = ("Grüße aus Köln", "你好世界", "مرحبا بالعالم", "שלום", "Привет, мир", "🙂🙃", "नमस्ते", "e\u0301\u0302\u0303")
LABELS = ("card", "Card", "card ", " card", "CARD", "c\0rd", "卡\x01")


@dataclass
class Works:
    """A worker's stations, and what came of them."""

    stations: Stations
    store: Store
    home: Path
    children: list[int] = field(default_factory=list)

    def tell(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """As many calls, the labels in turn."""
        schema = {
            "type": "object",
            "properties": {"label": {"type": "string", "enum": sorted(set(labels))}},
            "required": ["label"],
            "additionalProperties": False,
        }
        replies = [answered(labels[n % len(labels)]) for n in range(len(texts))]
        asks = [asked(text, schema=schema) for text in texts]
        calls = [a_call("", request_body=ask, response_body=reply) for ask, reply in zip(asks, replies, strict=True)]
        StoreSink(self.store).load("segment", start=0, end=1, exchanges=calls)

    def run(self, on_child: Callable[[int], object] = abs) -> None:
        """Until nothing is to be done; each child is shown once, by its process id."""
        until(lambda: self._idle(on_child), seconds=300)

    def _idle(self, on_child: Callable[[int], object]) -> bool:
        collected, training = self.stations.collect.step(), self.stations.train.step()
        running = [child.pid for child in named(psutil.Process().children(), TRAINING)]
        for pid in set(running) - set(self.children):
            self.children.append(pid)
            on_child(pid)
        return not (collected or training)

    @property
    def job(self) -> TrainingJob:
        with self.store.read() as work:
            (version,) = work.tasks.versions()
            job = work.jobs.latest(version.id)
        assert job is not None
        return job

    @property
    def students(self) -> list[str]:
        with self.store.read() as work:
            return [s.id for version in work.tasks.versions() for s in work.students.of_version(version.id)]

    @property
    def files(self) -> list[str]:
        """What lies in the folders of students and jobs."""
        return [path.name for folder in ("students", "jobs") for path in (self.home / folder).iterdir()]


@contextmanager
def working(store: Store, home: Path, encoder: Path) -> Iterator[Works]:
    settings = Settings.model_validate(
        {
            "data_dir": home,
            "training": {"first": 40, "fine_tune_from": 1_000},
            "student": {"encoder": str(encoder), "max_tokens": 32},
            "policy": {"target": 0.6},
        }
    )
    with ChildTrainer() as trainer:
        stations = open_stations(settings, store, trainer=trainer, shelf=StudentShelf(), clock=lambda: NOW)
        yield Works(stations, store, settings.data_dir)
        stations.train.stop()


@pytest.fixture
def works(sqlite_store: Store, tmp_path: Path, tiny_encoder: Path) -> Iterator[Works]:
    with working(sqlite_store, tmp_path / "home", tiny_encoder) as opened:
        yield opened


def odd(n: int, text: str) -> str:
    """Most are plain; of twenty there is one of each kind."""
    kinds = {
        3: f"{text} {LONG}" if n % 60 == 3 else text,
        7: " " * (n // 20),
        9: f"{text[:9]}\0{text[9:]}\0",
        13: f"{text}\x01\x1b[2J\x7f\ufeff\u202e",
        17: f"{TONGUES[n // 20 % len(TONGUES)]} {text}",
    }
    return kinds.get(n % 20, text)


@pytest.mark.slow
def test_odd_texts_and_labels_come_to_a_student(store: Store, tmp_path: Path, tiny_encoder: Path) -> None:
    """Very long, empty, with NUL and control characters, in all scripts; labels that differ by case or by a space."""
    with working(store, tmp_path / "home", tiny_encoder) as works:
        works.tell([odd(n, text) for n, text in enumerate(TEXTS)], LABELS)
        works.run()
        assert works.job.state == "done", works.job
        assert works.files == works.students
        assert len(works.children) == 1
        with store.read() as work:
            (version,) = work.tasks.versions()
            said = {call.answer for call in work.calls.labelled(version.id)}
        assert len(said) == len(LABELS), "each is a label of its own"


@pytest.mark.slow
def test_a_label_for_each_text_comes_to_an_end_with_a_reason(works: Works) -> None:
    works.tell(TEXTS, [f"label {n}" for n in range(CALLS)])
    works.run()
    with works.store.read() as work:
        (version,) = work.tasks.versions()
        assert work.candidates.active(version.id) == []
        job = work.jobs.latest(version.id)
    assert job is None or (job.message and not job.open)
    assert len(works.children) <= 1


@pytest.mark.slow
def test_a_child_that_is_killed_each_time_is_tried_three_times(works: Works) -> None:
    works.tell(TEXTS, ("card", "loan"))
    works.run(on_child=lambda pid: os.kill(pid, signal.SIGKILL))
    assert len(works.children) == 3
    assert (works.job.state, works.job.attempts) == ("failed", 3)
    assert works.job.message.startswith("the training child was killed by signal 9")
    works.run()
    assert len(works.children) == 3, "until the next doubling"
    assert (works.students, works.files) == ([], [])


def starve(pid: int) -> None:
    """No room for one library more."""
    psutil.Process(pid).rlimit(psutil.RLIMIT_AS, (64 << 20, 64 << 20))


@pytest.mark.slow
def test_a_child_that_runs_out_of_memory_is_tried_three_times(works: Works) -> None:
    works.tell(TEXTS, ("card", "loan"))
    works.run(on_child=starve)
    assert len(works.children) == 3
    assert (works.job.state, works.job.attempts) == ("failed", 3)
    assert works.job.message.startswith("the training child ended with ")
    assert (works.students, works.files) == ([], [])
