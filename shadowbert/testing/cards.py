"""A model card ready-made: two fields, some confusions, one recipe. Decides nothing."""

from typing import Any

from shadowbert.domain.card import Agreed, Bin, Card, FieldCard

TOPIC = FieldCard(
    "topic",
    ("card", "loan", "transfer"),
    Agreed(91, 100, 0.836, 0.9581),
    ((0, 0, 40), (0, 1, 7), (1, 1, 30), (1, 2, 2), (2, 2, 21)),
)
URGENT = FieldCard("urgent", ("false", "true"), Agreed(97, 100, 0.9148, 0.9938), ((0, 0, 60), (0, 1, 3), (1, 1, 37)))


def a_card(**changes: object) -> Card:
    given: dict[str, Any] = {
        "task": "tickets",
        "teacher": "gpt-4o",
        "recipe": "probe",
        "settings": {"seed": 1, "folds": 5, "regularisation": {"topic": 10.0, "urgent": 1.0}},
        "recipes": {"probe": 0.89, "finetune": 0.87},
        "encoder": "bundled",
        "pooling": "mean",
        "variant": "int8",
        "variant_why": "int8 keeps enough",
        "max_tokens": 256,
        "longest": 1200,
        "cut": 0.0,
        "foreign": None,
        "temperatures": (0.5, 1.25),
        "shares": {"words": {"topic": 0.5, "urgent": 0.0}, "neighbours": {"topic": 0.0, "urgent": 0.25}},
        "heads_alone": 0.8125,
        "examples": 100,
        "examples_sha256": "0" * 64,
        "cutoff": 1234,
        "agreed": Agreed(88, 100, 0.7998, 0.9364),
        "fields": (TOPIC, URGENT),
        "bins": (*[Bin(0, 0.0, 0)] * 8, Bin(20, 0.85, 15), Bin(80, 0.95, 73)),
        "software": {"shadowbert": "0.1.0"},
    }
    return Card(**given | changes)
