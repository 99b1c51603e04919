from dataclasses import replace

import pytest

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.task import PublishedVersion, Stage, StageTable
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.recognition.recogniser import Recogniser
from shadowbert.recognition.wording import wording_of
from shadowbert.wire.endpoints import read_request
from tests.wire.captured import body, entries
from tests.wire.requests import FORMAT, SCHEMA, chat_request, named, tool

CONTRACT = read_contract(SCHEMA)
CALL = chat_request()


def skeleton(*statics: tuple[str, ...]) -> Skeleton:
    return Skeleton(tuple(SkeletonMessage(*pair) for pair in zip(("system", "user"), statics, strict=True)))


def version(**changes: object) -> PublishedVersion:
    assert CONTRACT is not None
    known = PublishedVersion(
        id="v1",
        task="spam",
        tenant="default",
        teacher="gpt-4o",
        contract=CONTRACT,
        skeleton=skeleton(("Is it spam?",), ("", "")),
        stage=Stage.SHADOW,
        share=0.0,
        audit_rate=0.05,
    )
    return replace(known, **changes)


def recogniser(*versions: PublishedVersion, contracts: int = 4096) -> Recogniser:
    made = Recogniser(contracts=contracts)
    made.publish(StageTable(versions, revision=1, gate_looked_at=None))
    return made


def test_a_known_call_gives_its_version_and_input() -> None:
    call = recogniser(version()).recognise(CALL, tenant="default")
    assert call is not None
    assert (call.request, call.contract, call.version) == (CALL, CONTRACT, version())
    assert (call.input, call.input_hash) == ("Win a prize", input_hash("win a PRIZE"))


def test_transport_and_names_make_no_difference() -> None:
    known = recogniser(version())
    for ask in (
        {"tools": [tool("final_result")], "tool_choice": named("final_result"), "response_format": None},
        {
            "response_format": {"type": "json_schema", "json_schema": {"name": "other", "schema": SCHEMA}},
            "stream": True,
        },
    ):
        call = known.recognise(chat_request(**ask), tenant="default")
        assert call is not None
        assert call.version == version()


@pytest.mark.parametrize(
    "change",
    [{"tenant": "other"}, {"teacher": "gpt-5"}, {"skeleton": skeleton(("Is it ham?",), ("", ""))}],
    ids=["tenant", "teacher", "skeleton"],
)
def test_another_version_is_not_this_one(change: dict[str, object]) -> None:
    call = recogniser(version(**change)).recognise(CALL, tenant="default")
    assert call is not None
    assert (call.version, call.input, call.input_hash) == (None, "", "")


def test_another_contract_is_not_this_one() -> None:
    wider = {**SCHEMA, "properties": {"label": {"enum": ["spam", "ham", "unsure"]}}}
    ask = {"type": "json_schema", "json_schema": {"name": "spam", "schema": wider}}
    call = recogniser(version()).recognise(chat_request(response_format=ask), tenant="default")
    assert call is not None
    assert call.version is None


def described(text: str, where: str) -> dict[str, object]:
    """The sample schema with this description at its root, on its one property, or beside it."""
    schema: dict[str, object] = SCHEMA | ({"description": text} if where == "root" else {})
    if where == "property":
        schema["properties"] = {"label": SCHEMA["properties"]["label"] | {"description": text}}  # type: ignore[index]
    beside = {"description": text} if where == "beside" else {}
    return {"type": "json_schema", "json_schema": {"name": "spam", "schema": schema} | beside}


@pytest.mark.parametrize("where", ["root", "property", "beside"])
def test_another_description_is_another_version(where: str) -> None:
    one, other = (chat_request(response_format=described(text, where)) for text in ("Ads only.", "Ads and fraud."))
    unknown = recogniser(version()).recognise(one, tenant="default")
    assert unknown is not None
    assert (unknown.contract, unknown.version, unknown.input) == (CONTRACT, None, "")
    assert unknown.wording.startswith("w1:")
    mine = version(id="v2", wording=unknown.wording)
    known = recogniser(version(), mine)
    found = [known.recognise(request, tenant="default") for request in (one, other, CALL)]
    assert [call and call.version for call in found] == [mine, None, version()]


