"""What callers are known by: the same everywhere in one installation, and a trace of nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.flow.incoming import Wishes, read_wishes
from shadowbert.flow.ports import Headers
from shadowbert.flow.pseudonyms import LENGTH, NAMELESS, Pseudonyms
from tests.traces import traces

OURS = Pseudonyms(b"the key of this installation")
BEARER = (b"authorization", b"Bearer sk-1")
secrets = st.binary(min_size=1, max_size=40).filter(
    lambda secret: len(secret.split()) == 1 and secret == secret.strip()
)


def named(*headers: tuple[bytes, bytes], by: Pseudonyms = OURS) -> str:
    return by.of(read_wishes(headers))


@given(secrets, secrets)
def test_a_caller_has_one_name_and_two_have_two(one: bytes, other: bytes) -> None:
    names = [named((b"authorization", b"Bearer " + secret)) for secret in (one, one, other)]
    assert all(len(name) == LENGTH for name in names)
    assert names[0] == names[1]
    assert (names[0] == names[2]) == (one == other)


@pytest.mark.parametrize(
    "same",
    [
        [(b"Authorization", b"bearer  sk-1 ")],
        [(b"authorization", b"sk-1")],
        [BEARER, (b"x-api-key", b"made up")],
        [(b"api-key", b"made up"), BEARER, (b"openai-organization", b"made up")],
        [BEARER, (b"user-agent", b"made up"), (b"openai-project", b"made up")],
    ],
)
def test_no_caller_becomes_another_by_what_upstream_ignores(same: Headers) -> None:
    assert named(*same) == named(BEARER)


@pytest.mark.parametrize("header", [b"api-key", b"x-api-key", b"Ocp-Apim-Subscription-Key"])
def test_other_gateways_callers_have_names_too(header: bytes) -> None:
    assert named((header, b"one")) != named((header, b"two")) != ""


@pytest.mark.parametrize("nobody", [[], [(b"authorization", b" ")], [BEARER, (b"authorization", b"Bearer sk-2")]])
def test_who_names_nobody_or_two_is_nobody(nobody: Headers) -> None:
    assert named(*nobody) == ""


def test_another_installation_gives_other_names() -> None:
    assert named(BEARER) != named(BEARER, by=Pseudonyms(b"another key")) != ""


def test_without_a_key_all_callers_are_one() -> None:
    assert named(BEARER, by=NAMELESS) == named(by=NAMELESS) == ""


def test_neither_the_credential_nor_the_key_is_in_a_name_or_shown() -> None:
    assert traces("sk-1", named(BEARER).encode()) == []
    assert "key" not in repr(OURS)
    assert OURS.of(Wishes()) == ""
