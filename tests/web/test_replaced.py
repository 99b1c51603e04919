"""A student that was trained on another template never answers after the edit, as soon as the mirror has looked."""

from collections.abc import Callable
from pathlib import Path

import openai
import pytest

from shadowbert.domain.task import Stage
from shadowbert.flow.collect import Collect
from shadowbert.flow.mirror import StageMirror
from shadowbert.flow.operate import Operator
from shadowbert.flow.reshape import Reshape
from shadowbert.store.store import StoreSink
from shadowbert.testing.calls import a_known_call, asked, texts
from shadowbert.testing.factories import SYSTEM, TEACHER
from shadowbert.testing.house import House
from shadowbert.testing.lineage import NOW, Lineage
from tests.web.test_openai_client import FORMAT, prompt

MARIA = Operator("maria")
EDIT = [{"role": "system", "content": [SYSTEM]}, {"role": "user", "content": ["Text: ", {"slot": 1}]}]


class Engine:
    """Notes which students it holds."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    def load(self, student_id: str, path: Path) -> None:  # noqa: ARG002 - the port's
        self.held.add(student_id)

    def unload(self, student_id: str) -> None:
        self.held.discard(student_id)

    def loaded(self) -> frozenset[str]:
        return frozenset(self.held)

    def failures(self) -> dict[str, str]:
        return {}


@pytest.fixture
def ask(house: House, key: str) -> Callable[[str], str]:
    def one(text: str) -> str:
        with openai.OpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=0) as client:
            client.chat.completions.create(model=TEACHER, messages=prompt(text), response_format=FORMAT)
        return house.journal.rows[-1].route.label

    return one


@pytest.mark.parametrize("stage", [Stage.CANARY, Stage.LIVE])
def test_a_student_of_the_old_template_never_answers(
    stage: Stage, house: House, line: Lineage, ask: Callable[[str], str]
) -> None:
    student = line.student()
    line.move(stage, share=1.0, candidate=line.candidate(student))
    known = [a_known_call(line.version_id, text, request_body=asked(f"Text: {text}")) for text in texts(30)]
    StoreSink(line.store).load("s", start=0, end=1, exchanges=known)
    Collect(line.store, lambda: NOW).step()
    engine = Engine()
    mirror = StageMirror(line.store, engine, audit_rate=0.0)

    def look() -> None:
        mirror.refresh()
        house.stages.show(*mirror.table().versions)

    look()
    said = [ask(f"Text: {text}") for text in ("one", "two", "three")]
    assert (said, engine.held) == (["llm:unauthenticated", "student", "student"], {student.id})
    served = len(house.student.asked)
    edited = Reshape(line.store, lambda: NOW).edit("bank", MARIA, None, EDIT).version
    look()
    assert [version.id for version in mirror.table().versions] == [edited.id]
    assert engine.held == set()
    assert {ask(f"Text: {text}") for text in ("one", "two", "four")} == {"llm:collecting"}
    assert ask("no such template") == "llm:unknown_task"
    assert len(house.student.asked) == served
    row = house.journal.rows[-2]
    assert row.call is not None
    assert (row.call.version_id, row.call.input) == (edited.id, "four")
