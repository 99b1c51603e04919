"""What people are told of what a student reads."""

from shadowbert.flow.scope import foreign, reads


def test_a_student_of_before_says_nothing() -> None:
    assert (reads({}), foreign({})) == ("", "")


def test_a_few_foreign_texts_are_no_warning() -> None:
    assert foreign({"foreign": 0.04}) == ""
    assert foreign({"foreign": 0.05}).startswith("about 5 % of the examples are in no language")
