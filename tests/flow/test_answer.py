"""The answer station: who answers, what is recorded, and that nothing of ours ever fails a call."""

import asyncio
import logging
import time
from dataclasses import replace

import pytest

from shadowbert.domain.contract import Contract
from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Decider, Reason
from shadowbert.domain.student import Guess, Slice
from shadowbert.domain.task import PublishedVersion, Stage, StageTable
from shadowbert.errors import InputTooLong, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.recognition.wording import wording_of
from shadowbert.testing.factories import SCHEMA, TEACHER, champion, version
from shadowbert.testing.fakes import ScriptedPredictor
from tests.flow.answering import REPLY, MemoryReply, MemoryUpstream, Scene, chat


async def test_a_sure_student_answers_and_upstream_hears_nothing() -> None:
    scene = Scene()
    scene.stages.show(version())
    client = await scene.call()
    assert (client.status, client.complete, scene.upstream.requests) == (200, True, [])
    assert b'{\\"label\\":\\"card\\"}' in b"".join(client.pieces)
    assert int(client.headers[b"content-length"]) == len(b"".join(client.pieces))
    assert client.rows_before[0] == 1, "recorded before it is sent"
    row = scene.row
    assert (row.route.label, row.outcome, row.response_body) == ("student", Outcome.COMPLETE, b"".join(client.pieces))
    assert row.prediction is not None
    assert (row.prediction.student_id, row.prediction.in_slice, row.prediction.late) == ("student-1", True, False)


