from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.curation.near import ALIKE, GROUP, WORDS, alike, elders, shingles

WORD = st.sampled_from(["card", "lost", "my", "the", "pin", "new", "old", "pay", "top", "up"])
TEXTS = st.lists(st.lists(WORD, max_size=8).map(" ".join), max_size=30)


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


@given(texts=TEXTS)
def test_every_text_is_with_the_eldest_it_is_like_and_with_no_other(texts: list[str]) -> None:
    """Against every pair, one by one."""
    found = elders(texts)
    sizes: Counter[int] = Counter()
    for place, text in enumerate(texts):
        like = {found[p] for p in range(place) if jaccard(text, texts[p]) >= ALIKE and sizes[found[p]] < GROUP}
        assert found[place] == min(like, default=place)
        sizes[found[place]] += 1


@given(texts=TEXTS, later=TEXTS)
def test_what_comes_later_moves_nothing(texts: list[str], later: list[str]) -> None:
    assert elders([*texts, *later])[: len(texts)] == elders(texts)


def test_one_word_in_ten_may_differ() -> None:
    ten = "I would like to know where my new card is"
    assert elders([ten, ten.replace("new", "black")]) == [0, 0]
    assert elders([ten, ten.replace("new", "black").replace("would", "should")]) == [0, 1]


def test_spelling_is_no_difference() -> None:
    assert elders(["Where is my card?", "where is MY card", "where's my card", "\uff57here is my  card"]) == [
        0,
        0,
        2,
        0,
    ]


def test_texts_without_words_are_like_themselves_only() -> None:
    assert elders(["", "?", "\U0001f642", " ? ", ""]) == [0, 1, 2, 1, 0]


def test_scripts_without_spaces_are_read_by_the_character() -> None:
    asked = "我的银行卡丢了请问现在应该怎么办"
    assert elders([asked, asked + "呢", "我想查询余额"]) == [0, 0, 2]


def test_a_newcomer_between_two_groups_goes_with_the_eldest_and_moves_nothing() -> None:
    one, other = "a b c d e f g h", "a b c d e f g h i j k l"
    between = "a b c d e f g h i j"
    assert not alike(shingles(one), shingles(other))
    assert elders([one, other, between]) == [0, 1, 0]
    assert elders([other, one, between]) == [0, 1, 0]


def test_a_log_that_is_all_alike_can_still_be_split() -> None:
    frame = "please say of the following number whether it is odd or even"
    sizes = Counter(elders(f"{frame} {n}" for n in range(400)))
    assert max(sizes.values()) == GROUP
    assert len(sizes) >= 400 / GROUP


def test_long_texts_are_read_so_far() -> None:
    words = [f"w{n}" for n in range(5_000)]
    found = shingles(" ".join(words))
    assert len(found) == 2 * WORDS - 1
    assert elders([" ".join(words), " ".join(words[:WORDS])]) == [0, 0]
