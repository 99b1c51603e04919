"""A student without shadowbert: what it says of a text, and how sure it is.

    python student.py "some text"            # as JSON
    Student(Path("folder"))("some text")     # the same in Python

Needs numpy, onnxruntime and tokenizers. An input of several texts (the template's slots, in their order) is several
arguments, or one text joined by SEPARATOR. Opens no file that is not what the manifest says (sha256), and knows neither
which answers shadowbert would have left to the LLM, nor any threshold: see `joint`.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

SEPARATOR = "\n[SEP]\n"
CHARACTERS = 16  # a token of the budget; what a long text has between its head and tail is not even tokenised


class Folder:
    """An exported student's files, and how it reads and answers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: dict[str, Any] = json.loads((path / "manifest.json").read_bytes())
        self.fields: list[dict[str, Any]] = self.manifest["contract"]["fields"]
        self.max_tokens: int = self.manifest["max_tokens"]
        self.tokenizer = Tokenizer.from_buffer(self.read("tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" that somebody typed is text

    def read(self, name: str) -> bytes:
        content = (self.path / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.manifest["files"][name]:
            raise ValueError(f"{name} is not the file that was published (sha256 differs)")
        return content

    def tokens(self, text: str, *, judged: bool = True) -> list[int]:
        """Of a text that is too long, head and tail; ValueError where it is longer than all that were `judged`."""
        first, *others = text.split(SEPARATOR, 1) if self.manifest["pairs"] else [text]
        encoding = self.tokenizer.encode(self._shorten(first), self._shorten(others[0]) if others else None)
        whole = len(encoding.ids) <= self.max_tokens and len(text) <= CHARACTERS * self.max_tokens
        if judged and len(text) > self.manifest["longest"] and not whole:
            raise ValueError("the text is longer than those that the student was judged on")
        sides = encoding.sequence_ids
        places = [[place for place, side in enumerate(sides) if side == own] for own in (0, 1)]
        budget = max(0, self.max_tokens - sides.count(None))
        second = min(len(places[1]), max(budget - budget // 2, budget - len(places[0])))
        cut = {
            place for own, room in zip(places, (budget - second, second), strict=True) for place in _middle(own, room)
        }
        return [token for place, token in enumerate(encoding.ids) if place not in cut]

    def labels(self, field: dict[str, Any]) -> list[Any]:
        """All that a field may say, in the order of the logits."""
        absent = [] if field["required"] else ["(left out)"]
        return [*field["labels"], *absent, *(["(something else)"] if field.get("open") else [])]

    def answer(self, logits: Any) -> dict[str, Any]:  # noqa: ANN401 - an array of one row
        """Label and confidence of each field, and the confidence of the whole."""
        said, sure, start = {}, {}, 0
        for field, temperature in zip(self.fields, self.manifest["temperatures"], strict=True):
            labels = self.labels(field)
            own = np.asarray(logits[start : start + len(labels)], np.float64) / temperature
            chances = np.exp(own - own.max())
            name = "".join(step if step.startswith("[") else f".{step}" for step in field["path"])
            name = name.removeprefix(".") or "answer"
            said[name], sure[name] = labels[int(own.argmax())], float(chances.max() / chances.sum())
            start += len(labels)
        return {"answer": said, "confidences": sure, "joint": float(np.prod(list(sure.values())))}

    def _shorten(self, text: str) -> str:
        most = CHARACTERS * self.max_tokens
        return text if len(text) <= most else text[: most // 4] + text[most // 4 - most :]


class Student:
    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # done when published
        self.session = onnxruntime.InferenceSession(self.folder.read("student.onnx"), options)

    def __call__(self, text: str) -> dict[str, Any]:
        ids = np.array([self.folder.tokens(text)])
        (logits,) = self.session.run(["output"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return self.folder.answer(logits[0])


def _middle(places: list[int], room: int) -> list[int]:
    """What gives way between a quarter of the room at the head and three quarters at the tail."""
    head = -(-min(room, len(places)) // 4)
    return places[head : head + max(0, len(places) - room)]


if __name__ == "__main__":
    answered = Student(Path(__file__).parent)(SEPARATOR.join(sys.argv[1:]))
    sys.stdout.write(json.dumps(answered, ensure_ascii=False) + "\n")