OPEN = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FREE_TOOL = {"type": "function", "function": {"name": "look_up", "parameters": OPEN}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", Reason.UNREADABLE),
        (b'{"model":"m"}', Reason.UNREADABLE),
        (chat(response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": OPEN}}), "open_schema"),
        (chat(response_format=None, tools=[FREE_TOOL], tool_choice="required"), Reason.OPEN_SCHEMA),
        (chat(response_format=None, tools=[FREE_TOOL, FREE_TOOL]), Reason.TOOLS),
        (chat(response_format=None), Reason.NOT_CLASSIFICATION),
        (chat(response_format={"type": "json_object"}), Reason.NOT_CLASSIFICATION),
        (chat(response_format={"type": "of tomorrow"}), Reason.NOT_CLASSIFICATION),
        (chat(model="another"), Reason.UNKNOWN_TASK),
    ],
)
async def test_each_call_of_no_task_says_why(body: bytes, reason: str) -> None:
    scene = Scene()
    scene.stages.show(version())
    await scene.call(body)
    assert (scene.row.route.label, scene.row.call) == (f"llm:{reason}", None)


@pytest.mark.parametrize("where", ["schema", "beside"])
async def test_a_changed_description_is_a_changed_prompt(where: str) -> None:
    """The student learnt what the old words meant: the LLM answers until a version for the new ones is found."""

    def worded(description: str) -> bytes:
        holder: dict[str, object] = {"name": "b", "schema": SCHEMA}
        if where == "beside":
            holder["description"] = description
        else:
            holder["schema"] = SCHEMA | {"description": description}
        return chat(response_format={"type": "json_schema", "json_schema": holder})

    scene = Scene()
    scene.stages.show(version(wording=wording_of(SCHEMA, "Cards first.")))
    for body in (worded("Cards first."), worded("Loans first."), chat()):
        await scene.call(body)
    assert [row.route.label for row in scene.journal.rows] == ["student", "llm:unknown_task", "llm:unknown_task"]
    assert len(scene.upstream.requests) == 2


async def test_the_answer_is_signed_with_the_name_the_teacher_signs_with() -> None:
    scene = Scene()
    scene.stages.show(version(reply_model="gpt-4o-2024-11-20"))
    assert b'"model":"gpt-4o-2024-11-20"' in b"".join((await scene.call()).pieces)


@pytest.mark.parametrize("declared", [True, False])
async def test_the_row_precedes_the_byte_that_completes_a_reply(declared: bool) -> None:
    length = ((b"content-length", str(len(REPLY)).encode()),) if declared else ()
    scene = Scene(upstream=MemoryUpstream(MemoryReply(headers=length, pieces=(REPLY[:9], REPLY[9:]))))
    client = await scene.call()
    assert client.rows_before == ([0, 1] if declared else [0, 0, 1])
    assert b"".join(client.pieces) == REPLY
    assert client.complete


async def test_the_row_precedes_done_in_a_stream_however_it_is_cut() -> None:
    events = b'data: {"a":1}\n\ndata: [DONE]\n\n'
    pieces = tuple(events[i : i + 1] for i in range(len(events)))
    headers = ((b"Content-Type", b"text/event-stream; charset=utf-8"),)
    scene = Scene(upstream=MemoryUpstream(MemoryReply(headers=headers, pieces=pieces)))
    client = await scene.call()
    assert client.rows_before[:-3] == [0] * (len(events) - 2), "the reply is not complete yet"
    assert client.rows_before[-2:] == [1, 1]
    assert len(scene.journal.rows) == 1
    assert scene.row.response_body == events[:-1], "all but the line feed that nobody waits for"


@pytest.mark.parametrize(
    ("stage", "reason", "decider"),
    [
        (Stage.COLLECTING, Reason.COLLECTING, Decider.STAGE),
        (Stage.SHADOW, Reason.SHADOW, Decider.STAGE),
        (Stage.PAUSED, Reason.PAUSED, Decider.STAGE),
        (Stage.OFF, Reason.OFF, Decider.STAGE),
    ],
)
async def test_stages_that_serve_nothing(stage: Stage, reason: Reason, decider: Decider) -> None:
    scene = Scene()
    scene.stages.show(version(stage))
    client = await scene.call()
    assert (scene.row.route.reason, scene.row.route.decider) == (reason, decider)
    assert client.headers[b"x-shadowbert-task"] == b"bank"
    assert scene.student.asked == []
    assert (scene.row.request_body is None) == (stage is Stage.OFF), "off means not logged"
    assert (scene.row.call is None) == (stage is Stage.OFF)


async def test_an_audit_runs_the_champion_while_the_llm_works() -> None:
    scene = Scene()
    scene.stages.show(version(audit_rate=1.0))
    scene.student.seconds = 0.02
    scene.upstream.reply.pause = 0.04
    client = await scene.call()
    row = scene.row
    assert (row.route.label, row.route.decider, row.route.p_llm) == ("llm:audit", Decider.COIN, 1.0)
    assert b"".join(client.pieces) == REPLY
    assert row.prediction is not None
    assert (row.prediction.candidate_id, row.prediction.in_slice, row.prediction.late) == ("candidate-1", True, False)


async def test_a_late_audit_is_recorded_as_late() -> None:
    scene = Scene(policy=AnswerPolicy(checks_keys=False, deadline_ms=10))
    scene.stages.show(version(audit_rate=1.0))
    scene.student.seconds = 0.03
    scene.upstream.reply.pause = 0.2
    await scene.call()
    assert scene.row.prediction is not None
    assert scene.row.prediction.late


@pytest.mark.parametrize("failure", [None, RuntimeError("broken")])
async def test_a_reply_never_waits_for_an_audit_past_the_deadline(failure: Exception | None) -> None:
    scene = Scene(policy=AnswerPolicy(checks_keys=False, deadline_ms=10))
    scene.stages.show(version(audit_rate=1.0))
    scene.student.seconds, scene.student.failure = (0.0 if failure else 60.0), failure
    client = await scene.call()
    assert client.complete
    assert (scene.row.route.label, scene.row.prediction) == ("llm:audit", None)


async def test_shadow_runs_no_student_in_the_callers_time() -> None:
    scene = Scene()
    scene.stages.show(version(Stage.SHADOW))
    await scene.call()
    assert scene.student.asked == []
    assert scene.row.call is not None
    assert scene.row.route.p_llm == 1.0


async def test_a_late_student_gives_way() -> None:
    scene = Scene(policy=AnswerPolicy(checks_keys=False, deadline_ms=10))
    scene.stages.show(version())
    scene.student.seconds = 60
    await scene.call()
    assert scene.row.route.label == "llm:student_late"


async def test_an_input_that_would_have_to_be_cut_is_not_eligible() -> None:
    scene = Scene()
    scene.stages.show(version())
    scene.student.failure = InputTooLong()
    client = await scene.call()
    assert b"".join(client.pieces) == REPLY
    assert scene.row.route.label == "llm:input_too_long"
    assert scene.row.call is not None
    assert not scene.row.call.eligible


@pytest.mark.parametrize("status", [401, 403])
async def test_a_caller_that_upstream_refuses_gets_no_room_on_the_disk(status: int) -> None:
    scene = Scene(upstream=MemoryUpstream(MemoryReply(status)))
    await scene.call()
    assert (scene.row.status, scene.row.request_body, scene.row.response_body) == (status, None, None)


@pytest.mark.parametrize(
    ("guess", "label"),
    [
        (Guess((3,), (0.99,), 0.99), "llm:invalid_answer"),  # "left out", which the request's schema forbids
        (Guess((), (), 0.99), "llm:student_fault"),
        (Guess((0,), (0.9,), float("nan")), "llm:unsure"),
    ],
)
async def test_a_guess_that_makes_no_sense_goes_to_the_llm(guess: Guess, label: str) -> None:
    scene = Scene(student=ScriptedPredictor(lambda _: guess))
    scene.stages.show(version())
    client = await scene.call()
    assert b"".join(client.pieces) == REPLY
    assert scene.row.route.label == label


@pytest.mark.parametrize(
    ("age", "looked", "label"),
    [(0.0, 0.0, "student"), (31.0, 0.0, "llm:unwatched"), (0.0, 601.0, "llm:unwatched"), (0.0, None, "llm:unwatched")],
)
async def test_nobody_watching_means_nobody_served(age: float, looked: float | None, label: str) -> None:
    class Stages:
        def __init__(self, shown: PublishedVersion) -> None:
            self.shown = StageTable((shown,), 1, None if looked is None else time.time() - looked)

        def table(self) -> StageTable:
            return self.shown

        def age(self) -> float:
            return age

    scene = Scene(stages=Stages(version()))  # type: ignore[arg-type]
    await scene.call()
    assert scene.row.route.label == label


@pytest.mark.parametrize(("allowed", "label"), [(True, "student"), (False, "llm:audit")])
async def test_the_student_can_be_forced_only_where_the_operator_allows_it(allowed: bool, label: str) -> None:
    scene = Scene(policy=AnswerPolicy(checks_keys=False, student_mode=allowed))
    scene.stages.show(version(audit_rate=1.0))
    await scene.call(headers=[(b"x-shadowbert-mode", b"Student")])
    assert scene.row.route.label == label
    assert (scene.row.route.decider is Decider.CLIENT) == allowed


async def test_a_known_disagreement_goes_to_the_llm() -> None:
    scene = Scene()
    scene.stages.show(version())
    await scene.call()
    assert scene.row.call is not None
    known = frozenset({scene.row.call.input_hash})
    scene.journal.rows.clear()
    scene.stages.show(version(champion=champion(known_disagreements=known)))
    await scene.call()
    assert (scene.row.route.label, scene.row.route.decider) == ("llm:known_disagreement", Decider.RULE)


async def test_an_excluded_label_goes_to_the_llm() -> None:
    scene = Scene()
    scene.stages.show(version(champion=champion(slice=Slice(0.5, frozenset({(0, 1)})))))
    await scene.call()
    assert scene.row.route.label == "llm:unsure"


async def test_a_full_journal_fails_no_call_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.journal.full = True
    scene.stages.show(version())
    with caplog.at_level(logging.ERROR):
        answered = [await scene.call(), await scene.call(b"{}"), await scene.call(path="/v1/embeddings")]
    assert all(client.complete for client in answered)
    assert scene.station.tally.rows_lost == 3
    assert [record.message for record in caplog.records] == ["the journal refuses rows: JournalError"]


async def test_a_fault_of_ours_goes_to_the_llm_and_is_told_once_without_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A table that cannot be read: its one version has no contract."""
    scene = Scene()
    scene.stages.show(replace(version(), contract=None))  # type: ignore[type-var, arg-type]
    with caplog.at_level(logging.ERROR):
        client = await scene.call(chat("a secret"))
        await scene.call(chat("a secret"))
    assert b"".join(client.pieces) == REPLY
    assert {row.route.label for row in scene.journal.rows} == {"llm:fault"}
    assert len(scene.journal.rows) == len(scene.upstream.requests) == 2
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text
    assert "AttributeError" in caplog.text
    assert scene.station.tally.faults == {"?:AttributeError": 2}


@pytest.mark.parametrize(
    ("error", "status"), [(UpstreamUnreachable(), 502), (UpstreamTimeout(), 504), (UpstreamError(), 502)]
)
async def test_no_reply_is_an_error_in_openais_shape(error: UpstreamError, status: int) -> None:
    scene = Scene(upstream=MemoryUpstream(refuses=error))
    client = await scene.call()
    assert (client.status, client.complete) == (status, True)
    assert (scene.row.status, scene.row.outcome) == (status, Outcome.UPSTREAM_ERROR)
    assert b"x-should-retry" not in client.headers, "the SDK may try again"


async def test_a_reply_that_breaks_off_is_truncated_and_left_open() -> None:
    scene = Scene(upstream=MemoryUpstream(MemoryReply(pieces=(b"half",), breaks=UpstreamError())))
    client = await scene.call()
    assert not client.complete
    assert (scene.row.outcome, scene.row.response_body) == (Outcome.TRUNCATED, b"half")


async def test_a_cancelled_call_is_recorded_once() -> None:
    scene = Scene(upstream=MemoryUpstream(MemoryReply(pause=60)))
    task = asyncio.create_task(scene.call())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (scene.row.outcome, scene.row.status) == (Outcome.CLIENT_GONE, 200)


async def test_a_reply_over_the_limit_keeps_its_metadata_only() -> None:
    scene = Scene(policy=AnswerPolicy(body_limit=10))
    client = await scene.call(b"{}")
    assert b"".join(client.pieces) == REPLY
    assert (scene.row.request_body, scene.row.response_body) == (b"{}", None)
    assert scene.row.response_bytes == len(REPLY)


async def test_the_task_of_the_header_goes_before_the_task_of_the_metadata() -> None:
    scene = Scene()
    await scene.call(chat(metadata={"task": "b"}))
    await scene.call(chat(metadata={"task": "b"}), headers=[(b"X-Shadowbert-Task", b"a")])
    assert [row.explicit_task for row in scene.journal.rows] == ["b", "a"]


async def test_azures_teacher_is_named_by_the_path() -> None:
    scene = Scene()
    scene.stages.show(version(Stage.SHADOW))
    await scene.call(chat(model=None), path=f"/openai/deployments/{TEACHER}/chat/completions")
    assert scene.row.call is not None


async def test_what_is_counted() -> None:
    scene = Scene()
    scene.stages.show(version())
    await scene.call()
    await scene.call(path="/v1/embeddings")
    assert scene.station.tally.routes == {"student": 1, "llm:not_observed": 1}
    assert scene.station.tally.outcomes == {Outcome.COMPLETE: 2}


def test_the_sample_contract_is_what_the_tests_think() -> None:
    contract = version().contract
    assert isinstance(contract, Contract)
    assert [field.labels for field in contract.fields] == [("account", "card", "transfer")]


async def test_the_log_keeps_no_distributions_of_an_audit() -> None:
    guess = Guess((1,), (0.9,), 0.95, ((0.06, 0.9, 0.04),))
    scene = Scene(student=ScriptedPredictor(lambda _: guess))
    scene.stages.show(version(audit_rate=1.0))
    await scene.call()
    assert scene.row.prediction is not None
    assert scene.row.prediction.guess.distributions == ()


async def test_a_choice_among_tools_says_so() -> None:
    tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("one", "two")]
    scene = Scene()
    await scene.call(chat(response_format=None, tools=tools, tool_choice="required"))
    assert scene.row.route.label == "llm:tools"
