import pytest

from tests.clients.environments import Library
from tests.clients.matrix import Verdict
from tests.clients.report import README, replaced, table

LIBRARIES = [Library("a", "a.py", pip=("a==1",)), Library("b", "b.py")]
CELLS = [
    Verdict("a", "parse", "student", "student"),
    Verdict("a", "batch", "llm:tools", "llm:tools"),
    Verdict("a", "lists", "llm:tools", "llm:tools"),
    Verdict("a", "stream", "llm:unsure", "student"),
]


def test_a_row_counts_and_names_what_the_student_did_not_answer() -> None:
    rows = table(LIBRARIES, CELLS).splitlines()[2:]
    assert rows == ["| a (`a==1`) | 4 | 1 | **fails** (`llm:unsure`): stream; `llm:tools`: batch, lists |"]


def test_an_answer_that_came_out_wrong_is_no_answer_of_the_students() -> None:
    wrong = [Verdict("b", "parse", "student", "student", fault="ValueError: no")]
    assert table(LIBRARIES, wrong).splitlines()[2:] == ["| b | 1 | 0 | **fails** (`student`): parse |"]


def test_the_readme_has_one_place_for_each_table() -> None:
    text = README.read_text("utf-8")
    for name in ("compatibility", "suites"):
        again = replaced(text, name, "| new |\n")
        assert again.count("| new |") == 1
        assert replaced(again, name, "| newer |\n").count("| new |") == 0
    with pytest.raises(ValueError, match="no place"):
        replaced(text, "nothing", "")
