"""The admin API through real HTTP: who may use it, what it says, and that nothing of it reaches upstream."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from shadowbert.domain.contract import Fill, Unlearnable
from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import Lineage, found
from shadowbert.web.orders import ORDERS
from tests.web.surface import TOKEN, Surface

ROUTES = [
    ("GET", "/shadowbert/api/tasks"),
    ("GET", "/shadowbert/api/tasks/bank"),
    ("GET", "/shadowbert/api/tasks/nobody"),
    ("GET", "/shadowbert/api/verdicts/bank"),
    ("GET", "/shadowbert/api/lineages"),
    ("GET", "/shadowbert/api/unrecognised"),
    ("GET", "/shadowbert/api/inheritance/bank"),
    *(("POST", f"/shadowbert/api/tasks/bank/{verb}") for verb in ORDERS),
    ("POST", "/shadowbert/api/tasks/bank/nonsense"),
]


def ready(line: Lineage) -> Lineage:
    """Its candidate has passed the gate's test."""
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200)
    line.move(Stage.SHADOW)
    return line


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_but_the_tokens_holder_is_let_in(method: str, path: str, surface: Surface, line: Lineage) -> None:
    strangers = {
        "no token": {},
        "wrong token": {"authorization": "Bearer nearly"},
        "nearly the token": {"authorization": f"Bearer {TOKEN[:-1]}"},
        "empty token": {"authorization": "Bearer "},
        "another scheme": {"authorization": f"Basic {TOKEN}"},
        "a client's API key": {"authorization": "Bearer sk-proj-abc", "api-key": TOKEN},
        "expired session": surface.expired,
        "forged session": {"cookie": "shadowbert_session=9999999999.00"},
        "unsigned session": {"cookie": "shadowbert_session=9999999999"},
        "not ASCII": {"authorization": "Bearer t\u00f6ken"},
    }
    told = {name: surface.call(method, path, headers) for name, headers in strangers.items()}
    assert {name: reply.status for name, reply in told.items()} == dict.fromkeys(strangers, 401)
    assert {reply.text for reply in told.values()} == {
        '{"detail":"the admin token is needed: Authorization: Bearer <token>"}'
    }, "nobody learns what was wrong"
    assert line.now.epoch == 0


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_strangers_body_is_not_looked_at(method: str, path: str, surface: Surface, line: Lineage) -> None:
    headers = {"content-type": "application/json"}
    assert surface.call(method, path, headers, b"{not json").status == 401


def test_token_and_session_are_let_in(surface: Surface, line: Lineage) -> None:
    for headers in (surface.bearer, surface.session, {"authorization": f"bearer  {TOKEN} "}):
        assert surface.call("GET", "/shadowbert/api/tasks", headers).status == 200


def test_commands_by_session_must_come_from_our_own_page(surface: Surface, line: Lineage) -> None:
    path = "/shadowbert/api/tasks/bank/pause"
    for origin in (
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{surface.host}.evil.example"},
        {"sec-fetch-site": "cross-site", **surface.from_here},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"authorization": "Basic eDp5"},
    ):
        reply = surface.call("POST", path, {**surface.session, **origin})
        assert (reply.status, reply.detail) == (403, "commands by session must come from the dashboard itself")
    assert line.now.stage is Stage.COLLECTING
    assert surface.call("POST", path, {**surface.session, **surface.from_here}).status == 200


def test_tasks_as_data(surface: Surface, line: Lineage) -> None:
    line.calls(12)
    (task,) = surface.call("GET", "/shadowbert/api/tasks", surface.bearer).json
    assert (task["task"], task["examples"], task["stage"]) == ("bank", 12, "collecting")
    assert surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json == [task]


@pytest.mark.parametrize("name", ["a/b", "a b", "caf\u00e9", "100%", "?x=1&y", "bank/cutover", "<script>"])
def test_any_name_can_be_named(name: str, surface: Surface, line: Lineage) -> None:
    odd = found(line.store, task=name)
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    assert surface.call("GET", f"/shadowbert/api/tasks/{quoted}", surface.bearer).json[0]["task"] == name
    assert surface.command("pause", task=quoted).json["task"] == name
    assert odd.now.stage is Stage.PAUSED
    assert line.now.stage is Stage.COLLECTING


