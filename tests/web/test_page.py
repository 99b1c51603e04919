"""The page in a real browser: an operator's afternoon, and a narrow screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.task import Stage
from shadowbert.flow.collect import Collect
from shadowbert.testing.calls import a_call
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.test_collect import put
from tests.store.test_unanswered import left_alone
from tests.web.surface import TOKEN, Surface

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1100, "height": 800}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, surface: Surface) -> Iterator[Page]:
    """Signed in. What tries to run, and what the browser wants from upstream for itself, fails the test."""
    context = browser.new_context(base_url=surface.url, viewport=DESKTOP)  # type: ignore[arg-type]
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto("/shadowbert/")
    page.get_by_label("Admin token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    yield page
    context.close()
    assert complaints == surface.door.seen == []


def test_an_operators_afternoon(page: Page, line: Lineage) -> None:
    """Look at a task, be refused, cut over by force, see red, roll back, sign out."""
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=40, disagree=1)
    line.move(Stage.SHADOW)
    page.goto("/shadowbert/")
    expect(page.locator("article")).to_contain_text("97.5 %")
    page.get_by_role("link", name="Details and commands").click()
    page.get_by_role("button", name="Let the student answer").click()
    expect(page.get_by_role("alert")).to_contain_text("the gate has not passed for bank")

    page.get_by_label("Why").first.fill("the launch <b>is</b> on Monday")
    page.get_by_label("even if the gate has not passed").check()
    page.get_by_role("button", name="Let the student answer").click()
    expect(page.locator("article")).to_have_class("card red")
    expect(page.locator("article")).to_contain_text("Cut over by force: the gate has not agreed yet.")
    expect(page.locator(".history")).to_contain_text("the launch <b>is</b> on Monday")
    red = page.locator("article").evaluate("e => getComputedStyle(e).borderTopColor")
    assert red == "rgb(180, 35, 24)"
    assert line.now.forced

    page.get_by_role("button", name="Roll back to the LLM").click()
    expect(page.locator("article")).to_have_class("card")
    expect(page.locator("h1")).to_contain_text("shadow held")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert (line.now.stage, line.now.held) == (Stage.SHADOW, True)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading")).to_have_text("Sign in")
    page.goto("/shadowbert/task?name=bank")
    expect(page.get_by_role("heading")).to_have_text("Sign in")


def test_a_task_is_renamed_merged_and_split_again(page: Page, line: Lineage) -> None:
    other = found(line.store, task="two  blanks", wording="w1")
    page.goto("/shadowbert/task?name=bank")
    page.get_by_text("Name and versions").click()
    page.get_by_label("New name").fill("money <b>matters</b>")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("h1")).to_contain_text("money <b>matters</b>")
    expect(page.locator("article .sub").first).to_contain_text("also called bank")

    page.get_by_text("Name and versions").click()
    page.get_by_label("Other task").select_option("two  blanks")
    page.get_by_role("button", name="Make it part of this task").click()
    expect(page.locator("article")).to_have_count(2)
    assert other.now.task_id == line.now.task_id

    page.get_by_text("Name and versions").click()
    page.get_by_label("Version").select_option(other.version_id)
    page.get_by_label("Name of its own").fill("apart")
    page.get_by_role("button", name="Split it off").click()
    expect(page.locator("h1")).to_contain_text("apart")
    page.get_by_text("Name and versions").click()
    page.get_by_role("button", name="Allow no further version").click()
    expect(page.locator("article .sub").first).to_contain_text("pinned")
    assert (other.now.task, other.now.pinned, line.now.pinned) == ("apart", True, False)


def test_a_wrong_token(browser: Browser, surface: Surface) -> None:
    page = browser.new_page(base_url=surface.url)
    page.goto("/shadowbert/")
    page.get_by_label("Admin token").fill("not it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    page.close()


@pytest.mark.parametrize("path", ["/shadowbert/", "/shadowbert/task?name={name}"])
def test_on_a_phone_nothing_sticks_out(path: str, page: Page, line: Lineage) -> None:
    name = "a-name-without-a-break-" + "x" * 90
    labels = tuple(sorted(f"intent-{n}-{'y' * (n % 60)}" for n in range(77)))
    long = found(line.store, task=name, teacher="t" * 120, contract=Contract((Field(("intent",), labels),), "h"))
    long.evidence(long.candidate(long.student()), agree=90, disagree=1)
    found(line.store, task=name, task_id=long.now.task_id, teacher="u" * 120, created_at=0.0)
    put(Collect(line.store, lambda: NOW), [a_call("x", client="c" * 200), an_exchange()])
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(path.format(name=name))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.locator("svg[aria-label^=Agreement]")).to_be_visible()


def test_on_a_phone_the_choices_of_a_student_that_nobody_checks_fit(page: Page, line: Lineage) -> None:
    left_alone(line.store, line)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto("/shadowbert/task?name=bank")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.get_by_role("button", name="Let that model's calls learn")).to_be_visible()


def test_long_labels_leave_the_other_columns_whole(page: Page, line: Lineage) -> None:
    contract = Contract((Field(("intent",), tuple(f"{'very_' * 30}{n}" for n in range(3))),), "h")
    long = found(line.store, task="long", contract=contract)
    long.evidence(long.candidate(long.student()), agree=90, disagree=1)
    page.goto("/shadowbert/task?name=long")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    standing = page.locator(".labelled td:last-child")
    assert standing.all_inner_texts() == ["pooled"] * 3
    assert standing.evaluate_all("all => all.every(e => e.clientWidth >= 50)")


def test_what_callers_wrote_does_not_run(page: Page, line: Lineage) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    found(line.store, task=evil, contract=Contract((Field(("kind",), (evil, "other")),), "h"))
    page.goto("/shadowbert/")
    page.get_by_role("link", name="Details and commands").first.click()
    expect(page.locator("h1")).to_contain_text(evil)
    expect(page.locator(".labels")).to_contain_text(evil)


def test_the_strict_policy_stops_a_script_that_got_in_all_the_same(browser: Browser, surface: Surface) -> None:
    page = browser.new_page(base_url=surface.url)
    page.goto("/shadowbert/")
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = 1';
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    page.close()
