"""The pure parts of `make bench-savings`, with numbers known from elsewhere."""

import json
from dataclasses import replace

import pytest

from shadowbert.recognition.answer import read_answer
from shadowbert.recognition.contract import read_contract
from tests.bench.savings import outcome, streams
from tests.bench.savings.outcome import COLUMNS, Outcome, row, total
from tests.bench.savings.streams import Aim, Stream, schema

STREAM = Stream("a-stream", "a-file", 1_000, "What is it?", Aim(live=300, local=0.5))
FOUND = Outcome(
    calls=1_000, first={"student": 200, "canary": 250, "live": 300}, local=500, agreed=490, spent=1.0, saved=3.0
)


def test_what_is_aimed_at_is_reached_at_the_very_number() -> None:
    assert FOUND.faults(STREAM) == []


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (replace(FOUND, first={"live": 301}), ["live by 300"]),
        (replace(FOUND, first={}), ["live by 300"]),
        (replace(FOUND, local=499, agreed=490), ["50% local"]),
        (replace(FOUND, agreed=460), ["agreement below the target"]),
        (replace(FOUND, agreed=470), []),
        (Outcome(calls=1_000), ["live by 300", "50% local"]),
    ],
)
def test_what_is_missed_is_named(found: Outcome, faults: list[str]) -> None:
    assert found.faults(STREAM) == faults


def test_to_open_at_all_is_one_answer() -> None:
    opening = replace(STREAM, aim=streams.OPENS)
    assert Outcome(calls=7_000).faults(opening) == ["opens"]
    assert Outcome(calls=7_000, local=1, agreed=1).faults(opening) == []


def test_an_agreement_is_below_the_target_beyond_chance_only_where_one_in_a_hundred_is_as_bad() -> None:
    """Of 1,000 answers at 95 %, 933 and fewer agree in 1.1 %, 932 and fewer in 0.8 % of samples (binomial)."""
    assert [Outcome(local=1_000, agreed=agreed).broken for agreed in (934, 931)] == [False, True]


def test_a_row_has_a_cell_a_column_and_says_what_was_saved() -> None:
    cells = dict(zip(COLUMNS, row(STREAM, FOUND), strict=True))
    assert (cells["live"], cells["local, all calls"], cells["agreement"]) == ("300", "50.0%", "98.00%")
    assert (cells["saved"], cells[""]) == ("$3.00 of $4.00 (75%)", "ok")
    nothing = dict(zip(COLUMNS, row(STREAM, Outcome()), strict=True))
    assert (nothing["live"], nothing["agreement"], nothing["saved"]) == ("never", "-", "-")
    assert nothing[""].startswith("MISSED: ")


def test_streams_add_up() -> None:
    assert total({"one": FOUND, "two": FOUND}).startswith(
        "1,000 of 2,000 calls were answered locally (50%); $6.00 saved"
    )
    assert total({}) == "nothing was replayed"


@pytest.mark.parametrize(
    "answers", [[{"label": "ham"}, {"label": "spam"}], [{"intents": ["b", "a"]}, {"intents": ["c"]}]]
)
def test_the_schema_is_one_that_the_product_knows_and_holds_every_answer(answers: list[streams.Answer]) -> None:
    asked = schema([("a text", answer) for answer in answers], "a-stream")
    body = asked["json_schema"]
    assert isinstance(body, dict)
    contract = read_contract(body["schema"])
    assert contract is not None
    assert all(read_answer(body["schema"], contract, json.dumps(answer)) is not None for answer in answers)


def test_every_stream_has_a_name_of_its_own() -> None:
    assert len({stream.name for stream in streams.STREAMS}) == len(streams.STREAMS)
    assert all(outcome.aim_in_words(stream) == "" for stream in streams.STREAMS if stream.aim == Aim())
