"""Carrying examples over by the admin API and by the page, through real HTTP."""

from urllib.parse import quote

import pytest

from shadowbert.testing.lineage import NOW, Lineage, found
from tests.web.surface import Surface

PLAN = "/shadowbert/api/inheritance/bank"


@pytest.fixture
def heir(line: Lineage) -> Lineage:
    """A version with ten examples after one with fifty."""
    line.calls(50)
    new = found(line.store, task_id=line.now.task_id, created_at=NOW + 1, teacher="gpt-5")
    new.calls(10)
    return new


def test_the_plan_as_data(surface: Surface, line: Lineage, heir: Lineage) -> None:
    assert surface.call("GET", PLAN, {}).status == 401
    plan = {
        "task": "bank", "version": heir.version_id, "from": line.version_id, "examples": 50, "known": 10,
        "fields": ["label"], "lost": {}, "changes": ["teacher gpt-4o-2024-08-06 → gpt-5"],
    }  # fmt: skip
    assert surface.call("GET", PLAN, surface.bearer).json == plan
    assert surface.call("GET", f"{PLAN}?version={heir.version_id}&from={line.version_id}", surface.bearer).json == plan
    refused = surface.call("GET", f"{PLAN}?version={line.version_id}", surface.bearer)
    assert (refused.status, "no version before" in refused.detail) == (409, True)
    assert surface.call("GET", "/shadowbert/api/inheritance/bnak", surface.bearer).status == 404


def test_an_order_carries_over_and_gives_up(surface: Surface, line: Lineage, heir: Lineage) -> None:
    done = surface.command("inherit", why="only the teacher's name", **{"from": line.version_id})
    assert (done.status, done.json["version"]) == (200, heir.version_id)
    old, new = surface.call("GET", "/shadowbert/api/tasks", surface.bearer).json
    assert (new["examples"], new["inherited"], new["inherits"]) == (60, 50, [line.version_id])
    assert (old["examples"], old["inherited"], old["inherits"]) == (50, 0, [])
    assert new["verdicts"][-1]["why"] == "only the teacher's name"
    assert surface.command("retrain").json["examples"] == 60
    assert surface.command("inherit", none=True, version=heir.version_id).status == 200
    assert heir.now.inherits == ()
    assert surface.command("inherit", none=True).status == 409


def test_a_check_stays_on_the_command_line(surface: Surface, heir: Lineage) -> None:
    refused = surface.command("inherit", check=100)
    assert refused.status == 409
    assert refused.detail == (
        "a check asks the LLM with a key of yours, which no server is given; "
        "run: shadowbert task inherit bank --check 100"
    )
    assert heir.now.inherits == ()


def test_the_page_offers_says_and_takes_back(surface: Surface, line: Lineage, heir: Lineage) -> None:
    page = f"/shadowbert/task?name={quote('bank')}"
    offered = surface.call("GET", page, surface.session).text
    assert "50 examples of the version before could be carried over" in offered
    assert offered.count("Carry them over") == 1
    form = {"task": "bank", "verb": "inherit", "version": heir.version_id, "source": line.version_id}
    assert surface.submit(**form).status == 303
    carried = surface.call("GET", page, surface.session).text
    assert f"It carries 50 examples of version {line.version_id}." in carried
    assert "Carry them over" not in carried
    given_up = surface.submit(task="bank", verb="inherit", version=heir.version_id, none="1")
    assert (given_up.status, heir.now.inherits) == (303, ())


def test_nothing_is_offered_where_the_older_version_has_fewer(surface: Surface, line: Lineage) -> None:
    line.calls(10)
    found(line.store, task_id=line.now.task_id, created_at=NOW + 1).calls(11)
    assert "could be carried over" not in surface.call("GET", "/shadowbert/task?name=bank", surface.session).text
