"""The Dockerfile reader: continuation, comments, inheritance, exec and shell form."""

import pytest

from tests.docker.dockerfile import exec_form, stages

TEXT = """
# a comment
FROM python:3.11 AS base
ENV A=1 \\
    # in between
    B="two words"
FROM base AS top
ENV A=3
COPY --from=base --chown=1 /a b /c
CMD ["x", "y"]
"""


def test_a_stage_inherits_and_overrides() -> None:
    found = stages(TEXT)
    assert list(found) == ["base", "top"]
    assert found["base"].environment == {"A": "1", "B": "two words"}
    assert found["top"].environment == {"A": "3", "B": "two words"}
    assert found["base"].last("CMD") is None


def test_words_leave_flags_out() -> None:
    (copy,) = (found for found in stages(TEXT)["top"].own if found.word == "COPY")
    assert copy.words == ["/a", "b", "/c"]
    assert copy.flag("from") == "base"
    assert copy.flag("link") is None
    assert copy.line == 9


@pytest.mark.parametrize(("text", "items"), [('["a", "b"]', ["a", "b"]), ("a b", None), ("[a]", None), ("[1]", None)])
def test_exec_form_is_a_list_of_strings(text: str, items: list[str] | None) -> None:
    assert exec_form(text) == items


@pytest.mark.parametrize("text", ["FROM x", "RUN y", "FROM a b c"])
def test_a_stage_needs_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="line 1: a stage begins with"):
        stages(text)
