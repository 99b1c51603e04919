"""A student that answers: a verified artifact, its network and its temperatures.

Refuses to know whether a guess may be served. No torch. Not for two threads at once; the engine sees to that.
"""

import math

from shadowbert.bert.serving import decode
from shadowbert.bert.serving.artifact import MODEL, TOKENIZER, Artifact, Golden
from shadowbert.bert.serving.network import Network, Row
from shadowbert.bert.serving.reader import Reader
from shadowbert.domain.student import Guess
from shadowbert.errors import ArtifactInvalid, StudentError

GOLDEN_TOLERANCE = 0.02
"""How far a golden probability may move between hosts: far above rounding, far below another kind of int8 kernel."""


class Student:
    """Loads and proves itself: raises ArtifactInvalid when it does not say here what it said when published."""

    def __init__(self, artifact: Artifact, *, threads: int = 1, device: str = "cpu") -> None:
        manifest = artifact.manifest
        self._longest = manifest.longest
        self._sizes = tuple(field.classes for field in artifact.contract.fields)
        self._temperatures = manifest.temperatures
        reader = Reader(artifact.read(TOKENIZER), max_tokens=manifest.max_tokens, pairs=manifest.pairs)
        self._network = Network(artifact.read(MODEL), reader, threads=threads, device=device)
        for golden in manifest.golden:
            self._check(golden)

    def guess(self, text: str) -> Guess:
        """Raises InputTooLong for a text that is longer than those it was judged on, unless it reads it from end to
        end; StudentError when its output is not a number.
        """
        row = self._network(text) if len(text) <= self._longest else self._network.whole(text)
        return decode.read(self._logits(row), self._sizes, self._temperatures)

    def _logits(self, row: Row) -> list[float]:
        logits: list[float] = row.tolist()
        if len(logits) != sum(self._sizes):
            raise StudentError(f"the student has {len(logits)} outputs, its contract {sum(self._sizes)}")
        if not all(map(math.isfinite, logits)):
            raise StudentError("the student's output is not a number")
        return logits

    def _check(self, golden: Golden) -> None:
        """By the probability of the golden answer, not by the best label: a tie may fall either way."""
        if not len(golden.answer) == len(golden.confidences) == len(self._sizes):
            raise ArtifactInvalid("a golden prediction does not fit the contract")
        try:
            logits = self._logits(self._network(golden.text))
        except StudentError as exc:
            raise ArtifactInvalid(f"a golden prediction failed: {exc}") from exc
        fields = decode.probabilities(logits, self._sizes, self._temperatures)
        for field, label, expected in zip(fields, golden.answer, golden.confidences, strict=True):
            if not 0 <= label < field.size or abs(field[label] - expected) > GOLDEN_TOLERANCE:
                raise ArtifactInvalid("the student does not predict here what it predicted when it was published")
