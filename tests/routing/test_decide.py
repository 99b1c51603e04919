from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Field, Fill, Unlearnable
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Champion, Guess, Slice
from shadowbert.domain.task import PublishedVersion, Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.routing.coins import Coins
from shadowbert.routing.decide import (
    Circumstances,
    Consult,
    Mode,
    after_student,
    before_student,
    chance_of_llm,
    on_failure,
    shadow_audit,
)
from shadowbert.wire.request import Request
from tests.wire.requests import chat_request

COINS = Coins(b"secret")
CHAMPION = Champion("s1", "c1", "artifacts/s1", Slice(0.9, frozenset({(0, 1)})), frozenset({"i1:known"}))
LIVE = PublishedVersion(
    id="v1",
    task="spam",
    tenant="default",
    teacher="gpt-4o",
    contract=Contract((Field(("label",), ("ham", "spam")),), "c1:x"),
    skeleton=Skeleton((SkeletonMessage("user", ("", "")),)),
    stage=Stage.LIVE,
    share=1.0,
    audit_rate=0.0,
    champion=CHAMPION,
)
WELL = Circumstances("e1", Mode.AUTO, student_mode_allowed=False, authenticated=True, watched=True)
CONSULT = Consult(0.05, CHAMPION, forced=False)
REQUEST = chat_request()


@dataclass(frozen=True)
class Call:
    version: PublishedVersion | None = LIVE
    request: Request = REQUEST
    input: str = "Win a prize"
    input_hash: str = "i1:new"


def decided(call: Call = Call(), **changes: object) -> Route | Consult:
    return before_student(call, replace(WELL, **changes), COINS)


def published(**changes: object) -> PublishedVersion:
    return replace(LIVE, **changes)


FREE = replace(LIVE.contract, unlearnable=(Unlearnable(("why",), True, ("string",)),))
BARRED = replace(REQUEST, obstacle=Reason.PARAMETER)
IMAGE = replace(REQUEST, prompt=None, obstacle=Reason.NOT_TEXT)
TABLE: list[tuple[Call, dict[str, object], Reason, Decider]] = [
    (Call(version=None), {}, Reason.UNKNOWN_TASK, Decider.RULE),
    (Call(version=None, request=BARRED), {}, Reason.UNKNOWN_TASK, Decider.RULE),
    (Call(version=None, request=IMAGE), {}, Reason.NOT_TEXT, Decider.RULE),
    (Call(request=BARRED), {"mode": Mode.LLM}, Reason.PARAMETER, Decider.RULE),
    (Call(input=" \n"), {"mode": Mode.LLM}, Reason.EMPTY_INPUT, Decider.RULE),
    (Call(published(stage=Stage.SHADOW)), {"mode": Mode.LLM}, Reason.CLIENT, Decider.CLIENT),
    (Call(published(stage=Stage.COLLECTING, champion=None)), {}, Reason.COLLECTING, Decider.STAGE),
    (Call(published(stage=Stage.SHADOW)), {"authenticated": False}, Reason.SHADOW, Decider.STAGE),
    (Call(published(stage=Stage.PAUSED)), {}, Reason.PAUSED, Decider.STAGE),
    (Call(published(stage=Stage.OFF)), {}, Reason.OFF, Decider.STAGE),
    (Call(published(contract=FREE)), {"authenticated": False}, Reason.UNLEARNABLE, Decider.RULE),
    (Call(published(contract=FREE, fills={"why": Fill("-")})), {"watched": False}, Reason.UNWATCHED, Decider.RULE),
    (Call(published(contract=FREE, stage=Stage.SHADOW)), {}, Reason.SHADOW, Decider.STAGE),
    (Call(), {"authenticated": False, "watched": False}, Reason.UNAUTHENTICATED, Decider.RULE),
    (Call(input_hash="i1:known"), {"watched": False}, Reason.UNWATCHED, Decider.RULE),
    (Call(published(audit_rate=1.0), input_hash="i1:known"), {}, Reason.KNOWN_DISAGREEMENT, Decider.RULE),
    (Call(published(champion=None, audit_rate=1.0)), {}, Reason.STUDENT_MISSING, Decider.FAULT),
    (Call(published(audit_rate=1.0, share=0.0)), {}, Reason.AUDIT, Decider.COIN),
    (Call(published(stage=Stage.CANARY, share=0.0)), {}, Reason.OUTSIDE_SHARE, Decider.SHARE),
]


