import pytest

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
