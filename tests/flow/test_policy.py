import pytest

from shadowbert.domain.task import StageTable
from shadowbert.flow.policy import AnswerPolicy


@pytest.mark.parametrize(
    ("policy", "checked"),
    [
        (AnswerPolicy(), {"", "west"}),
        (AnswerPolicy(keyless=frozenset({"west"})), {""}),
        (AnswerPolicy(keyless=frozenset({""})), {"west"}),
        (AnswerPolicy(checks_keys=False), set()),
    ],
)
def test_keys_are_checked_unless_the_upstream_is_declared_open(policy: AnswerPolicy, checked: set[str]) -> None:
    assert {name for name in ("", "west") if policy.checks(name)} == checked


@pytest.mark.parametrize(
    ("looked", "age", "watched"),
    [
        (1_000.0, 0.0, True),
        (401.0, 0.0, True),
        (400.0, 0.0, False),
        (None, 0.0, False),
        (1_000.0, 30.0, False),
        (1_003.0, 0.0, True),
        (1_000.0 + 86_400, 0.0, False),
    ],
    ids=["now", "lately", "long ago", "never", "stale mirror", "hosts a little apart", "a clock was set back"],
)
def test_watched_while_somebody_looks(looked: float | None, age: float, watched: bool) -> None:
    said = AnswerPolicy(mirror_age=30, gate_age=600).unwatched(StageTable((), 1, looked), age=age, now=1_000.0)
    assert (said == "") is watched
