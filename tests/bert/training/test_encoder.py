"""The bundled encoder with its real weights: found, proved, trained on and served."""

import json

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.train import train
from shadowbert.domain.contract import Contract, Field
from tests.bert.conftest import MakeJob

LIKED = ["I love it", "what a great film", "best meal ever", "really happy with this", "wonderful service", "so good"]
HATED = ["I hate it", "what an awful film", "worst meal ever", "really upset with this", "terrible service", "so bad"]
WHERE = ["", " today", " in Paris", ", honestly", " as usual"]


def test_the_bundled_encoder_learns_the_tone_of_sixty_sentences(make_job: MakeJob) -> None:
    texts = [(text + where, int(text in LIKED)) for where in WHERE for text in LIKED + HATED]
    splits = ("train", "train", "calibration", "train", "heldout")
    examples = [
        {"id": str(i), "input": text, "answer": [label], "split": splits[i // 12]}
        for i, (text, label) in enumerate(texts)
    ]
    contract = Contract((Field(("tone",), ("negative", "positive")),), "c1:tone")
    folder = make_job(examples=examples, encoder="bundled", contract=contract.to_json())
    manifest = train(read_job(folder))
    assert manifest.scores["agreement"] > 0.9
    student = Student(open_artifact(folder / "artifact"))
    assert student.guess("an excellent and lovely evening").answer == (1,)
    assert student.guess("a horrible and disappointing evening").answer == (0,)
    assert json.loads((folder / "artifact" / "config.json").read_text())["hidden_size"] == 384
