"""Renders the page. What a caller or a model wrote is escaped by the environment; only our own drawings are not.

Knows reports and templates, no requests and no tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import ValidationError

from shadowbert import __version__
from shadowbert.domain.records import VersionRow
from shadowbert.errors import ShadowbertError, UnknownTask
from shadowbert.flow.alerts import delivery_of
from shadowbert.flow.fills import described
from shadowbert.flow.foresee import Foresight
from shadowbert.flow.lineages import speaker
from shadowbert.flow.operate import Operator
from shadowbert.flow.outlook import Outlook
from shadowbert.flow.report import TaskReport
from shadowbert.gating.wording import moment
from shadowbert.governing import prospect_of, source_of
from shadowbert.recognition.editing import marked, slots_of
from shadowbert.reporting import (
    arranged_of,
    because,
    following_of,
    heirlooms_of,
    learnable_of,
    milliseconds,
    percent,
    slot_of,
    stage_of,
    training_of,
    waiting_for,
)
from shadowbert.web.charts import agreement_chart, learning_chart, share_bar
from shadowbert.web.desk import Desk
from shadowbert.web.orders import order_class
from shadowbert.web.problems import status_of, unfit

TEMPLATES = Path(__file__).parent / "templates"
BY = "dashboard"
ALERTS = 8


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody has just sent, and what would come of it: shown in the form again."""

    said: Mapping[str, str] = field(default_factory=dict)
    foreseen: Sequence[Foresight] = ()


UNTRIED = Tried()


class Page:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._environment = desk, _environment()

    def login(self, message: str = "", *, status: int = 200) -> Response:
        return self._html("login.html", status, message=message)

    def tasks(self, message: str = "", *, status: int = 200) -> Response:
        try:
            report = self._desk.report()
            shown = {"lineages": _by_task(report.tasks()), "seen": report.unrecognised(), "notices": report.notices()}
            alerts = self._desk.operations().alerts.latest(ALERTS)
        except ShadowbertError as error:
            return self._failure(error)
        return self._html("tasks.html", status, **shown, alerts=alerts, message=message, wrong=self._wrong())

    def task(self, name: str, message: str = "", *, status: int = 200, tried: Tried = UNTRIED) -> Response:
        try:
            report = self._desk.report()
            versions, lines = report.task(name)[::-1], report.lineages()
            offers = self._desk.operations().inherit.offers(name)
            templates = {view.version: view for view in self._desk.operations().reshape.views(name)}
            settings = self._desk.operations().govern.standing(name)
            waiting = self._desk.operations().draw.next(name)
        except UnknownTask as error:
            return self.tasks(str(error), status=404)
        except ShadowbertError as error:
            return self._failure(error)
        mine = versions[0]
        others = [line.task for line in lines if line.tenant == mine.tenant and line.task != mine.task]
        shown = {"versions": versions, "others": others, "offers": offers, "templates": templates}
        shown |= {"settings": settings, "tried": tried, "waiting": waiting}
        return self._html("task.html", status, **shown, message=message, wrong=self._wrong())

    def carry_out(self, form: Mapping[str, str]) -> Response:
        task = form.get("task", "")
        try:
            done = self._desk.carry_out(task, order_class(form.get("verb", "")).of_form(form), by=BY)
        except ShadowbertError as error:
            return self.task(task, str(error), status=status_of(error), tried=Tried(form))
        except ValidationError as error:
            return self.task(task, unfit(error), status=422)
        if isinstance(done, tuple):
            return self.task(task, tried=Tried(form, done))
        now = done.task if isinstance(done, VersionRow) else task
        return RedirectResponse(f"/shadowbert/task?{urlencode({'name': now})}", 303)

    def test_alerts(self) -> Response:
        """Says on the page what came of it."""
        try:
            tested = self._desk.operations().alerts.test(Operator(BY))
        except ShadowbertError as error:
            return self.tasks(str(error), status=status_of(error))
        return self.tasks(f"The test alert: {delivery_of(tested)}.")

    def _wrong(self) -> dict[str, str]:
        """The parts of the house that something is wrong with."""
        return {part: wrong for part, wrong in self._desk.checks().items() if wrong}

    def _failure(self, error: ShadowbertError) -> Response:
        return self._html("failure.html", status_of(error), message=str(error))

    def _html(self, template: str, status: int, **values: object) -> Response:
        text = self._environment.get_template(template).render(now=datetime.now(UTC), **values)
        return HTMLResponse(text, status)


def _by_task(reports: Sequence[TaskReport]) -> list[list[TaskReport]]:
    """A task's versions together, first the one that tells where it stands, then the newest; what is red before the
    rest, then by name.
    """
    ordered = sorted(reports, key=lambda report: report.task)
    lineages = [_leading_first(list(versions)) for _, versions in groupby(ordered, key=lambda report: report.task)]
    return sorted(lineages, key=lambda versions: not any(version.red for version in versions))


def _leading_first(versions: Sequence[TaskReport]) -> list[TaskReport]:
    first = speaker(versions)
    return [first, *(version for version in versions[::-1] if version is not first)]


def _learnt(outlook: Outlook) -> str:
    points = [(point.examples, point.coverage) for point in outlook.points]
    band = [(examples, share.low, share.middle, share.high) for examples, share in outlook.band]
    return learning_chart(points, band, outlook.goal)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(
        percent=percent, ms=milliseconds, stage=stage_of, training=training_of, moment=moment, because=because
    )
    environment.filters.update(learnable=learnable_of, filling=described, waiting=waiting_for)
    environment.filters.update(arranged=arranged_of, heirlooms=heirlooms_of, following=following_of)
    environment.filters.update(source=source_of, prospect=prospect_of)
    environment.filters.update(marked=marked, slots=slots_of, slot=slot_of)
    environment.filters["delivery"] = delivery_of
    environment.filters["sentence"] = lambda told: f"{told[:1].upper()}{told[1:]}."
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.globals.update(
        version=__version__,
        chart=lambda curve, target: Markup(agreement_chart(curve, target)),  # noqa: S704 - numbers only
        learnt=lambda outlook: Markup(_learnt(outlook)),  # noqa: S704 - numbers only
        bar=lambda part, whole: Markup(share_bar(part, whole)),  # noqa: S704 - numbers only
    )
    return environment
