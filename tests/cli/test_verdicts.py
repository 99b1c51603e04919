"""`shadowbert verdicts`."""

from shadowbert.domain.task import Stage
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.cli.conftest import Shell
from tests.store.test_unanswered import left_alone


def judged(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=28, disagree=2)
    line.move(Stage.SHADOW)


def test_a_forced_cutover_and_its_end(shell: Shell, line: Lineage) -> None:
    judged(line)
    shell("cutover", "bank", "--force", "--share=0.25", "--why=the launch")
    shell("rollback", "bank")
    text = shell("verdicts", "bank").stdout
    for said in (
        "collecting -> shadow  step (pass)  by gate",
        "shadow -> canary 25% forced  promote (inconclusive)  by ",
        "  Cut over by ",
        "  why: the launch",
        "  missing: about ",
        "  agree 28, disagree 2, calls 30",
        "canary -> shadow held  demote (inconclusive)  by ",
    ):
        assert said in text
    assert "asked for" not in text, "no reason is none"


def test_as_json_with_all_that_a_replay_needs(shell: Shell, line: Lineage) -> None:
    judged(line)
    shell("cutover", "bank", "--force")
    first, second = shell.json("verdicts", "bank")
    assert (first["stage_before"], first["stage_after"], first["epoch"], first["by"]) == (
        "collecting", "shadow", 1, "gate",
    )  # fmt: skip
    assert (second["move"], second["ruling"], second["stage_after"], second["share"]) == (
        "promote", "inconclusive", "live", 1.0,
    )  # fmt: skip
    assert (second["forced"], second["held"], second["champion"]) == (True, False, line.now.candidate_id)
    assert second["numbers"]["agree"] == 28.0
    assert second["seq"] == line.now.stage_seq


def test_versions_are_told_apart(shell: Shell, line: Lineage) -> None:
    assert shell("verdicts", "bank").stdout == "Nothing has been decided on task bank yet.\n"
    newer = found(line.store, task_id=line.now.task_id, created_at=NOW + 1)
    shell("pause", "bank")
    text = shell("verdicts", "bank").stdout
    assert f"version {line.version_id}" in text
    assert f"version {newer.version_id}" in text
    assert [row["version"] for row in shell.json("verdicts", "bank")] == [line.version_id, newer.version_id]


def test_that_nobody_checks_is_marked(shell: Shell, store: Store, line: Lineage) -> None:
    left_alone(store, line)
    shell("unaudited", "bank", "--freeze")
    text = shell("verdicts", "bank").stdout
    assert "live -> live unaudited  " in text
    assert "live -> live frozen  " in text


def test_an_unknown_task(shell: Shell, line: Lineage) -> None:
    assert shell.refused("verdicts", "bnak") == "no task is called 'bnak'; known tasks: bank"
