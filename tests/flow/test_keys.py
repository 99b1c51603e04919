"""What a policy's values may be, in words that name the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.policy import KEYS
from shadowbert.domain.task import Policy
from shadowbert.errors import UnfitValue
from shadowbert.flow.keys import READERS, in_words, read

KIND = Contract((Field(("kind",), ("ham", "spam")),), "c1:")
BOTH = Contract((Field(("kind",), ("ham", "spam")), Field(("mood",), ("a=b", "ham"))), "c1:")


@pytest.mark.parametrize(
    ("key", "said", "value"),
    [
        ("target", "0.97", 0.97),
        ("target", " 97 % ", 0.97),
        ("target", 0.97, 0.97),
        ("alpha", "1%", 0.01),
        ("audit_rate", 1, 1.0),
        ("audit_rate", "0.01", 0.01),
        ("min_rows", "300", 300),
        ("min_hours", 24, 24),
        ("autopilot", "ask", False),
        ("autopilot", True, True),
        ("gate_on", "people", "people"),
        ("unaudited_hours", "0", 0),
        ("unaudited_hours", 8760, 8760),
        ("target", None, None),
    ],
)
def test_what_a_value_may_be(key: str, said: object, value: object) -> None:
    (found,) = read({key: said}, [KIND]).values()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "said", "told"),
    [
        ("target", "1", "target must lie between 0.5 and 0.999, and is said to be '1'"),
        ("target", "nan", "target must lie between"),
        ("target", "95", "target must lie between"),
        ("target", True, "target must lie between"),
        ("audit_rate", "0.5%", "audit_rate must lie between 0.01 and 1,"),
        ("alpha", 0, "alpha must lie between"),
        ("min_rows", "1.5", "min_rows must be a whole number from 1 to 1,000,000, and is said to be '1.5'"),
        ("min_hours", 25, "min_hours must be a whole number from 0 to 24"),
        ("autopilot", "off", "autopilot must be on or ask, and is said to be 'off'"),
        ("gate_on", "nobody", "gate_on must be teacher or people, and is said to be 'nobody'"),
        ("gate_on", 1, "gate_on must be teacher or people"),
        ("unaudited_hours", -1, "unaudited_hours must be a whole number from 0 to 8,760"),
        ("always_llm", 3, "always_llm must be a list of field=label"),
        ("tarqet", "0.9", "a policy has no 'tarqet'; it has target, alpha,"),
    ],
)
def test_what_it_may_not_be(key: str, said: object, told: str) -> None:
    with pytest.raises(UnfitValue) as refused:
        read({key: said}, [KIND])
    assert str(refused.value).startswith(told)


def test_labels_are_looked_up_in_every_version_s_contract() -> None:
    said = {"always_llm": "kind=spam\n\nmood=a=b\nkind=spam"}
    assert read(said, [KIND, BOTH]) == {"always_llm": ("kind=spam", "mood=a=b")}
    with pytest.raises(UnfitValue, match=r"always_llm: there is no 'mood=a=b'; the answers are kind=ham, kind=spam$"):
        read(said, [KIND])


def test_a_label_alone_will_do_where_there_is_one_field() -> None:
    assert read({"always_llm": ["spam"]}, [KIND]) == {"always_llm": ("kind=spam",)}
    with pytest.raises(UnfitValue, match="there is no 'spam'"):
        read({"always_llm": ["spam"]}, [BOTH])


@given(key=st.sampled_from(KEYS), said=st.text() | st.floats() | st.integers() | st.none() | st.lists(st.integers()))
def test_any_nonsense_is_refused_and_never_a_fault(key: str, said: object) -> None:
    try:
        value = read({key: said}, [KIND])[key]
    except UnfitValue:
        return
    assert value is None or READERS[key](key, value) == value


def test_every_key_has_a_reader_and_words() -> None:
    assert set(READERS) == set(KEYS)
    words = {key: in_words(key, Policy(autopilot=False, always_llm=("a=b", "c=d"))) for key in KEYS}
    assert words == {
        "target": "95 %", "alpha": "5 %", "audit_rate": "5 %", "min_rows": "100", "min_hours": "0", "autopilot": "ask",
        "gate_on": "teacher", "unaudited_hours": "24", "always_llm": "a=b, c=d",
    }  # fmt: skip
