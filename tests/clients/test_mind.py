import pytest

from shadowbert.domain.contract import Contract, Field
from tests.clients.drivers.common import SCHEMA, contrary, message, truth
from tests.clients.mind import Contrarian, speaker, teacher

TEXT = message(100_004)
SAID = truth(TEXT)


def test_the_teacher_fills_any_shape() -> None:
    mail = {"$ref": "#/$defs/Mail"}
    defs = {"Mail": SCHEMA, "Topic": {"anyOf": [{"const": "billing"}, {"const": "delivery"}, {"const": "login"}]}}
    nested = {"$defs": defs, "properties": {"mails": {"type": "array", "items": mail}, "why": {"type": "string"}}}
    assert teacher(TEXT, SCHEMA) == SAID
    assert teacher(TEXT, {}) == SAID
    assert teacher(TEXT, nested) == {"mails": [SAID], "why": "Some words."}
    union = {"$defs": defs, "properties": {"result": {"$ref": "#/$defs/Topic"}}}
    assert teacher(TEXT, union) == {"result": SAID["topic"]}


@pytest.mark.parametrize(
    ("told", "begins"),
    [
        ("", str(SAID["topic"])),
        ("Answer in JSON.", "{"),
        ("Answer with a ```json codeblock.", "```json\n{"),
        ("End with [[ ## completed ## ]].", "[[ ## topic ## ]]\n"),
        ("<urgent>\n{urgent}\n</urgent>", "<topic>\n"),
    ],
)
def test_the_teacher_speaks_as_the_prompt_says(told: str, begins: str) -> None:
    assert speaker(f"{told}\n{TEXT}").startswith(begins)


async def test_the_student_contradicts_in_any_contract() -> None:
    student, other = Contrarian(), contrary(TEXT)
    topic, urgent = Field(("topic",), ("billing", "delivery", "login")), Field(("urgent",), (False, True))
    student.contracts["s"] = Contract((topic, urgent), "c")
    guess = await student.predict("s", TEXT, deadline_ms=1)
    assert (topic.labels[guess.answer[0]], urgent.labels[guess.answer[1]]) == (other["topic"], other["urgent"])
    listed = Contract(tuple(Field(("topics", f"[{label}]"), (False, True)) for label in topic.labels), "l")
    student.contracts["l"] = listed
    members = (await student.predict("l", TEXT, deadline_ms=1)).answer
    assert [label for label, member in zip(topic.labels, members, strict=True) if member] == [other["topic"]]
    assert [len(distribution) for distribution in guess.distributions] == [3, 2]
    assert [sum(distribution) for distribution in guess.distributions] == pytest.approx([1, 1])
