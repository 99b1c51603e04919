"""How every captured request is read: 117 bodies of ten client libraries.

`contract` names the closed set; `open` is a schema that is none, `-` no schema at all.
"""

import pytest

from shadowbert.domain.exchange import Endpoint
from shadowbert.recognition.contract import read_contract
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Statement
from shadowbert.wire.request import Request
from tests.wire.captured import body, index

TABLE = """
file                                             endpoint  where    from  choice   contract       obstacle
aisdk-compat-object                              chat      content  json  -        -              -
aisdk-generateObject-chat                        chat      content  body  -        AiObject       -
aisdk-output-array                               responses content  body  -        open           -
aisdk-output-choice-chat                         chat      content  body  -        AiChoice       -
aisdk-output-choice                              responses content  body  -        AiChoice       -
aisdk-output-object-chat                         chat      content  body  -        AiObject       -
aisdk-output-object-default                      responses content  body  -        AiObject       -
aisdk-stream-chat                                chat      content  body  -        AiObject       -
aisdk-stream-responses                           responses content  body  -        AiObject       -
baml-classify                                    chat      content  text  -        -              -
baml-classify-2                                  chat      content  text  -        -              -
dspy-chatadapter-fallback                        chat      content  text  -        -              -
dspy-chatadapter                                 chat      content  text  -        -              -
dspy-cot-json                                    chat      content  body  -        DspyCot        -
dspy-jsonadapter                                 chat      content  body  -        DspyJson       -
dspy-responses                                   responses content  body  -        DspyJson       -
instr-FUNCTIONS-MLiteral                         chat      tool     body  named    MLiteral       -
instr-FUNCTIONS-MMulti                           chat      tool     body  named    MMulti         -
instr-JSON-MLiteral                              chat      content  prose -        MLiteral       -
instr-JSON-MLiteral-2                            chat      content  prose -        MLiteral       -
instr-JSON-MMulti                                chat      content  prose -        MMulti         -
instr-JSON-MMulti-2                              chat      content  prose -        MMulti         -
instr-JSON_O1-MLiteral                           chat      content  body  -        MLiteral       -
instr-JSON_O1-MMulti                             chat      content  body  -        MMulti         -
instr-JSON_SCHEMA-MLiteral                       chat      content  body  -        MLiteral       -
instr-MD_JSON-MLiteral                           chat      content  prose -        MLiteral       -
instr-MD_JSON-MLiteral-2                         chat      content  prose -        MLiteral       -
instr-MD_JSON-MMulti-2                           chat      content  prose -        MMulti         -
instr-PARALLEL_TOOLS-MLiteral                    chat      -        -     -        -              tools
instr-PARALLEL_TOOLS-MMulti                      chat      -        -     -        -              tools
instr-RESPONSES_TOOLS-MMulti                     responses tool     body  named    MMulti         -
instr-RESPONSES_TOOLS_WITH_INBUILT_TOOLS-MLiteral responses tool     body  named    MLiteral       -
instr-RESPONSES_TOOLS_WITH_INBUILT_TOOLS-MMulti  responses tool     body  named    MMulti         -
instr-from-provider                              chat      tool     body  named    MLiteral       -
instr-iterable                                   chat      tool     body  named    open           -
instr-partial-3                                  chat      tool     body  named    MMulti         -
instr-simple-bool                                chat      tool     body  named    Content-bool   -
lc-azure                                         chat      content  body  -        MLiteral       -
lc-bind_tools-any                                chat      tool     body  required MMulti         -
lc-function_calling-MLiteral                     chat      tool     body  named    MLiteral       -
lc-include_raw                                   chat      content  body  -        MLiteral       -
lc-json_mode-MLiteral                            chat      content  json  -        -              -
lc-json_mode-MMulti                              chat      content  json  -        -              -
lc-json_schema-MLiteral                          chat      content  body  -        MLiteral       -
lc-json_schema-strict                            chat      content  body  -        MMulti         -
lc-json_schema-typeddict                         chat      content  body  -        AorB           -
lc-logprobs                                      chat      content  text  -        -              parameter
lc-prompt-template                               chat      content  body  -        MLiteral       -
lc-responses-api                                 responses content  body  -        MMulti         -
lc-responses-stream                              responses content  text  -        -              -
lc-stream-fc                                     chat      tool     body  named    MMulti         -
lc-stream-json_schema                            chat      content  body  -        MMulti         -
lc-stream-plain                                  chat      content  text  -        -              -
li-complete                                      chat      content  text  -        -              -
li-function-program                              chat      tool     body  required MMulti         -
li-stream_structured                             chat      content  body  -        MMulti         -
li-structured_predict-literal                    chat      content  body  -        MLiteral       -
li-structured_predict                            chat      content  body  -        MMulti         -
liold-complete                                   chat      content  text  -        -              -
liold-function-program                           chat      tool     body  required MMulti         -
liold-structured_predict-strict                  chat      tool     body  required MMulti         -
litellm-responses                                responses content  body  -        MMulti         -
litellm-rf-json                                  chat      content  json  -        -              -
node-azure                                       chat      content  text  -        -              -
node-create                                      chat      content  text  -        -              -
node-plain-stream                                chat      content  text  -        -              -
node-zod-chat-stream                             chat      content  body  -        MLiteral       -
node-zod-responses-parse                         responses content  body  -        ZodTriage      -
node-zod-responses-stream                        responses content  body  -        MLiteral       -
node-zod-tool                                    chat      tool     body  named    MLiteral       -
node-zod-union                                   chat      content  body  -        ZodUnion       -
oai1-azure                                       chat      content  json  -        -              -
oai2-azure-responses                             responses content  text  -        -              -
oai2-azure-v1                                    chat      content  text  -        -              -
oai2-chat-create-functions-legacy                chat      function body  named    AorB           -
oai2-chat-parse-MEnum                            chat      content  body  -        MEnum          -
oai2-chat-stream-parse                           chat      content  body  -        MEnum          -
oai2-org-project                                 chat      content  text  -        -              -
oai2-resp-parse-MEnum                            responses content  body  -        MEnum          -
oai3-azure-v1                                    chat      content  text  -        -              -
oai3-beta-parse                                  chat      content  body  -        MEnum          -
oai3-chat-create-everything                      chat      content  text  -        -              several_answers
oai3-chat-create-fewshot                         chat      content  json  -        -              store
oai3-chat-create-free-text-logprobs              chat      content  text  -        -              -
oai3-chat-create-functions-legacy                chat      function body  named    AorB           -
oai3-chat-create-json-object                     chat      content  json  -        -              -
oai3-chat-create-json-schema-dict                chat      content  body  -        Sentiment      -
oai3-chat-create-stream-tools                    chat      tool     body  required MEnum          -
oai3-chat-parse-MBatch                           chat      content  body  -        open           -
oai3-chat-parse-MConst                           chat      content  body  -        MConst         -
oai3-chat-parse-MDisc                            chat      content  body  -        Either-kind    -
oai3-chat-parse-MListLit                         chat      content  body  -        MListLit       -
oai3-chat-parse-MMixedUnion                      chat      content  body  -        MMixedUnion    -
oai3-chat-parse-MMulti                           chat      content  body  -        MMulti         -
oai3-chat-parse-MNested                          chat      content  body  -        MNested        -
oai3-chat-parse-MNullLit                         chat      content  body  -        MNullLit       -
oai3-chat-parse-MOneEnum                         chat      content  body  -        open           -
oai3-chat-parse-MReason                          chat      content  body  -        MReason        -
oai3-chat-parse-MUnicode                         chat      content  body  -        MUnicode       -
oai3-chat-parse-MUnion                           chat      content  body  -        Either-kind    -
oai3-chat-parse-tools                            chat      tool     body  required MMulti         -
oai3-chat-stream-parse                           chat      content  body  -        MEnum          -
oai3-resp-create-stream                          responses content  text  -        -              -
oai3-resp-parse-MEnum                            responses content  body  -        MEnum          -
oai3-resp-parse-MLiteral                         responses content  body  -        MLiteral       -
oai3-resp-parse-MMulti                           responses content  body  -        MMulti         -
oai3-resp-parse-instructions                     responses content  body  -        MEnum          -
oai3-resp-parse-tool                             responses tool     body  named    AorB           -
oai3-resp-stream-parse                           responses content  body  -        MEnum          -
oai3-with-raw-response                           chat      content  text  -        -              -
pai-bool-scalar                                  chat      tool     body  required Scalar-bool    -
pai-enum-scalar                                  chat      tool     body  required Scalar-enum    -
pai-list-enum                                    chat      tool     body  required Sentiments     -
pai-literal-scalar                               chat      tool     body  required Scalar-literal -
pai-responses-native                             responses content  body  -        MMulti         -
pai-responses-stream                             responses content  body  -        MMulti         -
pai-union                                        chat      -        -     -        -              tools
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]


def captured(file: str, endpoint: str) -> Request:
    request = read_request(Endpoint(endpoint), body(f"{file}.json"))
    assert request is not None
    return request


def contract_hash(request: Request) -> str:
    if request.output is None or not request.output.schema:
        return "-"
    contract = read_contract(request.output.schema)
    return "open" if contract is None else contract.hash


def test_the_table_is_whole() -> None:
    paths = {"completions": "chat", "responses": "responses"}
    sent = {(entry["file"], paths[entry["path"].split("?")[0].split("/")[-1]]) for entry in index()}
    assert {(f"{file}.json", endpoint) for file, endpoint, *_ in ROWS} == sent


@pytest.mark.parametrize("row", ROWS, ids=[file for file, *_ in ROWS])
def test_a_captured_request_is_read_as_the_table_says(row: list[str]) -> None:
    file, endpoint, transport, stated, choice, contract, obstacle = row
    request = captured(file, endpoint)
    output = request.output
    read = (output.transport, output.statement, output.tool_choice or "-") if output else ("-", "-", "-")
    assert (*read, request.obstacle or "-") == (transport, stated, choice, obstacle)
    found = contract_hash(request)
    assert found == contract if contract in ("-", "open") else found.startswith("c1:")
    assert request.prompt


def test_a_contract_has_one_name_and_a_name_one_contract() -> None:
    hashes: dict[str, set[str]] = {}
    for file, endpoint, _, _, _, contract, _ in ROWS:
        hashes.setdefault(contract, set()).add(contract_hash(captured(file, endpoint)))
    assert all(len(found) == 1 for found in hashes.values())
    assert len({found for (found,) in hashes.values()}) == len(hashes)


def test_one_contract_comes_in_every_form() -> None:
    forms = {(transport, statement) for _, _, transport, statement, _, contract, _ in ROWS if contract == "MMulti"}
    assert forms == {("content", "body"), ("content", "prose"), ("tool", "body")}


@pytest.mark.parametrize(
    ("file", "roles"),
    [
        ("instr-JSON-MMulti-2", "system user assistant user"),
        ("instr-JSON-MLiteral-2", "system user assistant user"),
        ("instr-MD_JSON-MMulti-2", "system user assistant user"),
        ("instr-MD_JSON-MLiteral-2", "system user assistant user"),
        ("instr-partial-3", "system user user user"),
    ],
)
def test_a_retry_with_feedback_is_a_prompt_of_several_turns(file: str, roles: str) -> None:
    """Nothing on the wire tells it from a few-shot prompt: it is longer than the skeleton of its task."""
    request = captured(file, "chat")
    assert " ".join(message.role for message in request.prompt or ()) == roles
    assert request.obstacle is None


def test_a_pretty_printed_schema_of_json_mode_is_named_by_its_title() -> None:
    output = captured("instr-JSON-MMulti", "chat").output
    assert output is not None
    assert (output.name, output.statement, output.description) == ("MMulti", Statement.PROSE, "")
