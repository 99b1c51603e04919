"""A student that nobody checks, on the page and by the admin API, through real HTTP."""

import pytest

from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.unaudited import Unaudited
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage
from tests.store.test_unanswered import AUDIT, left_alone, put
from tests.web.surface import Surface, alerts, said

PAGE = "/shadowbert/task?name=bank"
FREEZE, STOP, READY = (
    "Let it go on unchecked",
    "Roll back to the LLM",
    "Let that model's calls learn from these examples",
)


@pytest.fixture
def alone(sqlite_store: Store, line: Lineage) -> Lineage:
    """Its model is gone."""
    left_alone(sqlite_store, line)
    return line


def test_the_page_is_red_says_why_and_offers_the_choices(surface: Surface, alone: Lineage) -> None:
    for page in ("/shadowbert/", PAGE):
        reply = surface.page(page)
        assert "Unaudited since 2025-10-09 08:53:20 UTC: the LLM is gone: upstream knows its model no more" in said(
            reply
        )
        assert "3 calls were answered locally since then; it goes back to the LLM on 2025-10-10 08:53:20 UTC." in said(
            reply
        )
        assert 'class="card red"' in reply.text
        assert 'class="stage live red"' in reply.text
        assert "live unaudited" in said(reply)
    offered = said(surface.page(PAGE))
    assert all(offer in offered for offer in (FREEZE, STOP, READY))


def test_the_choices_come_first_and_none_of_them_twice(surface: Surface, alone: Lineage) -> None:
    offered = said(surface.page(PAGE))
    assert offered.count(STOP) == 1
    assert "Nobody checks what the student answers." in offered
    assert offered.index(READY) < offered.index("Train a new student")
    assert "gate live (unaudited): Nobody checks its answers" in offered, "it stays where it was"


def test_nothing_is_offered_where_somebody_checks(surface: Surface, alone: Lineage) -> None:
    put(alone.store, AUDIT, version=alone.version_id)
    assert Unaudited(alone.store, Policy(), lambda: NOW).step() == 1
    page = said(surface.page(PAGE))
    assert FREEZE not in page
    assert READY not in page


def test_it_is_frozen_on_the_page(surface: Surface, alone: Lineage) -> None:
    assert surface.submit(task="bank", verb="unaudited", freeze="1", why="no hurry", new_teacher="").status == 303
    assert alone.now.frozen
    page = said(surface.page(PAGE))
    assert "live frozen" in page
    assert "dashboard froze it: it serves on until the LLM answers or somebody stops it." in page
    assert FREEZE not in page
    assert STOP in page


def test_it_is_stopped_on_the_page(surface: Surface, alone: Lineage) -> None:
    assert surface.submit(task="bank", verb="unaudited", stop="1", new_teacher="ignored").status == 303
    assert (alone.now.stage, alone.now.held) == (Stage.SHADOW, True)


def test_a_new_teacher_is_made_ready_on_the_page(surface: Surface, alone: Lineage) -> None:
    assert surface.submit(task="bank", verb="unaudited", new_teacher=" gpt-5 ").status == 303
    assert "Nobody checks what the student of an earlier version answers." in said(surface.page(PAGE))
    old, new = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert (new["teacher"], new["inherits"], new["examples"]) == ("gpt-5", [old["version"]], old["examples"])
    assert (old["stage"], new["stage"]) == ("live", "collecting")


def test_by_the_admin_api(surface: Surface, alone: Lineage) -> None:
    (told,) = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert (told["unaudited"]["failed"], told["unaudited"]["answered_locally"]) == (3, 3)
    assert told["unaudited"]["deadline"] == NOW + 86_400
    frozen = surface.command("unaudited", freeze=True)
    assert (frozen.status, frozen.json["stage"], frozen.json["frozen"]) == (200, "live", True)
    assert surface.command("unaudited", freeze=True).status == 409
    assert surface.command("unaudited", new_teacher="gpt-5").json["stage"] == "collecting"
    assert surface.command("unaudited", stop=True).json["held"]


@pytest.mark.parametrize("given", [{}, {"freeze": True, "stop": True}, {"stop": True, "new_teacher": "gpt-5"}])
def test_one_choice_at_a_time(surface: Surface, alone: Lineage, given: dict[str, object]) -> None:
    refused = surface.command("unaudited", **given)
    assert (refused.status, refused.detail) == (409, "say one of freeze, stop and new_teacher")
    assert alone.now.stage is Stage.LIVE


def test_an_empty_line_is_refused_in_words(surface: Surface, alone: Lineage) -> None:
    assert "say one of" in alerts(surface.submit(task="bank", verb="unaudited", new_teacher=""))
