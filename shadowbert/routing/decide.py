"""The decision table: who answers a call, before a student was asked, after it answered, and when it failed.

Refuses to know how calls are recognised, what a student is made of, or where the journal lies.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Champion, Guess
from shadowbert.domain.task import PublishedVersion, Stage
from shadowbert.routing.coins import Coins
from shadowbert.wire.request import Request

_WAITING = {
    Stage.COLLECTING: Reason.COLLECTING,
    Stage.SHADOW: Reason.SHADOW,
    Stage.PAUSED: Reason.PAUSED,
    Stage.OFF: Reason.OFF,
}


class Mode(StrEnum):
    """`X-Shadowbert-Mode`."""

    AUTO = "auto"
    LLM = "llm"
    STUDENT = "student"


class Call(Protocol):
    """A recognised call, as far as a decision needs it."""

    @property
    def request(self) -> Request: ...
    @property
    def version(self) -> PublishedVersion | None: ...
    @property
    def input(self) -> str: ...
    @property
    def input_hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What lies outside the request: the caller's wish and right, and whether anybody watches the students."""

    exchange_id: str
    mode: Mode
    student_mode_allowed: bool
    authenticated: bool
    watched: bool


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask this champion, then call `after_student` or `on_failure`."""

    p_llm: float
    champion: Champion
    forced: bool


def before_student(call: Call, circumstances: Circumstances, coins: Coins) -> Route | Consult:
    """The first row of the table that holds; the coins are tossed before the student is asked."""
    version = call.version
    reason = _ineligibility(call)
    if reason is not None or version is None:
        return _to_llm(reason or Reason.UNKNOWN_TASK, Decider.RULE)
    if circumstances.mode is Mode.LLM:
        return _to_llm(Reason.CLIENT, Decider.CLIENT)
    if not version.stage.serves:
        return _to_llm(_WAITING[version.stage], Decider.STAGE)
    reason = _withheld(call, version.champion, circumstances)
    if reason is not None:
        return _to_llm(reason, Decider.RULE)
    if version.champion is None:
        return _to_llm(Reason.STUDENT_MISSING, Decider.FAULT)
    forced = circumstances.mode is Mode.STUDENT and circumstances.student_mode_allowed
    consult = Consult(0.0 if forced else chance_of_llm(version), version.champion, forced)
    return consult if forced else _toss(call, version, circumstances, coins) or consult


def after_student(consult: Consult, guess: Guess) -> Route:
    """Serve what the student is sure of; the rest escalates."""
    decider = Decider.CLIENT if consult.forced else Decider.STUDENT
    if consult.champion.slice.holds(guess):
        return Route(Source.STUDENT, Reason.SURE, decider, consult.p_llm)
    return _to_llm(Reason.UNSURE, decider, consult.p_llm)


def on_failure(reason: Reason, consult: Consult) -> Route:
    """The fallback: late, busy, at fault, or an answer that its contract refuses."""
    return _to_llm(reason, Decider.FAULT, consult.p_llm)


def shadow_audit(route: Route, version: PublishedVersion | None) -> bool:
    """Whether the champion is to be run for evidence while the LLM works: uniform rows from canary on."""
    return (
        route.source is Source.LLM
        and route.decider.uniform
        and version is not None
        and version.stage.serves
        and version.champion is not None
    )


def chance_of_llm(version: PublishedVersion) -> float:
    """The probability, over the coins, that an eligible call of a serving version goes to the LLM unasked.

    >>> from types import SimpleNamespace as Version
    >>> chance_of_llm(Version(stage=Stage.LIVE, share=1.0, audit_rate=0.05))
    0.05
    >>> round(chance_of_llm(Version(stage=Stage.CANARY, share=0.25, audit_rate=0.04)), 6)
    0.76
    """
    return version.audit_rate + (1 - version.audit_rate) * (1 - _share(version))


def _share(version: PublishedVersion) -> float:
    return 1.0 if version.stage is Stage.LIVE else version.share


def _ineligibility(call: Call) -> Reason | None:
    request = call.request
    if request.prompt is None and request.obstacle is not None:
        return request.obstacle  # says more than that no version matches
    if call.version is None:
        return Reason.UNKNOWN_TASK
    if request.obstacle is not None:
        return request.obstacle
    return None if call.input.strip() else Reason.EMPTY_INPUT


def _withheld(call: Call, champion: Champion | None, circumstances: Circumstances) -> Reason | None:
    """Why a serving version's answer is kept from this call."""
    if call.version is not None and call.version.unfilled:
        return Reason.UNLEARNABLE
    if not circumstances.authenticated:
        return Reason.UNAUTHENTICATED
    if not circumstances.watched:
        return Reason.UNWATCHED
    known = champion is not None and call.input_hash in champion.known_disagreements
    return Reason.KNOWN_DISAGREEMENT if known else None


def _toss(call: Call, version: PublishedVersion, circumstances: Circumstances, coins: Coins) -> Route | None:
    """Where the coins send the call; None: to the student."""
    if coins.audited(circumstances.exchange_id, version.audit_rate):
        return _to_llm(Reason.AUDIT, Decider.COIN, chance_of_llm(version))
    if not coins.in_share(version.id, call.input_hash, _share(version)):
        return _to_llm(Reason.OUTSIDE_SHARE, Decider.SHARE, chance_of_llm(version))
    return None


def _to_llm(reason: Reason, decider: Decider, p_llm: float = 1.0) -> Route:
    return Route(Source.LLM, reason, decider, p_llm)
