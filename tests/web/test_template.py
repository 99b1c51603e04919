"""A task's template by HTTP and on the page."""

import pytest

from shadowbert.domain.task import Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.store.store import Store
from shadowbert.testing.factories import SYSTEM, TEACHER
from shadowbert.testing.lineage import found
from tests.flow.test_reshape import EDIT, MARIA, Desk, with_calls
from tests.web.surface import Surface


@pytest.fixture
def desk(sqlite_store: Store) -> Desk:
    desk = Desk(sqlite_store)
    with_calls(desk)
    return desk


def test_templates_as_data(surface: Surface, desk: Desk) -> None:
    reply = surface.call("GET", "/shadowbert/api/templates/bank", surface.bearer)
    (shown,) = reply.json
    assert (reply.status, shown["version"], shown["calls"], len(shown["inputs"])) == (200, desk.line.version_id, 60, 2)
    assert shown["messages"] == [
        {"role": "system", "content": [SYSTEM]},
        {"role": "user", "content": [{"slot": 1, "counts": True, "holds": "text", "contents": 60}]},
    ]
    assert surface.call("GET", "/shadowbert/api/templates/bnak", surface.bearer).status == 404
    assert surface.call("GET", "/shadowbert/api/templates/bank").status == 401


def test_a_template_is_edited_and_its_slots_are_chosen(surface: Surface, desk: Desk) -> None:
    reply = surface.command("template", messages=EDIT, version=desk.line.version_id, why="the channel is no text")
    first = desk.versions[-1]
    assert (reply.status, reply.json["version"], reply.json["stage"]) == (200, first.id, "collecting")
    assert first.skeleton.excluded == (0,)
    desk.settle()
    reply = surface.command("count", slots=[1, 2])
    assert (reply.status, reply.json["version"]) == (200, desk.versions[-1].id)
    shown = surface.call("GET", "/shadowbert/api/templates/bank", surface.bearer).json
    assert [view["version"] for view in shown] == [desk.versions[-1].id]
    seen = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert [version["replaced_by"] for version in seen] == [first.id, desk.versions[-1].id, None]
    assert [version["missing"] for version in seen[:2]] == ["", ""]


def test_refusals_by_http(surface: Surface, desk: Desk) -> None:
    for given, status, why in (
        ({"slots": [1]}, 409, "nothing is changed"),
        ({"slots": []}, 409, "at least one slot must count"),
        ({"slots": ["one"]}, 422, "slots"),
        ({"slots": [1], "version": "x"}, 409, "no version in force"),
    ):
        reply = surface.command("count", **given)
        assert (reply.status, why in reply.detail) == (status, True), reply.text
    for messages, why in ((None, "are a list"), (EDIT[:1], "roles stay as they are: system, user")):
        reply = surface.command("template", messages=messages)
        assert (reply.status, why in reply.detail) == (409, True), reply.text
    wrong = [EDIT[0], {"role": "user", "content": ["Kanal: ", {"slot": 1}]}]
    reply = surface.command("template", messages=wrong)
    assert (reply.status, "matches 0 of the latest 60 calls" in reply.detail) == (409, True)
    assert len(desk.versions) == 1


def test_the_page_shows_the_template_and_takes_a_choice(surface: Surface, desk: Desk) -> None:
    desk.reshape.edit("bank", MARIA, None, EDIT)
    desk.settle()
    text = surface.page("/shadowbert/task?name=bank").text
    assert 'Channel: <mark class="slot aside">1</mark>\nText: <mark class="slot">2</mark></pre>' in text
    assert '<input type="checkbox" name="slot-2" checked> Slot 2 counts' in text
    assert '<input type="checkbox" name="slot-1"> Slot 1 counts' in text
    assert "holds any text, 60 different contents in 60 calls" in text
    old, new = desk.versions
    assert f"replaced by its operator&#39;s template, version {new.id}" in text
    assert text.count("<summary>Template</summary>") == 1
    given = {"task": "bank", "verb": "count", "version": new.id}
    assert surface.submit(**given, **{"slot-1": "on", "slot-2": "on"}).status == 303
    desk.settle()
    now = desk.versions[-1]
    assert (now.skeleton.excluded, desk.versions[1].replaced_by, old.replaced_by) == ((), now.id, new.id)
    text = surface.page("/shadowbert/task?name=bank").text
    assert (
        "Slot 1 had 3 different contents in 60 calls: a date, a channel or a name may not belong to the text." in text
    )
    refused = surface.submit(**given, **{"slot-1": "on"})
    assert (refused.status, "no version in force" in refused.text) == (409, True)
    none = surface.submit(task="bank", verb="count", version=now.id)
    assert (none.status, "at least one slot must count" in none.text) == (409, True)


def test_what_callers_wrote_is_escaped(surface: Surface, sqlite_store: Store) -> None:
    bad = "<script>alert(1)</script>"
    skeleton = Skeleton((SkeletonMessage("system", (bad,)), SkeletonMessage("user", ("", "</pre><mark>"))))
    line = found(sqlite_store, task="bad", skeleton=skeleton)
    line.calls(1)
    text = surface.page("/shadowbert/task?name=bad").text
    assert bad not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "</pre><mark>" not in text
    assert TEACHER in text
    assert line.now.stage is Stage.COLLECTING
