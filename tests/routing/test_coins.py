from hypothesis import given
from hypothesis import strategies as st

from shadowbert.routing.coins import Coins

RATES = st.floats(0, 1)
COINS = Coins(b"secret")


@given(st.text(), st.text(), RATES)
def test_a_coin_falls_the_same_way_everywhere(one: str, other: str, rate: float) -> None:
    again = Coins(b"secret")
    assert COINS.audited(one, rate) == again.audited(one, rate)
    assert COINS.in_share(one, other, rate) == again.in_share(one, other, rate)


@given(st.text(), st.text(), RATES, RATES)
def test_a_text_once_in_the_share_stays_in_a_larger_one(version: str, text: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert COINS.in_share(version, text, small) <= COINS.in_share(version, text, large)


@given(st.text(), st.text())
def test_none_and_all_are_certain(one: str, other: str) -> None:
    assert not COINS.audited(one, 0.0)
    assert COINS.audited(one, 1.0)
    assert not COINS.in_share(one, other, 0.0)
    assert COINS.in_share(one, other, 1.0)


def test_the_rate_is_the_rate() -> None:
    """20,000 tosses at 5 %: five standard deviations are 154."""
    audits = sum(COINS.audited(f"exchange-{i}", 0.05) for i in range(20_000))
    shares = sum(COINS.in_share("v1", f"i1:{i}", 0.05) for i in range(20_000))
    assert abs(audits - 1000) < 154
    assert abs(shares - 1000) < 154


def test_the_coins_know_nothing_of_each_other() -> None:
    """Of 20,000 tosses at one half, both fall alike in half: five standard deviations are 354."""
    names = [str(i) for i in range(20_000)]
    pairs = [
        (COINS.audited, Coins(b"other").audited),
        (COINS.audited, lambda name, rate: COINS.in_share("v1", name, rate)),
        *[(lambda n, r: COINS.in_share("v1", n, r), lambda n, r: COINS.in_share("v2", n, r))],
    ]
    for one, other in pairs:
        alike = sum(one(name, 0.5) == other(name, 0.5) for name in names)
        assert abs(alike - 10_000) < 354
