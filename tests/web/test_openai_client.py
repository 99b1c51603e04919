"""The real OpenAI clients, answered by the LLM and by a student."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Reason, Source
from shadowbert.domain.task import Stage
from shadowbert.errors import ArtifactInvalid, StudentBusy, StudentError
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER, sure, version
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.house import House
from shadowbert.testing.simulated import SimulatedUpstream

FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "bank", "strict": True, "schema": SCHEMA}}
TOOL: Any = {"type": "function", "function": {"name": "bank", "parameters": SCHEMA, "strict": True}}
NAMED: Any = {"type": "function", "function": {"name": "bank"}}


class Topic(Enum):
    ACCOUNT = "account"
    CARD = "card"
    TRANSFER = "transfer"


class Classified(BaseModel):
    label: Topic


def prompt(text: str) -> Any:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


@pytest.fixture
def client(house: House, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=0) as opened:
        yield opened


@pytest.fixture
def live(house: House, client: openai.OpenAI) -> House:
    """A live student, and a caller that upstream has accepted."""
    house.stages.show(version())
    client.chat.completions.create(model=TEACHER, messages=prompt("hello"), response_format=FORMAT)
    assert house.journal.rows.pop().route.reason is Reason.UNAUTHENTICATED
    return house


@pytest.fixture(params=["teacher", "student"])
def answering(request: pytest.FixtureRequest, live: House) -> House:
    if request.param == "teacher":
        live.stages.show(version(Stage.SHADOW))
    return live


def source(house: House) -> Source:
    return Source.LLM if house.stages.table().versions[0].stage is Stage.SHADOW else Source.STUDENT


def test_create(answering: House, client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model=TEACHER, messages=prompt("Where is my card?"), response_format=FORMAT)
    content = reply.choices[0].message.content
    assert content is not None
    assert Classified.model_validate_json(content)
    assert (reply.model, reply.choices[0].finish_reason, reply.object) == (TEACHER, "stop", "chat.completion")
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0
    (row,) = answering.journal.rows
    assert (row.route.source, row.outcome, row.status) == (source(answering), Outcome.COMPLETE, 200)
    assert row.call is not None
    assert (row.call.input, row.call.eligible) == ("Where is my card?", True)
    assert row.response_body is not None
    assert content.replace('"', '\\"').encode() in row.response_body


def test_parse(answering: House, client: openai.OpenAI) -> None:
    reply = client.chat.completions.parse(model=TEACHER, messages=prompt("My card?"), response_format=Classified)
    assert reply.choices[0].message.parsed in [Classified(label=topic) for topic in Topic]
    assert answering.journal.rows[-1].route.source is source(answering)


@pytest.mark.parametrize("choice", ["required", NAMED], ids=["required", "named"])
def test_tools(answering: House, client: openai.OpenAI, choice: Any) -> None:
    reply = client.chat.completions.create(model=TEACHER, messages=prompt("My card?"), tools=[TOOL], tool_choice=choice)
    (called,) = reply.choices[0].message.tool_calls or []
    assert called.type == "function"
    assert Classified.model_validate_json(called.function.arguments)
    assert reply.choices[0].finish_reason == ("tool_calls" if choice == "required" else "stop")
    assert answering.journal.rows[-1].route.source is source(answering)


@pytest.mark.parametrize("usage", [False, True])
def test_create_as_a_stream(answering: House, client: openai.OpenAI, usage: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if usage else {}
    stream = client.chat.completions.create(
        model=TEACHER, messages=prompt("My card?"), response_format=FORMAT, stream=True, **options
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert Classified.model_validate_json(text)
    assert [bool(chunk.choices) for chunk in chunks].count(False) == usage
    (row,) = answering.journal.rows
    assert (row.route.source, row.outcome) == (source(answering), Outcome.COMPLETE)
    assert row.response_body is not None
    assert row.response_body.endswith(b"data: [DONE]\n\n")


def test_the_stream_helper(answering: House, client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=TEACHER, messages=prompt("My card?"), response_format=Classified
    ) as stream:
        final = stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, Classified)
    assert answering.journal.rows[-1].route.source is source(answering)


def test_the_stream_helper_with_tools(answering: House, client: openai.OpenAI) -> None:
    tool = openai.pydantic_function_tool(Classified, name="bank")
    with client.chat.completions.stream(
        model=TEACHER, messages=prompt("My card?"), tools=[tool], tool_choice=NAMED
    ) as stream:
        final = stream.get_final_completion()
    (called,) = final.choices[0].message.tool_calls or []
    assert isinstance(called.function.parsed_arguments, Classified)
    assert answering.journal.rows[-1].route.source is source(answering)


async def test_the_async_client(answering: House, key: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{answering.url}/v1", api_key=key, max_retries=0) as client:
        whole = await client.chat.completions.parse(
            model=TEACHER, messages=prompt("My card?"), response_format=Classified
        )
        stream = await client.chat.completions.create(
            model=TEACHER, messages=prompt("My card?"), response_format=FORMAT, stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert whole.choices[0].message.parsed == Classified.model_validate_json(text)
    assert [row.route.source for row in answering.journal.rows] == [source(answering)] * 2


def test_strict_validation_accepts_a_local_answer(live: House, key: str) -> None:
    with openai.OpenAI(
        base_url=f"{live.url}/v1", api_key=key, max_retries=0, _strict_response_validation=True
    ) as strict:
        reply = strict.chat.completions.create(model=TEACHER, messages=prompt("My card?"), response_format=FORMAT)
    assert reply.system_fingerprint is not None
    assert reply.system_fingerprint.startswith("fp_shadowbert_")


def test_a_local_answer_says_so_in_its_headers(live: House, client: openai.OpenAI) -> None:
    reply = client.chat.completions.with_raw_response.create(
        model=TEACHER, messages=prompt("My card?"), response_format=FORMAT
    )
    headers, (row,) = reply.headers, live.journal.rows
    assert headers["x-shadowbert-exchange"] == row.id
    assert (headers["x-shadowbert-source"], headers["x-shadowbert-reason"]) == ("student", "sure")
    assert (headers["x-shadowbert-task"], headers["x-shadowbert-student"]) == ("bank", "student-1")
    assert (headers["x-shadowbert-confidence"], headers["x-shadowbert-usage"]) == ("0.9900", "estimated")
    assert headers["x-request-id"].startswith("req_")
    assert int(headers["openai-processing-ms"]) >= 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (StudentBusy(), Reason.STUDENT_BUSY),
        (ArtifactInvalid(), Reason.STUDENT_MISSING),
        (StudentError(), Reason.STUDENT_FAULT),
        (TimeoutError(), Reason.STUDENT_LATE),
        (RuntimeError("the model says 'secret text'"), Reason.STUDENT_FAULT),
    ],
)
def test_a_student_that_fails_costs_nothing_but_time(
    live: House, client: openai.OpenAI, upstream: SimulatedUpstream, failure: Exception, reason: Reason
) -> None:
    live.student.failure = failure
    before = upstream.seen.calls
    reply = client.chat.completions.parse(model=TEACHER, messages=prompt("My card?"), response_format=Classified)
    assert isinstance(reply.choices[0].message.parsed, Classified)
    assert upstream.seen.calls == before + 1
    assert [row.route.label for row in live.journal.rows] == [f"llm:{reason}"]


def test_a_student_that_is_not_sure_escalates(live: House, client: openai.OpenAI) -> None:
    live.student.answer = lambda text: sure(text, joint=0.5)
    client.chat.completions.create(model=TEACHER, messages=prompt("My card?"), response_format=FORMAT)
    (row,) = live.journal.rows
    assert row.route.label == "llm:unsure"
    assert row.prediction is not None
    assert not row.prediction.in_slice


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"max_tokens": 2}, "llm:max_tokens"),
        ({"max_tokens": 20}, "student"),
        ({"stop": ["card"]}, "llm:stop"),
        ({"n": 2}, "llm:several_answers"),
        ({"extra_headers": {"X-Shadowbert-Mode": "llm"}}, "llm:client"),
        ({"extra_headers": {"X-Shadowbert-Mode": "student"}}, "student"),
        ({"extra_headers": {"Authorization": "Bearer sk-stranger"}}, "llm:unauthenticated"),
        ({"extra_headers": {"OpenAI-Project": "another"}}, "llm:unauthenticated"),
        ({"model": "gpt-4.1-mini"}, "llm:unknown_task"),
    ],
)
def test_who_answers(live: House, client: openai.OpenAI, changes: dict[str, Any], label: str) -> None:
    asked = {"model": TEACHER, "messages": prompt("My card?"), "response_format": FORMAT, **changes}
    client.chat.completions.create(**asked)
    assert [row.route.label for row in live.journal.rows] == [label]


def test_a_credential_that_upstream_refuses_is_forgotten(
    live: House, client: openai.OpenAI, upstream: SimulatedUpstream
) -> None:
    upstream.seen.planned.append(Fault(Kind.STATUS, status=401))
    live.stages.show(version(Stage.SHADOW))
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model=TEACHER, messages=prompt("My card?"), response_format=FORMAT)
    live.stages.show(version())
    client.chat.completions.create(model=TEACHER, messages=prompt("My card?"), response_format=FORMAT)
    assert live.journal.rows[-1].route.reason is Reason.UNAUTHENTICATED


def test_upstreams_errors_reach_the_client_as_its_own(
    house: House, client: openai.OpenAI, upstream: SimulatedUpstream
) -> None:
    upstream.seen.planned += [Fault(Kind.STATUS, status=429, retry_after=3), Fault(Kind.RESET_BEFORE)]
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(model=TEACHER, messages=prompt("x"))
    assert limited.value.response.headers["retry-after"] == "3"
    with pytest.raises(openai.InternalServerError) as broken:
        client.chat.completions.create(model=TEACHER, messages=prompt("x"))
    assert broken.value.status_code == 502
    assert [row.outcome for row in house.journal.rows] == [Outcome.UPSTREAM_ERROR] * 2


@pytest.mark.parametrize("kind", [Kind.RESET_AFTER, Kind.HALF_BODY])
def test_a_reply_cut_in_half_is_a_connection_error_as_it_would_be_without_us(
    house: House, client: openai.OpenAI, upstream: SimulatedUpstream, kind: Kind
) -> None:
    upstream.seen.planned.append(Fault(kind))
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=TEACHER, messages=prompt("x"))
    assert [row.outcome for row in house.journal.rows] == [Outcome.TRUNCATED]


def test_a_slow_drip_is_a_whole_reply(house: House, client: openai.OpenAI, upstream: SimulatedUpstream) -> None:
    upstream.seen.planned.append(Fault(Kind.DRIP, seconds=0.001))
    reply = client.chat.completions.create(model=TEACHER, messages=prompt("x"))
    assert isinstance(reply, ChatCompletion)
    assert [row.outcome for row in house.journal.rows] == [Outcome.COMPLETE]


def test_other_endpoints_and_azures_paths(house: House, client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [TEACHER]
    with openai.AzureOpenAI(azure_endpoint=house.url, api_key="k", api_version="2024-10-21", max_retries=0) as azure:
        azure.chat.completions.create(model=TEACHER, messages=prompt("x"), response_format=FORMAT)
    assert [row.route.reason for row in house.journal.rows] == [Reason.NOT_OBSERVED, Reason.UNKNOWN_TASK]
