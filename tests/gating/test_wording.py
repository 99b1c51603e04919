import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.gating.wording import missing_rows, percent


@given(share=st.floats(0, 1))
def test_a_share_is_never_said_to_be_higher_than_it_is(share: float) -> None:
    assert float(percent(share).removesuffix(" %")) / 100 <= share + 1e-9


@pytest.mark.parametrize(
    ("if_all_agree", "at_share", "rate", "text"),
    [
        (1, 1, None, "about 1 more agreeing call"),
        (3, 3, 200.0, "about 3 more agreeing calls (about 1 hour)"),
        (10, 24, 24.0, "about 10 more agreeing calls, or about 24 calls at the present agreement (about 1 day)"),
        (42, 42, 0.0, "about 42 more agreeing calls"),
    ],
)
def test_missing_rows_in_words(if_all_agree: int, at_share: int, rate: float | None, text: str) -> None:
    assert missing_rows(if_all_agree, at_share, rate) == text
