"""The card as a page: the hub can read its head, and no name or label breaks its tables."""

import re

import yaml
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.card_text import card_text, code
from shadowbert.domain.card import Agreed, FieldCard
from shadowbert.testing.cards import a_card


def head(text: str) -> dict[str, object]:
    _, yaml_text, _ = text.split("---\n", 2)
    found = yaml.safe_load(yaml_text)
    assert isinstance(found, dict)
    return found


def tables(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


def test_the_head_is_read_by_the_hub() -> None:
    found = head(card_text(a_card()))
    assert found["pipeline_tag"] == "text-classification"
    assert found["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    ((model,),) = [found["model-index"]]
    (result,) = model["results"]
    assert result["metrics"][0]["value"] == 0.88


def test_a_folder_on_somebody_s_machine_is_no_base_model() -> None:
    assert "base_model" not in head(card_text(a_card(encoder="../encoders/mine")))
    assert head(card_text(a_card(encoder="google/bert-base")))["base_model"] == "google/bert-base"


def test_it_says_what_a_reader_asks() -> None:
    text = card_text(a_card())
    assert "| `topic` | 91 of 100 | 91.0 % | 83.6 % to 95.8 % |" in text
    assert "- `topic`: `loan` said where the teacher says `card`, 7 of 47 times" in text
    assert "| `loan` | 32 | 81.0 % | 93.7 % |" in text
    assert "| 1 `card` | 40 | 7 | 0 |" in text
    assert "| 0.9 to 1.0 | 80 | 95.0 % | 91.2 % |" in text
    assert '"seed": 1' in text
    assert "- words: `topic` 0.5, `urgent` 0" in text
    assert "It reads 256 tokens, of longer inputs head and tail (0.0 % of its examples were longer)" in text
    assert "more than 1,200 characters" in text
    assert "examples were in." in text
    assert "examples were in; 62.0 % of them were in none" in card_text(a_card(foreign=0.62))


def test_a_large_matrix_shows_the_largest_labels_and_the_others() -> None:
    labels = tuple(f"l{number}" for number in range(77))
    confusion = (*((number, number, 100 - number) for number in range(77)), (76, 0, 5))
    rows = sum(count for *_, count in confusion)
    text = card_text(a_card(fields=(FieldCard("intent", labels, Agreed(rows - 5, rows, 0.0, 1.0), confusion),)))
    (matrix,) = [table for table in tables(text) if "13 `others`" in table[-1]]
    assert len(matrix) == 2 + 13
    assert matrix[2].startswith("| 1 `l0` | 100 | 0 |")
    cells = [int(cell) for cell in matrix[-1].split("|")[2:-1]]
    assert (cells[0], sum(cells)) == (5, sum(100 - number for number in range(12, 77)) + 5)


@given(st.text(min_size=1, max_size=40))
def test_no_label_breaks_a_table(label: str) -> None:
    field = FieldCard("kind", (label, "other"), Agreed(1, 1, 0.025, 1.0), ((0, 0, 1),))
    text = card_text(a_card(fields=(field,), task=label, teacher=label))
    assert head(text)
    for table in tables(text):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table}
        assert len(columns) == 1, table


@given(st.text(max_size=40))
def test_code_is_one_span(text: str) -> None:
    shown = code(text)
    assert shown == "(unnamed)" or (shown[0] == shown[-1] == "`" and "`" not in shown[1:-1])
    assert len(shown.splitlines()) == 1
