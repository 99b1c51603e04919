"""Dates, times and ids are found where prompts write them; numbers of a policy are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.stamps import holds_stamp, is_stamp, split_at_stamps, without_stamps


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-05", "2025/11/05", "05.11.2025", "11/5/2025", "Nov 5, 2025", "November 5th, 2025", "5 November 2025",
        "Wed, 5 Nov 2025", "Wednesday, November 5, 2025", "2025-11-05T10:00:59Z", "2025-11-05 10:00",
        "2025-11-05 10:00:59.123+01:00", "November 5, 2025 at 10:00 AM", "1762336800", "20251105",
        "123e4567-e89b-12d3-a456-426614174000", "9f86d081884c7d659a2feaa0c55ad015", "[2025-11-05].",
    ],
)  # fmt: skip
def test_a_stamp_is_known(text: str) -> None:
    assert is_stamp(text)
    assert holds_stamp(f"Today ({text}) we label.")
    assert split_at_stamps(f"Today {text.strip('[].')} we label.") == ["Today ", " we label."]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10000 EUR",
        "ISO 27001",
        "09:00",
        "from 09:00 to 18:00",
        "2025",
        "rule 12.3",
        "gpt-4o",
        "May",
        "abcdefabcdefabcdef",
        "1,000,000",
    ],
)
def test_what_a_policy_says_is_none(text: str) -> None:
    assert not is_stamp(text)
    assert split_at_stamps(f"Our rule: {text} counts.") == [f"Our rule: {text} counts."]


def test_many_dates_are_examples() -> None:
    text = " and ".join(f"2025-11-{day}" for day in range(10, 16))
    assert split_at_stamps(text) == [text]
    assert without_stamps(text) == " and ".join("#" * 6)


@given(st.text(alphabet="ab 2025-11-05:T.,#", max_size=60))
def test_the_pieces_stand_in_the_text_in_order(text: str) -> None:
    at = 0
    for piece in split_at_stamps(text):
        at = text.index(piece, at) + len(piece)
    assert at <= len(text)