def test_a_life_by_command(surface: Surface, line: Lineage) -> None:
    ready(line)
    assert surface.command("cutover", share=0.25, why="a try").json == {
        "task": "bank", "version": line.version_id, "stage": "canary", "share": 0.25, "forced": False, "held": False,
        "frozen": False,
        "alarms_off": False,
    }  # fmt: skip
    assert surface.command("rollback").json["held"] is True
    assert surface.command("resume").json["stage"] == "shadow"
    assert surface.command("pause").json["stage"] == "paused"
    assert surface.command("off").json["stage"] == "off"
    assert surface.command("retrain").json == {"task": "bank", "queued": True, "examples": 200}
    with line.store.read() as work:
        verdicts = work.tasks.verdicts([line.version_id])
    assert [(v.by, v.why) for v in verdicts[1:3]] == [("admin API", "a try"), ("admin API", "asked for")]


def test_verdicts_as_data(surface: Surface, line: Lineage) -> None:
    ready(line)
    surface.command("cutover", share=0.25, why="a try")
    opened, cut = surface.call("GET", "/shadowbert/api/verdicts/bank", surface.bearer).json
    assert (opened["by"], opened["stage_after"]) == ("gate", "shadow")
    assert (cut["by"], cut["why"], cut["move"], cut["share"]) == ("admin API", "a try", "promote", 0.25)
    assert (cut["champion"], cut["numbers"]["agree"]) == (line.now.candidate_id, 200.0)
    assert surface.call("GET", "/shadowbert/api/verdicts/bnak", surface.bearer).status == 404


def test_a_training_is_cancelled(surface: Surface, line: Lineage) -> None:
    line.calls(20)
    surface.command("retrain")
    assert surface.command("retrain", cancel=True).json == {
        "task": "bank", "queued": False, "examples": 20, "training": "cancelled",
    }  # fmt: skip
    assert surface.command("retrain", cancel=True).status == 409


def test_a_command_needs_no_body(surface: Surface, line: Lineage) -> None:
    assert surface.call("POST", "/shadowbert/api/tasks/bank/pause", surface.bearer).status == 200


def test_refusals_say_why(surface: Surface, line: Lineage) -> None:
    refused = surface.command("cutover")
    assert refused.status == 409
    assert refused.detail.startswith("task bank has no student yet (0 examples")
    assert surface.command("rollback").status == 409
    unknown = surface.command("pause", task="bnak")
    assert (unknown.status, unknown.detail) == (404, "no task is called 'bnak'; known tasks: bank")
    assert surface.call("GET", "/shadowbert/api/tasks/bnak", surface.bearer).detail == unknown.detail
    verb = surface.command("destroy")
    assert (verb.status, verb.detail) == (
        404, f"there is no command 'destroy'; there are {', '.join(ORDERS)}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"share": 2}, "share: must be at most 1"),
        ({"share": 0}, "share: Input should be greater than 0"),
        ({"share": True}, "share: Input should be a valid number"),
        ({"force": 1}, "force: Input should be a valid boolean"),
        ({"force": "perhaps"}, "force: Input should be a valid boolean"),
        ({"forced": True}, "forced: Extra inputs are not permitted"),
        ({"why": "x" * 1001}, "why: String should have at most 1000 characters"),
        (["cutover"], "the body: "),
        ("{", "the body: Invalid JSON"),
    ],
)
def test_a_body_that_does_not_fit_is_told_in_a_sentence(
    body: object, said: str, surface: Surface, line: Lineage
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {**surface.bearer, "content-type": "application/json; charset=utf-8"}
    reply = surface.call("POST", "/shadowbert/api/tasks/bank/cutover", headers, text.encode())
    assert reply.status == 422
    assert reply.detail.startswith(said)


def test_what_is_not_json_is_not_guessed_at(surface: Surface, line: Lineage) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {**surface.bearer, "content-type": kind}
        assert surface.call("POST", "/shadowbert/api/tasks/bank/pause", headers, b'{"why":"x"}').status == 415
    assert line.now.stage is Stage.COLLECTING


def test_a_store_that_does_not_answer(surface: Surface, line: Lineage, tmp_path: Path) -> None:
    line.store.close()
    (tmp_path / "store.db").unlink()
    (tmp_path / "store.db").mkdir()
    for method, path in (("GET", "/shadowbert/api/tasks"), ("POST", "/shadowbert/api/tasks/bank/pause")):
        reply = surface.call(method, path, surface.bearer)
        assert reply.status == 503
        assert reply.detail.startswith("the database refused: OperationalError")


@pytest.mark.parametrize("headers", [{}, {"authorization": f"Bearer {TOKEN}"}])
@pytest.mark.parametrize("length", ["declared", "chunked"])
def test_a_large_body_is_refused_before_it_is_kept(
    length: str, headers: dict[str, str], surface: Surface, line: Lineage
) -> None:
    body = b"x" * (64 * 1024 + 1)
    chunks = iter([body[:40_000], body[40_000:]]) if length == "chunked" else body
    reply = surface.call("POST", "/shadowbert/api/tasks/bank/pause", headers, chunks)  # type: ignore[arg-type]
    assert (reply.status, reply.detail) == (413, "the body is larger than 64 KiB")
    assert line.now.stage is Stage.COLLECTING


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path",
    [
        "/shadowbert", "/shadowbert/", "/shadowbert/api/tasks", "/shadowbert/api/tasks/bank/pause",
        "/shadowbert/absent", "//shadowbert/api/tasks", "///shadowbert/",
    ],
)  # fmt: skip
def test_no_method_and_no_path_of_ours_reaches_upstream(method: str, path: str, surface: Surface) -> None:
    reply = surface.call(method, path, surface.bearer)
    assert reply.status in (400, 404, 405)
    assert surface.door.seen == []


