"""The same user code sent through each client library is one task, however the library spells it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import orjson
import pytest

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.exchange import Exchange
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.oracles import hashed_label
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Transport
from tests.flow.test_collect import AT, calls, put, versions
from tests.mixes.asks import exchange
from tests.mixes.texts import rows
from tests.recognition.test_captured_inputs import MEANT, cases, endpoint, quoted
from tests.wire.captured import body

pytestmark = pytest.mark.skipif(not cases(), reason="no captured requests beside this checkout")

INSTRUCTION = "Read what the customer writes. Say what it is about and how they feel."
SAID = (
    "Classify the customer message. Answer only with the schema.", "Classify the customer message.",
    "Classify this:", "Classify:", "Classify emotion.",
)  # fmt: skip
"""What the capturing programs told the model; the longest that a body holds."""
CALLS = 24

MULTI = (
    "oai3-chat-parse-MMulti.json",
    "oai3-chat-parse-tools.json",
    "oai3-resp-parse-MMulti.json",
    "instr-FUNCTIONS-MMulti.json",
    "instr-JSON-MMulti.json",
    "instr-JSON_O1-MMulti.json",
    "instr-MD_JSON-MMulti-2.json",
    "instr-RESPONSES_TOOLS-MMulti.json",
    "instr-RESPONSES_TOOLS_WITH_INBUILT_TOOLS-MMulti.json",
    "instr-partial-3.json",
    "lc-bind_tools-any.json",
    "lc-json_mode-MMulti.json",
    "lc-json_schema-strict.json",
    "lc-responses-api.json",
    "lc-stream-fc.json",
    "lc-stream-json_schema.json",
    "li-function-program.json",
    "li-stream_structured.json",
    "li-structured_predict.json",
    "liold-function-program.json",
    "liold-structured_predict-strict.json",
    "litellm-responses.json",
    "pai-responses-native.json",
    "pai-responses-stream.json",
)
LITERAL = (
    "oai3-resp-parse-MLiteral.json",
    "instr-FUNCTIONS-MLiteral.json",
    "instr-JSON-MLiteral.json",
    "instr-JSON_SCHEMA-MLiteral.json",
    "instr-MD_JSON-MLiteral.json",
    "lc-azure.json",
    "lc-function_calling-MLiteral.json",
    "lc-json_schema-MLiteral.json",
    "li-structured_predict-literal.json",
    "node-zod-responses-stream.json",
    "node-zod-tool.json",
)
COMPLAINING = (
    "instr-JSON-MMulti-2.json",
    "instr-MD_JSON-MMulti-2.json",
    "instr-JSON-MLiteral-2.json",
    "instr-MD_JSON-MLiteral-2.json",
    "instr-partial-3.json",
)
DSPY = ("dspy-jsonadapter.json", "dspy-responses.json")


def spelt(file: str, instruction: str, text: str, *, again: bool = False) -> dict[str, Any]:
    """The call as the library sends it, with another instruction and about another text; where it was captured with
    complaints about earlier answers, without them, unless it is to be `again`.
    """
    asked = body(file).decode()
    meant = next(text for text in MEANT if quoted(text) in asked)
    told = next((said for said in SAID if said in asked), None)
    before = told or quoted(meant)
    after = quoted(instruction) if told else quoted(f"{instruction}\n{meant}")
    given: dict[str, Any] = orjson.loads(asked.replace(before, after, 1).replace(quoted(meant), quoted(text)))
    if file in COMPLAINING and not again:
        given["messages"] = given["messages"][:2]
    return given | {"model": given.get("model") or "prod"}


def plain(like: str, instruction: str, text: str) -> dict[str, Any]:
    """The contract of a library's call, asked for without the library."""
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": text}]
    given = orjson.loads(body(like))
    return {"model": given["model"], "messages": messages, "response_format": given["response_format"]}


