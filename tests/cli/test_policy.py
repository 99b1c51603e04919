"""`shadowbert policy`: shown, changed, tried out."""

import pytest

from shadowbert.cli.context import operator
from shadowbert.domain.task import Stage
from shadowbert.testing.lineage import Lineage
from tests.cli.conftest import Shell


@pytest.fixture
def ready(line: Lineage) -> Lineage:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=200, unsure=50)
    line.move(Stage.SHADOW)
    return line


def test_every_value_tells_where_it_comes_from(shell: Shell, ready: Lineage) -> None:
    first, *others = shell("policy", "bank").stdout.splitlines()
    assert first.split() == ["target", "95", "%", "default"]
    assert [line.split()[0] for line in others] == [
        "alpha", "audit_rate", "min_rows", "min_hours", "autopilot", "gate_on", "unaudited_hours",
        "always_llm"
    ]  # fmt: skip
    done = shell("policy", "bank", "target=97%", "min_rows=300", "--why", "the auditors asked")
    assert done.exit_code == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert f"97 %     set by {operator('').name}, " in rows["target"]
    assert rows["target"].endswith("UTC: the auditors asked")
    assert shell.json("show", "bank")[0]["target"] == 0.97
    assert shell("policy", "bank", "--default", "target").stdout.splitlines()[0] == first
    assert "Policy changed (target 95 %, was 97 %)" in shell("show", "bank").stdout


def test_labels_are_named_once_each_and_emptied(shell: Shell, ready: Lineage) -> None:
    field = ready.now.contract.fields[0]
    names = [f"{field.name}={field.label(k)}" for k in (0, 2)]
    found = shell.json("policy", "bank", *(f"always_llm={name}" for name in names))
    assert found[-1]["set"]["value"] == names
    with ready.store.read() as work:
        (candidate,) = work.candidates.active(ready.version_id)
    assert candidate.slice.excluded == {(0, 0), (0, 2)}
    assert "never answers" not in shell("show", "bank").stdout, "they were taught well enough"
    assert shell.json("policy", "bank", "always_llm=")[-1]["words"] == "nothing"


def test_a_dry_run_tells_and_changes_nothing(shell: Shell, ready: Lineage) -> None:
    head, candidate = shell("policy", "bank", "target=0.999", "--dry-run").stdout.splitlines()
    assert head == f"bank, version {ready.version_id}: with target 99.9 %: 80 % coverage, would hold"
    assert candidate.startswith("  candidate 1: student 1, sure from 0.900, coverage 80.0 %. Not yet shown to agree")
    (told,) = shell.json("policy", "bank", "--dry-run")
    assert told["words"] == "with the policy as it is: 80 % coverage, would be promoted"
    assert shell.json("policy", "bank")[0]["set"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["target=95"], "target must lie between 0.5 and 0.999, and is said to be '95'"),
        (["target"], "'target' should be KEY=VALUE, for example target=0.97"),
        (["tarqet=0.9"], "a policy has no 'tarqet'; it has target, alpha,"),
        (["--default", "tarqet"], "a policy has no 'tarqet'"),
        (["always_llm=x=y", "--dry-run"], "always_llm: there is no 'x=y'; the answers are"),
    ],
)
def test_what_can_never_be_is_one_line_and_exit_code_2(
    words: list[str], said: str, shell: Shell, ready: Lineage
) -> None:
    assert shell.refused("policy", "bank", *words, code=2).startswith(said)


def test_what_cannot_be_now_is_exit_code_1(shell: Shell, ready: Lineage) -> None:
    assert shell.refused("policy", "bank", "alpha=0.1").startswith("alpha may not be raised any more: 1 candidate has")
    assert shell.refused("policy", "bnak", "target=0.9").startswith("no task is called 'bnak'")
