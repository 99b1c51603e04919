"""A task's policy by the admin API and on its page, through real HTTP."""

import re
from html import unescape
from typing import Any

import pytest

from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import NOW, Lineage
from tests.web.surface import Surface, alerts, said

PAGE = "/shadowbert/task?name=bank"
POLICIES = "/shadowbert/api/policies/bank"


@pytest.fixture
def proven(line: Lineage) -> Lineage:
    """Its candidate is shown to be above 95 %."""
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200)
    line.move(Stage.SHADOW)
    return line


def a_label(line: Lineage) -> str:
    field = line.now.contract.fields[0]
    return f"{field.name}={field.label(0)}"


def fields_of(text: str) -> dict[str, str]:
    """The values that the page's form holds."""
    shown = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', text))
    return shown | dict(re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', text))


def test_values_and_who_set_them_as_data(surface: Surface, proven: Lineage) -> None:
    assert surface.call("GET", POLICIES, {}).status == 401
    done = surface.command("policy", target=0.97, always_llm=[a_label(proven)], autopilot="ask", why="the auditors")
    assert (done.status, done.json["stage"]) == (200, "shadow")
    settings = {row["key"]: row for row in surface.call("GET", POLICIES, surface.bearer).json}
    assert settings["target"] == {
        "key": "target", "words": "97 %", "default": "95 %",
        "set": {"by": "admin API", "why": "the auditors", "at": NOW, "value": 0.97},
    }  # fmt: skip
    assert settings["always_llm"]["set"]["value"] == [a_label(proven)]
    assert (settings["autopilot"]["words"], settings["min_rows"]["set"]) == ("ask", None)
    assert surface.command("policy", target=None).status == 200
    assert surface.call("GET", POLICIES, surface.bearer).json[0]["set"] is None
    (shown,) = surface.call("GET", "/shadowbert/api/tasks/bank", surface.bearer).json
    assert "target 95 %, was 97 %" in shown["verdicts"][-1]["reason"]


def test_a_dry_run_as_data_changes_nothing(surface: Surface, proven: Lineage) -> None:
    before = proven.now
    (told,) = surface.command("policy", target=0.97, dry_run=True).json["foreseen"]
    assert told["words"] == "with target 97 %: 100 % coverage, would be promoted"
    assert [candidate["number"] for candidate in told["candidates"]] == [1]
    assert proven.now == before
    assert surface.call("GET", POLICIES, surface.bearer).json[0]["set"] is None


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"target": 1.5}, 422, "target must lie between 0.5 and 0.999, and is said to be 1.5"),
        ({"always_llm": ["label=nonsense"]}, 422, "always_llm: there is no 'label=nonsense'; the answers are label="),
        ({"tarqet": 0.9}, 422, "tarqet: Extra inputs are not permitted"),
        ({"alpha": 0.1}, 409, "alpha may not be raised any more"),
        ({}, 409, "task bank: nothing would change"),
    ],
)
def test_refusals_by_the_admin_api(
    given: dict[str, Any], status: int, told: str, surface: Surface, proven: Lineage
) -> None:
    refused = surface.command("policy", **given)
    assert refused.status == status
    assert refused.detail.startswith(told)
    assert proven.now.stage is Stage.SHADOW


def test_the_form_sent_as_it_is_changes_nothing(surface: Surface, proven: Lineage) -> None:
    surface.command("policy", target=0.9755, always_llm=[a_label(proven)], autopilot="ask")
    held = {key: unescape(value) for key, value in fields_of(surface.page(PAGE).text).items()}
    assert held["target"] == "0.9755"
    reply = surface.submit(task="bank", verb="policy", **held)
    assert (reply.status, "nothing would change" in alerts(reply)) == (409, True)


def test_a_value_is_changed_and_taken_back_on_the_page(surface: Surface, proven: Lineage) -> None:
    text = said(surface.page(PAGE))
    assert "target 95 % default" in text
    fields = {"target": "97 %", "min_rows": "300", "why": "the auditors"}
    assert surface.submit(task="bank", verb="policy", **fields).headers["location"] == PAGE
    text = said(surface.page(PAGE))
    assert "target 97 % set by dashboard, 2025-10-09 08:53:20 UTC: the auditors" in text
    assert "Policy changed (target 97 %, was 95 %; min_rows 300, was 100) by dashboard: the auditors." in text
    assert surface.submit(task="bank", verb="policy", target="", min_rows="300").status == 303
    assert "target 95 % default" in said(surface.page(PAGE))


def test_a_preview_shows_what_would_come_and_keeps_what_was_typed(surface: Surface, proven: Lineage) -> None:
    reply = surface.submit(task="bank", verb="policy", target="0.999", always_llm="", dry_run="1")
    assert reply.status == 200
    text = said(reply)
    assert "With target 99.9 %: 100 % coverage, would hold." in text
    assert "candidate 1: student 1, sure from 0.900, coverage 100.0 %. Not yet shown to agree" in text
    assert fields_of(reply.text)["target"] == "0.999"
    assert "target 95 % default" in text


def test_an_error_on_the_page_names_the_field_and_keeps_what_was_typed(surface: Surface, proven: Lineage) -> None:
    reply = surface.submit(task="bank", verb="policy", target="97", always_llm='<b>"x"</b>')
    assert reply.status == 422
    assert alerts(reply).startswith("target must lie between 0.5 and 0.999, and is said to be '97'")
    assert fields_of(reply.text)["target"] == "97"
    assert "<b>&#34;x&#34;</b>" not in reply.text
    assert "&lt;b&gt;" in reply.text
