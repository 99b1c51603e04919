"""A local answer must be one the teacher could have given to this very request."""

import math
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.manner import Manner
from shadowbert.domain.student import Guess
from shadowbert.domain.template import Message
from shadowbert.flow.form import form_of
from shadowbert.flow.local import LocalWriter, prompt_tokens, tokens
from shadowbert.recognition.recogniser import unstated
from shadowbert.testing.factories import LABELS, SCHEMA, version
from shadowbert.testing.fakes import ScriptedPredictor
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.request import Request
from tests.flow.answering import Scene, chat

TOOL: dict[str, object] = {
    "response_format": None,
    "tools": [{"type": "function", "function": {"name": "answer", "parameters": SCHEMA}}],
    "tool_choice": "required",
}


@given(st.text(max_size=200))
def test_nothing_is_free_and_estimates_grow_with_the_text(text: str) -> None:
    assert tokens(text) >= 1
    assert tokens(text + "    ") == tokens(text) + (1 if text else 0)


def test_a_prompt_costs_its_messages() -> None:
    assert prompt_tokens((Message("user", "12345678"), Message("user", ""))) == (2 + 4) + (1 + 4)


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "student"),
        ({"max_tokens": 8}, "student"),
        ({"max_tokens": 7}, "llm:max_tokens"),
        ({"max_completion_tokens": 1}, "llm:max_tokens"),
        ({"stop": "rd"}, "llm:stop"),
        ({"stop": ["\n", "x"]}, "student"),
        ({"stop": ""}, "student"),
    ],
)
async def test_limits_and_stop_strings_are_held_against_the_answer(changes: dict[str, object], label: str) -> None:
    """The answer is 16 bytes long and would take the teacher some five tokens."""
    scene = Scene()
    scene.stages.show(version())
    await scene.call(chat(**changes))
    assert scene.row.route.label == label


async def test_a_streamed_answer_declares_no_length() -> None:
    scene = Scene()
    scene.stages.show(version())
    client = await scene.call(chat(stream=True))
    assert client.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert client.headers[b"cache-control"] == b"no-cache"
    assert b"content-length" not in client.headers
    assert client.pieces[-1] == b"data: [DONE]\n\n"
    assert set(client.rows_before) == {1}


def ask(**changes: object) -> Request:
    request = read_request(Endpoint.CHAT, chat(**changes))
    assert request is not None
    return request


async def body_of(scene: Scene, **changes: object) -> dict[str, Any]:
    client = await scene.call(chat(**changes))
    assert scene.journal.rows[-1].route.label == "student"
    parsed: dict[str, Any] = orjson.loads(b"".join(client.pieces))
    return parsed


async def test_an_answer_is_written_in_the_teachers_manner() -> None:
    scene = Scene()
    form = form_of(ask(), version().contract, (1,))
    scene.stages.show(version(manners={form: Manner("length", spaced=True)}))
    choice = (await body_of(scene))["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ('{"label": "card"}', "length")


def spread(_: str) -> Guess:
    return Guess((1,), (0.9,), 0.95, ((0.06, 0.9, 0.04),))


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"logprobs": True}, "student"),
        ({"logprobs": True, "top_logprobs": 1}, "student"),
        ({"logprobs": True, "top_logprobs": 2}, "llm:logprobs"),
        ({"logprobs": True, **TOOL}, "llm:logprobs"),
        ({"logprobs": False}, "student"),
    ],
)
async def test_log_probabilities_are_the_students_or_the_llms(changes: dict[str, object], label: str) -> None:
    scene = Scene(student=ScriptedPredictor(spread))
    scene.stages.show(version())
    await scene.call(chat(**changes))
    assert scene.row.route.label == label
    assert scene.row.prediction is not None
    assert scene.row.prediction.guess.distributions == ()


async def test_log_probabilities_are_calibrated() -> None:
    scene = Scene(student=ScriptedPredictor(spread))
    scene.stages.show(version())
    choice = (await body_of(scene, logprobs=True, top_logprobs=1))["choices"][0]
    tokens = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == choice["message"]["content"]
    assert tokens[1]["token"] == "card"
    assert math.exp(tokens[1]["logprob"]) == pytest.approx(0.9)
    assert [token["logprob"] for token in tokens[::2]] == [0.0, 0.0]