def test_the_token_goes_to_upstream_neither_with_a_doubled_slash_nor_encoded(surface: Surface) -> None:
    for path in ("//shadowbert/api/tasks", "/%73hadowbert/api/tasks", "/shadowbert%2Fapi/tasks", "/shadowbert/../v1/x"):
        surface.call("GET", path, surface.bearer)
    assert surface.door.seen == []
    surface.call("GET", "/v1/models")
    assert surface.door.seen == ["GET /v1/models"]


def test_every_reply_keeps_browsers_and_caches_safe(surface: Surface, line: Lineage) -> None:
    for method, path in (
        *ROUTES,
        ("GET", "/shadowbert/absent"),
        ("DELETE", "/shadowbert/api/tasks"),
        ("GET", "/healthz"),
    ):
        headers = surface.call(method, path, surface.bearer).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"
        )


def test_the_token_is_in_no_log(surface: Surface, line: Lineage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        surface.call("GET", "/shadowbert/api/tasks", surface.bearer)
        surface.command("rollback")
        surface.form("/shadowbert/login", surface.from_here, token=TOKEN)
        surface.call("GET", "/shadowbert/api/tasks", surface.session)
    assert TOKEN not in caplog.text
    assert "shadowbert_session" not in caplog.text


def test_a_field_is_filled(surface: Surface, line: Lineage) -> None:
    parts = (Unlearnable(("reason",), True, ("null", "string")), Unlearnable(("note",), False, ()))
    free = found(line.store, task="free", contract=replace(line.now.contract, unlearnable=parts))
    assert surface.command("fill", task="free", field="reason", value=None).json["task"] == "free"
    assert surface.command("fill", task="free", field="note", value={"a": [1]}).status == 200
    assert free.now.fills == {"reason": Fill(None), "note": Fill({"a": [1]})}
    assert surface.command("fill", task="free", field="note", omit=True).status == 200
    assert surface.command("fill", task="free", field="reason", llm=True).status == 200
    assert free.now.fills == {"note": Fill(omitted=True)}
    refused = surface.command("fill", task="free", field="reason", omit=True)
    assert (refused.status, refused.detail) == (409, "every answer must have `reason`: it cannot be left out")
    assert surface.command("fill", task="free", field="reason").status == 409


def test_a_correction(surface: Surface, line: Lineage) -> None:
    first, second = line.labelled(("a", 1), ("b", 1))
    assert surface.command("label", exchange=first.exchange_id, answer="card", why="x").status == 200
    assert surface.command("label", exchange=second.exchange_id, answer={"label": "account"}).status == 200
    (task,) = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert task["material"]["corrections"] == 2
    refused = surface.command("label", exchange="\x00", answer="card")
    assert (refused.status, refused.detail) == (409, "exchange \x00 is no call of task bank")
    assert surface.command("label", exchange=first.exchange_id).detail.startswith("label cannot be ''")
