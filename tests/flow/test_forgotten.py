"""Responses that nobody keeps: asked for again, or built on, they are not found, and upstream never hears of them."""

import orjson
import pytest

from shadowbert.domain.exchange import Endpoint, Outcome
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.flow.incoming import Incoming
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER, version
from shadowbert.wire.local_answer import OUR_RESPONSES
from tests.flow.answering import MemoryClient, Scene

OURS = OUR_RESPONSES + "x" * 38
SKELETON = Skeleton((SkeletonMessage("instructions", (SYSTEM,)), SkeletonMessage("user", ("", ""))))


def ask(**changes: object) -> bytes:
    form = {"type": "json_schema", "name": "bank", "strict": True, "schema": SCHEMA}
    body = {"model": TEACHER, "instructions": SYSTEM, "input": "My card?", "text": {"format": form}}
    return orjson.dumps({**body, **changes})


async def get(scene: Scene, method: str, path: str) -> MemoryClient:
    client = MemoryClient(scene.journal)
    await scene.station.answer(Incoming(method, path, path.encode(), (), b""), client)
    return client


def live(**policy: bool) -> Scene:
    scene = Scene(policy=AnswerPolicy(checks_keys=False, **policy))
    scene.stages.show(version(skeleton=SKELETON))
    return scene


async def test_a_local_response_is_answered_and_afterwards_not_found() -> None:
    scene = live()
    client = await scene.call(ask(), path="/v1/responses")
    body = orjson.loads(b"".join(client.pieces))
    assert scene.row.route.label == "student"
    assert body["id"].startswith(OUR_RESPONSES)
    for path in (f"/v1/responses/{body['id']}", f"/openai/v1/responses/{body['id']}/input_items"):
        reply = await get(scene, "GET", path)
        error = orjson.loads(b"".join(reply.pieces))["error"]
        assert (reply.status, error["code"]) == (404, "shadowbert_response_not_kept")
        assert error.keys() == {"message", "type", "param", "code"}
        assert body["id"] in error["message"]
        assert reply.headers[b"x-should-retry"] == b"false"
    assert scene.upstream.requests == []
    assert {row.outcome for row in scene.journal.rows[1:]} == {Outcome.OURS}


async def test_nothing_can_be_built_on_it() -> None:
    scene = live()
    client = await scene.call(ask(previous_response_id=OURS), path="/v1/responses")
    assert client.status == 404
    assert scene.row.endpoint is Endpoint.RESPONSES
    assert scene.upstream.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_68a1b2"),
        ("GET", f"/v1/models/{OURS}"),
        ("DELETE", "/v1/responses/resp_shadow"),
    ],
)
async def test_what_upstream_may_know_it_is_asked(method: str, path: str) -> None:
    scene = live()
    assert (await get(scene, method, path)).status == 200
    assert len(scene.upstream.requests) == 1


async def test_a_text_that_speaks_of_such_an_id_is_a_text() -> None:
    scene = live()
    await scene.call(ask(input=f"Where is {OURS}?"), path="/v1/responses")
    assert scene.row.route.label == "student"


@pytest.mark.parametrize(
    ("changes", "label"), [({}, "llm:store"), ({"store": False}, "student"), ({"store": True}, "llm:store")]
)
async def test_an_operator_may_leave_to_upstream_what_upstream_keeps(changes: dict[str, object], label: str) -> None:
    scene = live(responses=False)
    await scene.call(ask(**changes), path="/v1/responses")
    assert scene.row.route.label == label


async def test_nobody_fills_the_disk_with_what_nobody_was_asked_about() -> None:
    scene = live()
    await scene.call(ask(previous_response_id=OURS, input="x" * 5000), path="/v1/responses")
    assert (scene.row.request_body, scene.row.response_body) == (None, None)
    endless = OUR_RESPONSES + "x" * 5000
    assert (await scene.call(ask(previous_response_id=endless), path="/v1/responses")).status == 200, "upstream's word"