@pytest.mark.parametrize(("call", "changes", "reason", "decider"), TABLE, ids=lambda x: x if isinstance(x, str) else "")
def test_the_table(call: Call, changes: dict[str, object], reason: Reason, decider: Decider) -> None:
    assert decided(call, **changes) == Route(Source.LLM, reason, decider, 1.0)


def test_otherwise_the_student_is_asked() -> None:
    assert decided() == Consult(0.0, CHAMPION, forced=False)
    live = Call(published(audit_rate=0.05, share=0.25))  # a share means nothing once live
    assert isinstance(decided(live, exchange_id=not_audited(0.05)), Consult)
    assert chance_of_llm(live.version or LIVE) == 0.05


def not_audited(rate: float) -> str:
    return next(name for name in map(str, range(1000)) if not COINS.audited(name, rate))


@given(st.sampled_from(["i1:a", "i1:b", "i1:c"]), st.text(max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_the_chance_is_the_same_whatever_the_coins_say(text: str, exchange: str, audit: float, share: float) -> None:
    version = published(stage=Stage.CANARY, share=share, audit_rate=audit)
    found = decided(Call(version, input_hash=text), exchange_id=exchange)
    assert found.p_llm == chance_of_llm(version)
    assert 0 <= found.p_llm <= 1
    if isinstance(found, Route):
        assert found.decider.uniform
    else:
        assert not found.forced
        assert COINS.in_share("v1", text, share)


def test_the_chance_is_the_share_of_calls_sent() -> None:
    """4,000 distinct texts; five standard deviations of a share of 0.7625 are 0.034."""
    version = published(stage=Stage.CANARY, share=0.25, audit_rate=0.05)
    sent = [isinstance(decided(Call(version, input_hash=f"i1:{i}"), exchange_id=f"e{i}"), Route) for i in range(4000)]
    assert abs(sum(sent) / 4000 - chance_of_llm(version)) < 0.034


def test_a_client_may_force_the_student_only_where_allowed() -> None:
    call = Call(published(audit_rate=1.0))
    assert decided(call, mode=Mode.STUDENT, student_mode_allowed=True) == Consult(0.0, CHAMPION, forced=True)
    refused = decided(call, mode=Mode.STUDENT)
    assert isinstance(refused, Route)
    assert refused.reason is Reason.AUDIT


def test_forcing_passes_no_other_rule() -> None:
    forced: dict[str, object] = {"mode": Mode.STUDENT, "student_mode_allowed": True}
    for call, changes, reason, decider in TABLE:
        if "mode" not in changes and decider not in (Decider.COIN, Decider.SHARE):
            assert decided(call, **forced | changes) == Route(Source.LLM, reason, decider, 1.0)


@pytest.mark.parametrize(
    ("guess", "source", "reason"),
    [
        (Guess((0,), (0.95,), 0.95), Source.STUDENT, Reason.SURE),
        (Guess((0,), (0.9,), 0.9), Source.STUDENT, Reason.SURE),
        (Guess((0,), (0.89,), 0.89), Source.LLM, Reason.UNSURE),
        (Guess((1,), (0.99,), 0.99), Source.LLM, Reason.UNSURE),
        (Guess((0,), (float("nan"),), float("nan")), Source.LLM, Reason.UNSURE),
    ],
    ids=["sure", "at the threshold", "below", "excluded label", "not a number"],
)
def test_the_slice_decides_what_is_served(guess: Guess, source: Source, reason: Reason) -> None:
    assert after_student(CONSULT, guess) == Route(source, reason, Decider.STUDENT, 0.05)
    forced = replace(CONSULT, p_llm=0.0, forced=True)
    assert after_student(forced, guess) == Route(source, reason, Decider.CLIENT, 0.0)


def test_a_failure_goes_to_the_llm_and_is_no_sample() -> None:
    for reason in (Reason.STUDENT_LATE, Reason.STUDENT_BUSY, Reason.STUDENT_FAULT, Reason.INVALID_ANSWER):
        route = on_failure(reason, CONSULT)
        assert route == Route(Source.LLM, reason, Decider.FAULT, 0.05)
        assert not route.decider.uniform


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("decider", Decider)
def test_the_champion_runs_beside_the_llm_on_uniform_rows_from_canary_on(stage: Stage, decider: Decider) -> None:
    route = Route(Source.LLM, Reason.AUDIT, decider)
    expected = decider.uniform and stage in (Stage.CANARY, Stage.LIVE)
    assert shadow_audit(route, published(stage=stage)) == expected
    assert not shadow_audit(route, published(stage=stage, champion=None))
    assert not shadow_audit(route, None)
    assert not shadow_audit(replace(route, source=Source.STUDENT), published(stage=stage))
