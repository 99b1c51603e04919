"""Collect and found on a real store, over exchanges with OpenAI's own JSON in them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from shadowbert.domain.exchange import CallNote, Exchange, Outcome
from shadowbert.domain.records import CallRow, VersionRow
from shadowbert.domain.route import Decider
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.errors import StoreError
from shadowbert.flow.collect import Collect
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.calls import AUDITED, ESCALATED, SERVED, a_call, a_known_call, answered, asked, texts
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER

AT = 1_760_000_000.0
OTHER_SYSTEM = "How urgent is what follows? Take anything about stolen money as a card problem, all else as a transfer."


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


def put(collect: Collect, exchanges: Sequence[Exchange]) -> None:
    """Load these and let collect read them all."""
    sink = StoreSink(collect.ledger)  # type: ignore[arg-type]
    start = sink.offset("s")
    sink.load("s", start=start, end=start + len(exchanges), exchanges=exchanges)
    while collect.step():
        pass
    collect.step()


def versions(collect: Collect) -> list[VersionRow]:
    with collect.ledger.read() as work:
        return work.tasks.versions()


def calls(collect: Collect, version: VersionRow) -> list[CallRow]:
    with collect.ledger.read() as work:
        return work.calls.after(version.id, 0, limit=10_000)


def founded(collect: Collect) -> VersionRow:
    """The version that 20 calls of the bank's task make."""
    put(collect, [a_call(text) for text in texts(20)])
    (version,) = versions(collect)
    return version


def test_nineteen_prompts_are_no_task_and_twenty_are(collect: Collect) -> None:
    prompts = texts(20)
    put(collect, [a_call(text) for text in prompts[:19]])
    assert versions(collect) == []
    put(collect, [a_call(prompts[19])])
    (version,) = versions(collect)
    assert (version.task, version.teacher, version.stage) == ("banking-intent", TEACHER, Stage.COLLECTING)
    assert version.skeleton == Skeleton((SkeletonMessage("system", (SYSTEM,)), SkeletonMessage("user", ("", ""))))
    assert version.contract == read_contract(SCHEMA)


@dataclass
class Refusing:
    """A store that refuses to commit so many writes once a version was founded."""

    store: Store
    refusals: int = 1

    def read(self) -> AbstractContextManager[Any]:
        return self.store.read()

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self.store.write() as work:
            yield work
            if self.refusals and work.tasks.versions():
                self.refusals -= 1
                raise StoreError("the disk is full")


def test_a_version_that_was_not_committed_is_known_to_nobody(sqlite_store: Store) -> None:
    """Else its calls would be kept as those of a version that there is not: a store refuses that for ever."""
    collect = Collect(Refusing(sqlite_store), lambda: AT)
    StoreSink(sqlite_store).load("s", start=0, end=1, exchanges=[a_call(text) for text in texts(20)])
    with pytest.raises(StoreError, match="the disk is full"):
        collect.step()
    assert versions(collect) == []
    StoreSink(sqlite_store).load("s", start=1, end=2, exchanges=[a_call(text) for text in texts(25)[20:]])
    while collect.step():
        pass
    (version,) = versions(collect)
    assert [row.input for row in calls(collect, version)] == texts(25)


def test_prompts_are_counted_distinct(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(19) for _ in range(2)])
    assert versions(collect) == []


def test_the_calls_that_founded_a_version_are_its_first_examples_but_no_evidence(collect: Collect) -> None:
    version = founded(collect)
    rows = calls(collect, version)
    assert [row.input for row in rows] == texts(20)
    assert {row.answer for row in rows} == {(1,)}
    assert not any(row.eligible for row in rows)
    with collect.ledger.read() as work:
        assert work.calls.stray_groups(at_least=1) == {}


