"""Identifiers are what RFC 9562 calls UUIDv7, and rise with their milliseconds."""

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.ids import uuid7


@given(st.integers(0, 2**48 - 1))
def test_an_id_is_a_version_7_of_its_millisecond(unix_ms: int) -> None:
    made = uuid7(unix_ms)
    read = uuid.UUID(made)
    assert str(read) == made
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == unix_ms


def test_an_id_without_a_time_is_of_now() -> None:
    before, made, after = time.time_ns() // 1_000_000, uuid.UUID(uuid7()), time.time_ns() // 1_000_000
    assert before <= made.int >> 80 <= after


@pytest.mark.parametrize("digit", [16, *range(20, 36)])
def test_all_else_is_drawn(digit: int) -> None:
    """The time ends at 12, the version stands at 14, the variant at 19."""
    assert len({uuid7(0)[digit] for _ in range(200)} - {"-"}) != 1


def test_a_thousand_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(0) for _ in range(1000)}) == 1000
