"""An encoder that cannot be one: people read why, and the worker does not turn in circles."""

from pathlib import Path

import pytest

from shadowbert.domain.task import Policy
from shadowbert.flow.report import Report
from shadowbert.reporting import training_of
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW
from tests.worker.test_bad_data import TEXTS, Works, working


def said(works: Works) -> str:
    """As `status`, `show` and the page have it."""
    (task,) = Report(works.store, Policy(first_training=40), lambda: NOW).tasks()
    return training_of(task)


@pytest.mark.slow
def test_why_it_was_refused_is_said_once_and_where_people_look(sqlite_store: Store, tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "config.json").write_text('{"model_type": "bert"}')
    (encoder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with working(sqlite_store, tmp_path / "home", encoder) as works:
        works.tell(TEXTS, ("card", "loan"))
        works.run()
        assert works.job.state == "failed"
        assert said(works).startswith(f"the latest training failed: the encoder {encoder} has no model.safetensors")
        assert "is a pickle" in said(works)
        assert "Traceback" not in said(works)
        for _ in range(5):
            works.run()
        assert len(works.children) == 1
        assert works.files == []