def test_later_calls_join_the_version(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "Where is my transfer?", "transfer"), a_call("A new card, please")])
    noted, unnoted = calls(collect, version)[20:]
    assert (noted.input, noted.input_hash, noted.answer) == (
        "Where is my transfer?",
        input_hash("where is my transfer?"),
        (2,),
    )
    assert (noted.eligible, noted.decider, unnoted.eligible) == (True, Decider.STAGE, False)


def test_what_the_web_noted_of_another_version_is_no_evidence_here(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call("another", "Where is my transfer?")])
    assert not calls(collect, version)[-1].eligible


def test_each_exchange_is_read_once(collect: Collect, sqlite_store: Store) -> None:
    version = founded(collect)
    assert collect.step() == 0
    again = Collect(sqlite_store, lambda: AT)
    assert again.step() == 0
    put(again, [a_call("one more")])
    assert len(calls(collect, version)) == 21


def test_a_crash_before_the_mark_moves_doubles_nothing(collect: Collect) -> None:
    version = founded(collect)
    with collect.ledger.write() as work:
        work.marks.set("collect", seq=0)
    put(collect, [])
    assert len(calls(collect, version)) == 20
    assert len(versions(collect)) == 1


UNFIT: dict[str, dict[str, Any]] = {
    "by_student": {"route": SERVED},
    "upstream_error": {"status": 429, "outcome": Outcome.UPSTREAM_ERROR, "response_body": b'{"error":{}}'},
    "client_gone": {"outcome": Outcome.CLIENT_GONE, "response_body": answered("card")[:60]},
    "broken_off": {"outcome": Outcome.TRUNCATED, "response_body": answered("card")[:60]},
    "content_filter": {"response_body": answered("card", finish="content_filter")},
    "truncated": {"response_body": answered("card", text='{"lab', finish="length")},
    "invalid_against_schema": {"response_body": answered("mortgage")},
    "refusal": {"response_body": answered("card").replace(b'"refusal":null', b'"refusal":"I cannot"')},
}


@pytest.mark.parametrize("reason", UNFIT)
def test_nothing_is_learnt_from(collect: Collect, reason: str) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now", **UNFIT[reason])])
    row = calls(collect, version)[-1]
    assert (row.answer, row.unfit, row.eligible) == (None, reason, True)


@pytest.mark.parametrize("route", [AUDITED, ESCALATED])
def test_the_teacher_teaches_whoever_asked_it(collect: Collect, route: Any) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "what now", "account", route=route)])
    row = calls(collect, version)[-1]
    assert (row.answer, row.unfit, row.decider, row.p_llm) == ((0,), None, route.decider, route.p_llm)


def test_calls_whose_bodies_are_gone_or_foreign_are_passed_over(collect: Collect) -> None:
    version = founded(collect)
    plain = asked("hello", response_format={"type": "text"})
    put(collect, [a_call("x", request_body=None), a_call("x", request_body=b"["), a_call("x", request_body=plain)])
    put(collect, [a_known_call(version.id, "no reply kept", response_body=None), an_exchange()])
    assert [row.unfit for row in calls(collect, version)[20:]] == ["broken_off"]


def test_the_teachers_signature_is_kept(collect: Collect) -> None:
    version = founded(collect)
    put(collect, [a_known_call(version.id, "hi", response_body=answered("card", model="gpt-4o-2025-11-20"))])
    assert versions(collect)[0].reply_model == "gpt-4o-2025-11-20"
    with collect.ledger.read() as work:
        assert work.marks.seq(version.id) == 21, "from here on the gate asks for more audits"


@pytest.mark.parametrize(
    ("name", "schema", "task"),
    [
        ("SupportTicketTriage", SCHEMA, "support-ticket-triage"),
        ("response", SCHEMA, "label"),
        (
            "final_result",
            {**SCHEMA, "properties": {"is_spam": {"type": "boolean"}}, "required": ["is_spam"]},
            "is-spam",
        ),
    ],
)
def test_a_task_is_called_what_its_schema_is_called(collect: Collect, name: str, schema: Any, task: str) -> None:
    reply = answered("card") if schema is SCHEMA else answered("", text='{"is_spam":true}')
    asks = [a_call(t, request_body=asked(t, name=name, schema=schema), response_body=reply) for t in texts(20)]
    put(collect, asks)
    assert [version.task for version in versions(collect)] == [task]


