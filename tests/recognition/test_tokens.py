from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.tokens import Tokens, common_prefix, common_run, split_at, tokenise

ROWS = st.lists(st.lists(st.sampled_from("abc"), max_size=8).map(tuple), min_size=1, max_size=4)


def holds(text: Tokens, run: Tokens) -> bool:
    return any(text[i : i + len(run)] == run for i in range(len(text) + 1))


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokenise(text)) == text


@given(ROWS)
def test_the_common_prefix_is_the_longest(rows: list[Tokens]) -> None:
    n = common_prefix(rows)
    assert len({row[:n] for row in rows}) == 1
    assert len({row[: n + 1] for row in rows}) > 1 or n == min(map(len, rows))


@given(ROWS)
def test_the_common_run_is_the_longest(rows: list[Tokens]) -> None:
    run = common_run(rows, lambda run: run)
    assert all(holds(row, run) for row in rows)
    first, n = rows[0], len(run) + 1
    longer = [first[i : i + n] for i in range(len(first) - n + 1)]
    assert not any(all(holds(row, piece) for row in rows) for piece in longer)


@given(ROWS)
def test_runs_count_as_long_as_they_are_after_trimming(rows: list[Tokens]) -> None:
    run = common_run(rows, lambda run: tuple(token for token in run if token == "a"))
    assert set(run) <= {"a"}


def test_a_text_is_split_at_the_first_occurrence() -> None:
    assert split_at(tuple("xabyabz"), ("a", "b")) == (("x",), tuple("yabz"))
