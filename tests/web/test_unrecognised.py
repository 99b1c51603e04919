"""The calls of no task, as the admin API and the page tell of them."""

import re
from html import unescape

from shadowbert.flow.collect import Collect
from shadowbert.testing.calls import a_call, texts
from shadowbert.testing.exchanges import an_exchange
from tests.flow.test_collect import AT, put
from tests.web.surface import Surface

EVIL = "<script>alert(1)</script>"
API = "/shadowbert/api/unrecognised"


def traffic(surface: Surface) -> None:
    put(Collect(surface.store, lambda: AT), [an_exchange(), *(a_call(text, client=EVIL) for text in texts(5))])


def test_the_api_counts_them(surface: Surface) -> None:
    traffic(surface)
    told = surface.call("GET", API, surface.bearer).json
    assert (told["observed"], told["recognised"], told["unrecognised"]) == (6, 0, 6)
    assert [(one["words"], one["calls"], one["share"]) for one in told["reasons"]] == [
        ("the task was not known yet", 5, 5 / 6),
        ("no closed set of answers, stated or known", 1, 1 / 6),
    ]
    assert told["groups"][0]["words"] == "too few different prompts (5 of 20 calls)"


def test_the_page_has_them_folded_and_without_texts(surface: Surface) -> None:
    traffic(surface)
    page = surface.call("GET", "/shadowbert/", surface.session).text
    (section,) = re.findall(r'<details class="card unrecognised">.*?</details>', page, re.DOTALL)
    said = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", section)))
    assert "Calls of no task: 6 of the latest 6" in said
    assert "83.3 %" in said
    assert "too few different prompts (5 of 20 calls)" in said
    assert EVIL not in page
    assert not any(text in page for text in texts(5))


def test_without_such_calls_the_page_has_no_section(surface: Surface) -> None:
    assert "unrecognised" not in surface.call("GET", "/shadowbert/", surface.session).text