@pytest.mark.parametrize("by", ["header", "metadata"])
def test_an_explicit_name_wins_and_tells_tasks_apart(collect: Collect, by: str) -> None:
    def named(text: str, task: str) -> Exchange:
        if by == "header":
            return a_call(text, explicit_task=task)
        return a_call(text, request_body=asked(text, metadata={"task": task}))

    put(collect, [named(text, task) for text in texts(19) for task in ("triage", "routing")])
    assert versions(collect) == []
    put(collect, [named("the twentieth is mine", task) for task in ("triage", "routing")])
    assert sorted(version.task for version in versions(collect)) == ["routing", "triage"]
    put(collect, [named("a later one", "routing")])
    assert {v.task: len(calls(collect, v)) for v in versions(collect)} == {"triage": 20, "routing": 21}


@pytest.mark.parametrize("name", ["x" * 5000, "\0 odd", "  "])
def test_any_explicit_name_can_be_kept(collect: Collect, name: str) -> None:
    put(collect, [a_call(text, explicit_task=name) for text in texts(20)])
    assert len(versions(collect)) == 1


def test_another_model_founds_a_sibling_version(collect: Collect) -> None:
    first = founded(collect)
    put(collect, [a_call(text, request_body=asked(text, model="gpt-5-mini")) for text in texts(20, about="a loan")])
    _, second = versions(collect)
    assert (second.task_id, second.teacher, second.id != first.id) == (first.task_id, "gpt-5-mini", True)
    assert len(calls(collect, first)) == len(calls(collect, second)) == 20


def with_labels(*labels: str) -> dict[str, object]:
    return {**SCHEMA, "properties": {"label": {"type": "string", "enum": list(labels)}}}


def test_a_label_more_founds_a_sibling_version(collect: Collect) -> None:
    first = founded(collect)
    schema = with_labels("account", "card", "transfer", "loan")
    put(collect, [a_call(text, request_body=asked(text, schema=schema)) for text in texts(20, about="a loan")])
    assert [version.task_id for version in versions(collect)] == [first.task_id] * 2


@pytest.mark.parametrize("where", ["schema", "beside"])
def test_a_changed_description_founds_a_sibling_version(collect: Collect, where: str) -> None:
    def worded(text: str, description: str) -> Exchange:
        schema = SCHEMA | ({"description": description} if where == "schema" else {})
        holder = {"name": "banking_intent", "schema": schema}
        holder |= {"description": description} if where == "beside" else {}
        return a_call(text, request_body=asked(text, response_format={"type": "json_schema", "json_schema": holder}))

    first = founded(collect)
    for description in ("Cards first.", "Stolen money is a card problem."):
        put(collect, [worded(text, description) for text in texts(20, about="a loan")])
    _, second, third = versions(collect)
    assert {v.task_id for v in (second, third)} == {first.task_id}
    assert {v.contract for v in (second, third)} == {first.contract}
    assert (first.wording, len({first.wording, second.wording, third.wording})) == ("", 3)
    assert [len(calls(collect, version)) for version in versions(collect)] == [20, 20, 20]
    put(collect, [worded("one more", "Cards first."), a_call("and one more")])
    assert [len(calls(collect, version)) for version in versions(collect)] == [21, 21, 20]


def test_calls_of_several_wordings_found_nothing_together(collect: Collect) -> None:
    put(
        collect,
        [
            a_call(text, request_body=asked(text, schema=SCHEMA | {"description": f"Wording {n % 2}."}))
            for n, text in enumerate(texts(38))
        ],
    )
    assert versions(collect) == []


