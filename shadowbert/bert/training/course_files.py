"""A course and its result as files, between a training and its ranks: JSON and safetensors, nothing that runs.

Refuses to know processes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_model

from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.bert.training.course import Course, Exam
from shadowbert.bert.training.encoder import Encoder, load
from shadowbert.bert.training.finetune import Lesson, Settings, Tuned
from shadowbert.bert.training.heads import Head

COURSE, ARRAYS, START = "course.json", "course.safetensors", "start"
RESULT, HEADS, END = "result.json", "heads.safetensors", "end"
Arrays = dict[str, np.ndarray[Any, Any]]


def write_course(folder: Path, encoder: Encoder, course: Course) -> None:
    exam = course.until if isinstance(course.until, Exam) else None
    told = {
        "settings": asdict(course.settings),
        "until": None if exam else course.until,
        "lot": course.lot,
        "sizes": exam.sizes if exam else (),
        "heads": len(course.heads),
        "pooling": encoder.pooling,
        "border": encoder.border,
    }
    lesson = course.lesson
    arrays = _rows("lesson", lesson.tokens, lesson.labels) | {"lesson.weights": lesson.weights.numpy()}
    if exam:
        arrays |= _rows("exam", exam.tokens, exam.labels) | {"exam.weights": exam.weights}
    save_file(arrays | _heads(course.heads), folder / ARRAYS)
    encoder.model.save_pretrained(folder / START)  # type: ignore[operator]
    (folder / COURSE).write_text(json.dumps(told), encoding="utf-8")


def read_course(folder: Path) -> tuple[Encoder, Course]:
    told, arrays = json.loads((folder / COURSE).read_bytes()), load_file(folder / ARRAYS)
    tokens = _tokens("lesson", arrays)
    lesson = Lesson(tokens, arrays["lesson.labels"], torch.from_numpy(arrays["lesson.weights"]))
    until = told["until"]
    if until is None:
        rows = _tokens("exam", arrays)
        until = Exam(rows, arrays["exam.labels"], arrays["exam.weights"], tuple(told["sizes"]))
    config = json.loads((folder / START / "config.json").read_bytes())
    checkpoint = Checkpoint("of this course", folder / START, config, told["pooling"])
    encoder = load(checkpoint, max_tokens=max(map(len, tokens)), border=told["border"])
    return encoder, Course(_read_heads(arrays, told["heads"]), lesson, Settings(**told["settings"]), until, told["lot"])


def write_result(folder: Path, encoder: Encoder, tuned: Tuned) -> None:
    encoder.model.save_pretrained(folder / END)  # type: ignore[operator]
    save_file(_heads(tuned.heads), folder / HEADS)
    told = {"epoch": tuned.epoch, "heads": len(tuned.heads)}
    (folder / RESULT).write_text(json.dumps(told), encoding="utf-8")


def read_result(folder: Path, encoder: Encoder) -> Tuned:
    """The encoder has learnt in place, as it would have here."""
    told = json.loads((folder / RESULT).read_bytes())
    load_model(encoder.model, folder / END / "model.safetensors")
    return Tuned(_read_heads(load_file(folder / HEADS), told["heads"]), told["epoch"])


def _rows(name: str, tokens: Sequence[Sequence[int]], labels: np.ndarray[Any, Any]) -> Arrays:
    flat = np.array([token for row in tokens for token in row], dtype=np.int64)
    lengths = np.array([len(row) for row in tokens], dtype=np.int64)
    return {f"{name}.tokens": flat, f"{name}.lengths": lengths, f"{name}.labels": np.ascontiguousarray(labels)}


def _tokens(name: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> list[list[int]]:
    flat, ends = arrays[f"{name}.tokens"].tolist(), accumulate(arrays[f"{name}.lengths"].tolist(), initial=0)
    return [flat[begin:end] for begin, end in pairwise(ends)]


def _heads(heads: Iterable[Head]) -> Arrays:
    return {f"head.{number}.{name}": own for number, head in enumerate(heads) for name, own in head.tensors().items()}


def _read_heads(arrays: Mapping[str, np.ndarray[Any, Any]], count: int) -> tuple[Head, ...]:
    parts = [[arrays[f"head.{number}.{name}"] for name in ("labels", "weight", "bias")] for number in range(count)]
    return tuple(Head(tuple(labels.tolist()), weight, bias) for labels, weight, bias in parts)
