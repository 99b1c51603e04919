"""Where a training would compute, asked without loading torch."""

import onnxruntime as ort
import pytest

from shadowbert.worker import place
from shadowbert.worker.place import serving_place, training_place


def test_a_gpu_that_is_not_there_is_told_with_its_remedy() -> None:
    ok, why = training_place("cuda:99", 1)
    assert not ok
    assert why.startswith("training.device is cuda:99, but torch sees")


def test_a_torch_for_cpus_need_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "version", lambda _: "2.13.0+cpu")
    monkeypatch.setattr(place.sys, "executable", "/nowhere")
    assert training_place("auto", 1) == (True, "on the CPU (this torch is built for nothing else)")


def test_another_torch_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "version", lambda _: "2.13.0")
    ok, where = training_place("cpu", 2)
    assert ok
    assert where.startswith("on cpu, 2 ranks (torch sees")


def test_students_answer_on_a_gpu_only_where_the_runtime_can() -> None:
    ok, said = serving_place("cuda")
    assert ok is ("CUDAExecutionProvider" in ort.get_available_providers())
    assert said == "on cuda" if ok else said.startswith("student.device is cuda, which this onnxruntime does not")
    assert serving_place("cpu") == (True, "on the CPU")
