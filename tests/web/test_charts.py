"""Drawings are well-formed, stay inside their frame and hold nothing that a strict CSP would refuse."""

import re
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from shadowbert.web.charts import HEIGHT, WIDTH, agreement_chart, learning_chart, share_bar

shares = st.floats(0, 1)
curves = st.lists(st.tuples(shares, shares), min_size=2, max_size=60).map(
    lambda pairs: [(row, max(pair), min(pair)) for row, pair in enumerate(pairs, start=1)]
)


def coordinates(svg: str) -> list[tuple[float, float]]:
    lines = re.findall(r'points="([^"]*)"', svg)
    return [(float(x), float(y)) for line in lines for x, _, y in (p.partition(",") for p in line.split())]


@given(curves, st.floats(0.5, 0.99))
def test_any_curve_is_drawn_inside_its_frame(points: list[tuple[int, float, float]], target: float) -> None:
    svg = agreement_chart(points, target)
    root = ET.fromstring(svg)
    assert root.tag == "svg"
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in coordinates(svg))
    assert len(coordinates(svg)) == 2 * len(points)
    assert "style=" not in svg
    assert "NaN" not in svg


def test_the_first_wild_swings_are_cut_off_at_the_edge() -> None:
    wild = [(row, 0.0 if row == 1 else 0.99, 0.0 if row == 1 else 0.97) for row in range(1, 41)]
    svg = agreement_chart(wild, 0.95)
    assert "80%" in svg
    assert max(y for _, y in coordinates(svg)) < HEIGHT


bands = st.lists(st.tuples(st.integers(1, 10**6), st.lists(shares, min_size=3, max_size=3).map(sorted)), min_size=2)


@given(bands, st.lists(st.tuples(st.integers(1, 10**6), shares), min_size=1), shares | st.none())
@example([(587, [0.0, 0.0, 0.0]), (638, [0.0, 0.0, 0.0])], [(1, 0.0)], None)
def test_any_learning_curve_is_drawn_inside_its_frame(
    band: list[tuple[int, list[float]]], students: list[tuple[int, float]], goal: float | None
) -> None:
    points = sorted({n: (n, *own) for n, own in band}.values())
    first, last = points[0][0], points[-1][0]
    dots = [(min(max(n, first), last), share) for n, share in students]
    svg = learning_chart(dots, points, goal)
    if first == last:
        assert svg == ""
        return
    assert ET.fromstring(svg).tag == "svg"
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in coordinates(svg))
    circles = re.findall(r'cx="([^"]*)" cy="([^"]*)"', svg)
    assert len(circles) == len(dots)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in circles)
    assert ('class="target"' in svg) is (goal is not None)
    assert "style=" not in svg


def test_a_single_point_is_no_line() -> None:
    assert agreement_chart([], 0.95) == agreement_chart([(1, 1.0, 0.2)], 0.95) == ""


def test_higher_agreement_is_drawn_higher() -> None:
    svg = agreement_chart([(10, 0.9, 0.85), (20, 0.99, 0.9)], 0.95)
    bound, agreement = re.findall(r'<polyline class="(\w+)"', svg)
    assert (bound, agreement) == ("bound", "agreement")
    low, high = coordinates(svg)[2:]
    assert high[1] < low[1]
    assert high[0] > low[0]


def test_the_scale_has_round_numbers_and_holds_the_target() -> None:
    assert ticks([(1, 0.0, 0.0), (100, 0.99, 0.93)]) == ["100%", "95%", "90%", "85%", "80%"]
    assert ticks([(50, 0.8, 0.61), (100, 0.8, 0.7)]) == ["100%", "90%", "80%", "70%", "60%"]
    assert ticks([(50, 0.3, 0.1), (100, 0.3, 0.2)])[-1] in ("20%", "0%")


def ticks(points: list[tuple[int, float, float]]) -> list[str]:
    return re.findall(r">(\d+%)<", agreement_chart(points, 0.95))


def test_people_who_cannot_see_it_are_told() -> None:
    assert 'aria-label="Agreement 99.0% and its lower bound 93.0% over 1,200 checked calls"' in agreement_chart(
        [(600, 0.98, 0.9), (1200, 0.99, 0.93)], 0.95
    )


def test_a_bar_shows_a_share() -> None:
    assert 'class="part" width="25.0"' in share_bar(1, 4)
    assert 'class="part" width="0.0"' in share_bar(0, 0)
    ET.fromstring(share_bar(3, 3))
