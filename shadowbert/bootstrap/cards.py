"""Reads students' model cards from below the data directory."""

import json
from pathlib import Path

from shadowbert.bert.serving.artifact import CARD
from shadowbert.domain.card import Card
from shadowbert.flow.cards import Cards


def card_reader(home: Path) -> Cards:
    """An artifact's card; None where it is gone, damaged, or from before there were cards.

    Unverified: a card is shown to people, and nothing is decided by it.
    """

    def read(artifact: str) -> Card | None:
        try:
            return Card.from_json(json.loads((home / artifact / CARD).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    return read