def call(file: str, given: Mapping[str, Any], text: str, number: int, schema: Mapping[str, Any]) -> Exchange:
    request = read_request(endpoint(file), orjson.dumps(given))
    assert request is not None
    output = request.output
    tool = output.name if output and output.transport is Transport.TOOL else None
    return exchange(given, orjson.dumps(hashed_label(text, schema)).decode(), number=number, tool=tool)


def schema_of(file: str) -> Mapping[str, Any]:
    request = read_request(endpoint(file), body(file))
    assert request is not None
    assert request.output is not None
    return request.output.schema


def traffic(files: tuple[str, ...], instruction: str, *, like: str) -> Iterator[tuple[str, Exchange]]:
    """The same texts through every library."""
    schema = schema_of(like)
    for file in files:
        for number, row in enumerate(rows("tickets")[:CALLS]):
            yield file, call(file, spelt(file, instruction, row.text), row.text, number, schema)


def landed(collect: Collect, sent: list[tuple[str, Exchange]]) -> dict[str, set[str]]:
    """The tasks in which each library's calls are, after all were sent in one stream."""
    Random(5).shuffle(sent)
    put(collect, [exchange for _, exchange in sent])
    file_of = {exchange.id: file for file, exchange in sent}
    found: dict[str, set[str]] = defaultdict(set)
    for version in versions(collect):
        for row in calls(collect, version):
            found[file_of[row.exchange_id]].add(version.task)
    return dict(found)


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


@pytest.mark.parametrize(
    ("files", "like"), [(MULTI, "oai3-chat-parse-MMulti.json"), (LITERAL, "oai3-resp-parse-MLiteral.json")]
)
def test_one_user_code_is_one_task(collect: Collect, files: tuple[str, ...], like: str) -> None:
    found = landed(collect, list(traffic(files, INSTRUCTION, like=like)))
    (task,) = {version.task for version in versions(collect)}
    assert found == {file: {task} for file in files}


def test_dspy_and_plain_calls_of_one_contract_are_one_task(collect: Collect) -> None:
    like = DSPY[0]
    sent = list(traffic(DSPY, INSTRUCTION, like=like))
    for number, row in enumerate(rows("tickets")[:CALLS]):
        sent.append(("plain", call(like, plain(like, INSTRUCTION, row.text), row.text, number, schema_of(like))))
    found = landed(collect, sent)
    assert len(set().union(*found.values())) == 1
    assert set(found) == {*DSPY, "plain"}


def test_other_instructions_with_the_same_contract_are_another_task(collect: Collect) -> None:
    """However much of their prompts is the library's."""
    other = "Judge the tone of a product review. Irony counts as what it means."
    files = ("oai3-chat-parse-MMulti.json", "instr-JSON-MMulti.json", "li-structured_predict.json")
    one, two = (list(traffic(files, said, like=files[0])) for said in (INSTRUCTION, other))
    told = {exchange.id: said for said, sent in ((0, one), (1, two)) for _, exchange in sent}
    landed(collect, one + two)
    of_task: dict[str, set[int]] = defaultdict(set)
    for version in versions(collect):
        of_task[version.task] |= {told[row.exchange_id] for row in calls(collect, version)}
    assert sorted(map(sorted, of_task.values())) == [[0], [1]]


@pytest.mark.parametrize("file", COMPLAINING)
def test_what_a_library_sends_back_with_a_complaint_teaches_nothing(collect: Collect, file: str) -> None:
    sent, schema, known = list(traffic((file,), INSTRUCTION, like=file)), schema_of(file), rows("tickets")[:CALLS]
    put(collect, [exchange for _, exchange in sent])
    again = [
        call(file, spelt(file, INSTRUCTION, row.text, again=True), row.text, CALLS + n, schema)
        for n, row in enumerate(known)
    ]
    put(collect, again)
    (version,) = versions(collect)
    found = calls(collect, version)
    assert [row.unfit for row in found] == [None] * CALLS + [Unfit.FEEDBACK] * CALLS
    assert [row.parent for row in found[CALLS:]] == [row.exchange_id for row in found[:CALLS]]
    assert not any(row.eligible for row in found)