async def test_a_one_word_task_is_answered_with_one_word() -> None:
    asks = {"response_format": None, "max_tokens": 1}
    request = ask(**asks)
    word = Contract((Field((), LABELS, open=True),), "i1:words")
    scene = Scene(student=ScriptedPredictor(spread))
    manner = Manner("length")
    scene.stages.show(version(contract=word, wording=unstated(request), manners={form_of(request, word, (1,)): manner}))
    choice = (await body_of(scene, **asks, logprobs=True, top_logprobs=3))["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("card", "length")
    assert [top["token"] for top in choice["logprobs"]["content"][0]["top_logprobs"]] == ["card", "account", "transfer"]
    await scene.call(chat(response_format=None, max_tokens=2))
    assert scene.journal.rows[-1].route.label == "llm:not_classification", "another limit lets other answers through"


async def test_what_a_student_cannot_say_the_llm_says() -> None:
    request = ask(response_format=None)
    word = Contract((Field((), LABELS, open=True),), "i1:words")
    scene = Scene(student=ScriptedPredictor(lambda _: Guess((3,), (0.99,), 0.99)))
    manners = {form_of(request, word, (3,)): Manner("stop")}
    scene.stages.show(version(contract=word, wording=unstated(request), manners=manners))
    await scene.call(chat(response_format=None))
    assert scene.row.route.label == "llm:invalid_answer"


async def test_a_form_that_the_teacher_was_never_seen_in_is_the_llms() -> None:
    """Streamed or whole is all the difference that one form may stand for another."""
    word = Contract((Field((), LABELS, open=True),), "i1:words")
    streamed, scene = ask(response_format=None, stream=True), Scene(student=ScriptedPredictor(spread))
    known = {form_of(streamed, word, (0,)): Manner("stop", before="\n")}
    scene.stages.show(version(contract=word, wording=unstated(streamed), manners=known))
    await scene.call(chat(response_format=None))
    assert scene.row.route.label == "llm:unseen_form", "of `card` nobody knows how it ends"
    known = {form_of(streamed, word, (1,)): Manner("stop", before="\n")}
    scene.stages.show(version(contract=word, wording=unstated(streamed), manners=known))
    assert (await body_of(scene, response_format=None))["choices"][0]["message"]["content"] == "\ncard"


async def test_a_code_fence_never_reaches_who_asked_for_json() -> None:
    stated = ask()
    fenced = Manner("stop", before="```json\n", after="\n```")
    scene = Scene(student=ScriptedPredictor(spread))
    scene.stages.show(version(manners={form_of(stated, version().contract, (1,)): fenced}))
    await scene.call()
    assert scene.row.route.label == "llm:invalid_answer"


async def test_what_is_remembered_follows_what_is_published() -> None:
    scene, form = Scene(), form_of(ask(), version().contract, (1,))
    scene.stages.show(version())
    said = [(await body_of(scene))["choices"][0]["message"]["content"] for _ in range(2)]
    scene.stages.show(version(manners={form: Manner("stop", spaced=True)}))
    said += [(await body_of(scene))["choices"][0]["message"]["content"] for _ in range(2)]
    assert said == ['{"label":"card"}'] * 2 + ['{"label": "card"}'] * 2


async def test_limits_are_held_against_an_answer_that_is_remembered() -> None:
    scene = Scene()
    scene.stages.show(version())
    for changes in ({}, {"stop": "rd"}, {"max_tokens": 7}, {}):
        await scene.call(chat(**changes))
    assert [row.route.label for row in scene.journal.rows] == ["student", "llm:stop", "llm:max_tokens", "student"]


WAYS: list[dict[str, object]] = [{}, {"stream": True}, TOOL, {**TOOL, "tool_choice": "auto"}]
LAYOUTS = [Manner("stop"), Manner("stop", spaced=True), Manner("length", indent=2)]


@given(st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 2), st.sampled_from(LAYOUTS)), max_size=12))
async def test_a_writer_that_remembers_says_what_one_says_that_does_not(
    calls: list[tuple[dict[str, object], int, Manner]],
) -> None:
    answers: list[int] = []
    student = ScriptedPredictor(lambda _: Guess((answers[-1],), (0.99,), 0.99))

    async def said(scene: Scene, way: dict[str, object], layout: Manner) -> tuple[str, list[bytes]]:
        scene.stages.show(version(manners={form_of(ask(**way), version().contract, (1,)): layout}))
        client = await scene.call(chat(**way))
        return scene.journal.rows[-1].route.label, [text for text in client.pieces if b"label" in text]

    remembering = Scene(student=student)
    remembering.station._chooser._writer = LocalWriter(answers=3)
    for way, answer, layout in calls:
        answers.append(answer)
        first, second = await said(remembering, way, layout), await said(Scene(student=student), way, layout)
        assert first[0] == second[0]
        assert list(map(lasting, first[1])) == list(map(lasting, second[1]))


def lasting(piece: bytes) -> bytes:
    """Without what differs from call to call."""
    return re.sub(rb'"(?:id|created)":("[^"]*"|\d+)', b"", piece)