def test_other_labels_are_another_task(collect: Collect) -> None:
    first = founded(collect)
    schema = with_labels("calm", "angry")
    put(collect, [a_call(text, "calm", request_body=asked(text, schema=schema)) for text in texts(20)])
    _, second = versions(collect)
    assert (second.task, second.task_id != first.task_id) == ("banking-intent-2", True)


def test_tenants_share_nothing(collect: Collect) -> None:
    first = founded(collect)
    put(collect, [a_call(text, tenant="other") for text in texts(20)])
    _, second = versions(collect)
    assert (second.tenant, second.task, second.task_id != first.task_id) == ("other", first.task, True)
    assert len(calls(collect, first)) == 20


@pytest.mark.parametrize("preamble", ["", "You are a helpful assistant of a bank. "])
def test_a_mixture_of_two_instructions_is_two_tasks(collect: Collect, preamble: str) -> None:
    mixed = [
        a_call(text, request_body=asked(text, system=preamble + system))
        for text in texts(30)
        for system in (SYSTEM, OTHER_SYSTEM)
    ]
    put(collect, mixed)
    assert sorted(v.skeleton.messages[0].statics for v in versions(collect)) == sorted(
        [(preamble + SYSTEM,), (preamble + OTHER_SYSTEM,)]
    )
    assert [len(calls(collect, version)) for version in versions(collect)] == [30, 30]


def test_a_date_in_the_instructions_makes_no_second_task(collect: Collect) -> None:
    long = f"{SYSTEM} Be brief, answer with one label only, and never with a question of your own. Today is"
    put(
        collect,
        [a_call(t, request_body=asked(t, system=f"{long} 2025-11-{11 + n % 2}.")) for n, t in enumerate(texts(50))],
    )
    (version,) = versions(collect)
    assert len(calls(collect, version)) == 50


def test_an_input_in_the_system_message_is_found(collect: Collect) -> None:
    def inside(text: str) -> bytes:
        return asked("", messages=[{"role": "system", "content": f"Classify this message:\n{text}\nThe label is:"}])

    put(collect, [a_call(text, request_body=inside(text)) for text in texts(20)])
    (version,) = versions(collect)
    assert [row.input for row in calls(collect, version)] == texts(20)


def test_conversations_and_tools_found_nothing(collect: Collect) -> None:
    def chat(text: str) -> list[dict[str, str]]:
        return [
            {"role": "user", "content": text},
            {"role": "assistant", "content": text},
            {"role": "user", "content": text},
        ]

    put(collect, [a_call(t, request_body=asked(t, messages=chat(t))) for t in texts(25)])
    put(collect, [a_call(t, request_body=asked(t, n=2)) for t in texts(25)])
    assert versions(collect) == []


def test_a_nul_in_an_input_stops_nobody(collect: Collect) -> None:
    version = founded(collect)
    note = CallNote(version.id, "a\0b", input_hash("a\0b"), eligible=True)
    put(collect, [a_known_call(version.id, "a\0b", call=note), a_known_call(version.id, "the next")])
    assert [row.input for row in calls(collect, version)[20:]] == ["a\N{REPLACEMENT CHARACTER}b", "the next"]


def test_only_the_latest_strays_wait(collect: Collect) -> None:
    collect._finder.most = 30
    odd = [a_call("", request_body=asked("", messages=[{"role": "user", "content": "the same"}])) for _ in range(80)]
    put(collect, odd)
    put(collect, odd[:1])
    with collect.ledger.read() as work:
        assert list(work.calls.stray_groups(at_least=1).values()) == [30]


def test_what_upstream_refused_founds_no_task(collect: Collect) -> None:
    """Anybody can send it: a stranger must not name tasks, or add versions to one."""
    founded(collect)
    refused = {"status": 401, "outcome": Outcome.UPSTREAM_ERROR, "response_body": b'{"error":{}}'}
    evil = [(text, asked(text, system="Be evil.")) for text in texts(30)]
    put(collect, [a_call(t, explicit_task="banking-intent", request_body=body, **refused) for t, body in evil])
    assert len(versions(collect)) == 1
