"""What a caller's texts may be, on the real tree: two in one prompt, long ones, too long ones."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from shadowbert.bert.serving.artifact import Manifest, open_artifact
from shadowbert.bert.serving.reader import Reader
from shadowbert.domain.student import Guess
from shadowbert.domain.template import SLOT_SEPARATOR
from shadowbert.worker.shelf import StudentShelf
from tests.bert.checkpoints import make_checkpoint
from tests.e2e.calls import LABELS, MODEL, NOUNS, SCHEMA, topic_of
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import EXAMPLES, answered, cut_over, look, settings, students, teach
from tests.e2e.tree import Tree, planted, until

TASK = "letters"
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": TASK, "strict": True, "schema": SCHEMA}}
MAX_TOKENS = 40
LONG = 60
"""Words: more than the student reads, and a length that it was judged on."""
_SMALL_TALK = ("hello", "thanks", "today", "again", "waiting", "kindly", "the", "shop", "since", "regards")


def subject(n: int) -> str:
    nouns = NOUNS[topic_of(n)]
    return f"About my {nouns[n // 3 % len(nouns)]}, case {10_000 + n}"


def body(n: int, words: int) -> str:
    """Small talk, with a word of another topic than the subject's: no sure thing for whoever takes the two for one."""
    talk = [_SMALL_TALK[(n + step * step) % len(_SMALL_TALK)] for step in range(words)]
    others = NOUNS[topic_of(n + 1 + n % 2)]
    return " ".join([*talk, others[n // 3 % len(others)]])


def letter(n: int) -> tuple[str, str]:
    """Letter n; one in five is long."""
    return subject(n), body(n, LONG if n % 5 == 4 else 4 + n % 7)


def taught(n: int) -> str:
    """What the teacher said of letter n. One in ten is a slip, so that no student is ever quite sure."""
    return topic_of(n + (n % 10 == 3))


def asked(first: str, second: str) -> dict[str, Any]:
    prompt = [
        {"role": "system", "content": "Sort a shop's letters by their topic."},
        {"role": "user", "content": f"Subject: {first}\n\nLetter: {second}\n\nWhich topic is it?"},
    ]
    return {"model": MODEL, "messages": prompt, "response_format": FORMAT}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, api: Api) -> Iterator[Tree]:
    """Live, with a student of pairs on a tiny encoder."""
    folder = tmp_path_factory.mktemp("letters")
    (folder / "encoder").mkdir()
    letters = [letter(n) for n in range(EXAMPLES)]
    encoder = make_checkpoint(folder / "encoder", "bert", [" ".join(texts) for texts in letters])
    given = settings(folder / "data", encoder=str(encoder), max_tokens=MAX_TOKENS)
    logged = [answered(asked(*texts), {"topic": taught(n)}, n) for n, texts in enumerate(letters)]
    assert teach(given, logged).skeleton.counts == 2
    cut_over(folder / "data", TASK)
    look(folder / "data")
    plain = QUICK | NO_TRAINING | {"policy.audit_rate": 0.01}
    with planted(Tree(folder / "data", api.url, plain, ("--no-worker",))) as live:
        yield live


def manifest(tree: Tree) -> Manifest:
    (artifact,) = students(tree.data_dir)
    return open_artifact(artifact).manifest


def guess(tree: Tree, first: str, second: str) -> Guess:
    """What the student says of the two texts by itself."""
    (artifact,) = students(tree.data_dir)
    return StudentShelf(tree.data_dir).guess("one", f"students/{artifact.name}", f"{first}{SLOT_SEPARATOR}{second}")


def reaches(caller: openai.OpenAI, letters: Iterator[tuple[str, str]], route: str) -> tuple[str, str, Any]:
    """The first letter that goes this way, and its reply: of a hundred calls one is an audit."""
    seen: list[str] = []

    def asks() -> Any:
        first, second = next(letters)
        raw = caller.chat.completions.with_raw_response.create(**asked(first, second))
        source, reason = raw.headers["x-shadowbert-source"], raw.headers["x-shadowbert-reason"]
        seen.append("student" if source == "student" else f"llm:{reason}")
        return (first, second, raw) if seen[-1] == route else None

    found: tuple[str, str, Any] = until(asks, seconds=10.0, told=lambda: seen)
    return found


def test_two_texts_in_one_prompt_are_read_as_a_pair(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    assert manifest(tree).pairs
    for topic in LABELS:
        letters = ((subject(n), body(n, 8)) for n in numbers if topic_of(n) == topic)
        first, second, raw = reaches(caller, letters, "student")
        own = guess(tree, first, second)
        assert json.loads(raw.parse().choices[0].message.content or "") == {"topic": LABELS[own.answer[0]]}
        assert float(raw.headers["x-shadowbert-confidence"]) == pytest.approx(own.joint, abs=1e-4)
        assert 1 / len(LABELS) < own.joint < 0.999, "a number that tells whether the same was read"


def test_a_long_letter_of_a_length_that_was_judged_is_answered(
    tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    told = manifest(tree)
    letters = ((subject(n), body(n, LONG)) for n in numbers)
    first, second, raw = reaches(caller, letters, "student")
    text = f"{first}{SLOT_SEPARATOR}{second}"
    assert len(text) <= told.longest
    (artifact,) = students(tree.data_dir)
    reader = Reader(open_artifact(artifact).read("tokenizer.json"), max_tokens=10_000, pairs=True)
    assert len(reader(text)) > told.max_tokens == MAX_TOKENS, "only head and tail of it are read"
    assert json.loads(raw.parse().choices[0].message.content or "")["topic"] in LABELS


def test_a_letter_longer_than_any_that_was_judged_goes_to_the_llm(
    tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    letters = ((subject(n), body(n, 3 * LONG)) for n in numbers)
    first, second, raw = reaches(caller, letters, "llm:input_too_long")
    assert len(f"{first}{SLOT_SEPARATOR}{second}") > manifest(tree).longest
    assert raw.parse().choices[0].message.content, "and is answered there"