def test_the_same_schema_beside_other_words_is_remembered_apart() -> None:
    known = recogniser(version())
    asks = [described(text, "beside") for text in ("Ads only.", "", "Ads and fraud.")]
    calls = [known.recognise(chat_request(response_format=ask), tenant="default") for ask in asks * 2]
    assert [call is not None and call.version is not None for call in calls] == [False, True, False] * 2
    assert len({call.wording for call in calls if call}) == len(known._contracts) == 3


def test_what_is_no_classification_is_none() -> None:
    free = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"properties": {"a": {"type": "string"}}}}}
    for response_format in (None, {"type": "json_object"}, free):
        assert recogniser().recognise(chat_request(response_format=response_format), tenant="default") is None


def test_a_call_that_is_not_text_has_no_version() -> None:
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
    call = recogniser(version()).recognise(chat_request(messages=image), tenant="default")
    assert call is not None
    assert call.version is None


def test_the_skeleton_that_says_most_wins() -> None:
    bare = version(id="v0", skeleton=skeleton(("", ""), ("", "")))
    lead = version(id="v2", skeleton=skeleton(("Is it spam?",), ("Win ", "")))
    for versions in ([bare, version(), lead], [lead, version(), bare]):
        call = recogniser(*versions).recognise(CALL, tenant="default")
        assert call is not None
        assert (call.version, call.input) == (lead, "a prize")


def test_a_named_task_wins_over_another_with_the_same_prompt() -> None:
    named_task = version(id="v9", task="phishing")
    known = recogniser(version(), named_task)
    for task, expected in (("phishing", named_task), ("spam", version()), ("unheard of", version())):
        call = known.recognise(chat_request(metadata={"task": task}), tenant="default")
        assert call is not None
        assert call.version == expected


def test_publishing_replaces_what_was_known() -> None:
    known = recogniser(version())
    known.publish(StageTable((), revision=2, gate_looked_at=None))
    call = known.recognise(CALL, tenant="default")
    assert call is not None
    assert call.version is None


def test_only_the_latest_contracts_are_remembered() -> None:
    known = recogniser(version(), contracts=2)
    for n in range(5):
        schema = {**SCHEMA, "title": str(n)}
        for response_format in ({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, FORMAT):
            call = known.recognise(chat_request(response_format=response_format), tenant="default")
            assert call is not None
            assert call.version == version()
    assert len(known._contracts) == 2
    assert CALL.output is not None
    assert (CALL.output.schema_key, "", "", None) in known._contracts


def test_captured_multi_field_calls_are_one_task() -> None:
    """One version, mined by hand, recognises the same class sent by every library with the same prompt.

    Some put its docstring at the schema's root, some beside the schema, some at both: one wording.
    """
    first = read_request(Endpoint.CHAT, body("lc-json_schema-strict.json"))
    assert first is not None
    assert first.output is not None
    contract = read_contract(first.output.schema)
    shape = skeleton(("Classify the customer message.",), ("", ""))
    wording = wording_of(first.output.schema, first.output.description)
    known = recogniser(version(contract=contract, teacher="gpt-4o-2024-08-06", skeleton=shape, wording=wording))
    libraries = set()
    for entry in entries():
        request = read_request(Endpoint.CHAT, body(str(entry["file"])))
        call = known.recognise(request, tenant="default") if request is not None else None
        if call is not None and call.version is not None:
            libraries.add(entry["library"])
            assert entry["canonical_schema"] == "dde3d6c2"
            assert call.input == "My invoice is wrong and nobody answers."
    assert libraries >= {"instructor", "langchain-openai"}
