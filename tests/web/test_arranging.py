"""Renaming, merging, splitting and pinning by HTTP and on the page."""

import re
from html import unescape
from urllib.parse import unquote_plus

import pytest

from shadowbert.flow.found import FULL
from shadowbert.testing.lineage import NOW, SERVED, Lineage, found
from tests.web.surface import Surface


def test_the_answer_names_the_task_as_it_is_called_now(surface: Surface, line: Lineage) -> None:
    mail = found(line.store, task="mail", created_at=NOW + 1, wording="w1")
    assert surface.command("rename", name="money", why="clearer").json == {
        "task": "money", "version": line.version_id, "stage": "collecting", "share": 0.0, "forced": False,
        "held": False,
        "frozen": False,
        "alarms_off": False,
    }  # fmt: skip
    assert surface.command("merge", task="bank", tasks=["mail"]).json["task"] == "money"
    assert surface.command("split", task="money", versions=[mail.version_id], name="post").json["task"] == "post"
    assert surface.command("pin", task="post").json["task"] == "post"
    assert surface.command("pause", task="bank").json["task"] == "money", "a former name is as good"
    assert (line.now.former, mail.now.task, mail.now.pinned) == (("bank", "mail"), "post", True)
    (money, post) = surface.call("GET", "/shadowbert/api/lineages", surface.bearer).json
    assert (money["former"], money["pinned"], post["task"], post["pinned"]) == (["bank", "mail"], False, "post", True)
    (shown,) = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert (shown["task"], shown["former"], shown["pinned"]) == ("money", ["bank", "mail"], False)


@pytest.mark.parametrize(
    ("verb", "given", "status", "said"),
    [
        ("rename", {}, 409, "a task needs a name"),
        ("rename", {"name": "x" * 121}, 409, "a name has at most 120 characters, this one has 121"),
        ("rename", {"name": "x" * 1001}, 422, "name: String should have at most 1000 characters"),
        ("rename", {"name": 7}, 422, "name: Input should be a valid string"),
        ("merge", {}, 409, "name the tasks that are to become part of bank"),
        ("merge", {"tasks": "mail"}, 422, "tasks: Input should be a valid array"),
        ("merge", {"tasks": ["nobody"]}, 404, "no task is called 'nobody'; known tasks: bank"),
        ("split", {"versions": ["zzzz"], "name": "x"}, 409, "no version begins with 'zzzz'"),
        ("unpin", {}, 409, "task bank is not pinned"),
        ("pin", {"name": "x"}, 422, "name: Extra inputs are not permitted"),
    ],
)
def test_refusals(verb: str, given: dict[str, object], status: int, said: str, surface: Surface, line: Lineage) -> None:
    reply = surface.command(verb, **given)
    assert (reply.status, reply.detail[: len(said)]) == (status, said)
    assert line.now.epoch == 0


def test_a_line_counts_all_versions_of_its_task(surface: Surface, line: Lineage) -> None:
    newer = found(line.store, task_id=line.now.task_id, teacher="gpt-5", created_at=NOW + 1)
    line.calls(3)
    newer.calls(2, route=SERVED)
    assert surface.call("GET", "/shadowbert/api/lineages", surface.bearer).json == [
        {
            "task": "bank", "tenant": "default", "pinned": False, "share": 0.0, "forced": False, "held": False,
            "unaudited": False, "frozen": False, "alarms_off": False,
            "versions": 2, "fields": {"label": 3}, "confirmed": True, "former": [], "stage": "collecting",
            "teachers": ["gpt-5", "gpt-4o-2024-08-06"], "inferred": False, "learnable": {"fields": 1, "of": 1},
            "calls": 5, "answered_by": {"student": 2, "llm": 3},
        }
    ]  # fmt: skip


def landed(surface: Surface, **fields: str) -> str:
    """The task whose page a command leads to."""
    reply = surface.submit(**fields)
    assert reply.status == 303, reply.text
    return unquote_plus(reply.headers["location"].removeprefix("/shadowbert/task?name="))


def test_the_page_leads_to_the_task_as_it_is_called_now(surface: Surface, line: Lineage) -> None:
    mail = found(line.store, task="mail", created_at=NOW + 1, wording="w1")
    assert landed(surface, task="bank", verb="rename", name="money & more") == "money & more"
    assert landed(surface, task="money & more", verb="merge", tasks="mail") == "money & more"
    assert landed(surface, task="mail", verb="pin") == "money & more"
    page = unescape(surface.page("/shadowbert/task?name=mail").text)
    assert "pinned: no further version is founded by itself; also called bank, mail" in page
    assert "Allow further versions" in page
    assert re.findall(r'<option value="([^"]*)', page) == [line.version_id, mail.version_id]
    assert landed(surface, task="mail", verb="split", versions=line.version_id, name="apart") == "apart"
    page = unescape(surface.page("/shadowbert/task?name=apart").text)
    assert re.findall(r'<option value="([^"]*)', page) == ["money & more"]
    refused = surface.submit(task="apart", verb="rename", name="money & more")
    assert refused.status == 409
    assert "there is a task called money & more already" in unescape(refused.text)


def test_names_on_the_page_are_escaped(surface: Surface, line: Lineage) -> None:
    evil = '"><script>alert(1)</script>'
    found(line.store, task=evil, wording="w2")
    surface.command("rename", name="money")
    surface.command("merge", task="money", tasks=[evil])
    found(line.store, task=evil, wording="w2")
    for path in ("/shadowbert/", "/shadowbert/task?name=bank"):
        assert "<script" not in surface.page(path).text


def test_that_no_further_task_is_found_is_told_while_it_is_so(surface: Surface, line: Lineage) -> None:
    told = "tenant default has 100 tasks: no further one is found unless a caller names it (policy.max_tasks is 100)"
    with line.store.write() as work:
        work.marks.set(FULL, note=told.partition(" (")[0])
    assert told not in surface.page().text
    for number in range(99):
        found(line.store, task=f"task {number}", wording=f"w{number}")
    assert told in surface.page().text
    surface.command("merge", tasks=["task 7"])
    assert told not in surface.page().text
