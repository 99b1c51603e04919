"""Who answers an exchange and why."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    STUDENT = "student"
    LLM = "llm"


class Decider(StrEnum):
    """Who sent the call where it went. Rows decided by STAGE, COIN and SHARE are a uniform sample of eligible calls."""

    RULE = "rule"  # not eligible: a rule of recognition or of the request
    STAGE = "stage"  # eligible, but no student serves at this stage
    COIN = "coin"  # the uniform audit coin
    SHARE = "share"  # outside the canary share
    STUDENT = "student"  # the student answered, or was not sure (escalation)
    CLIENT = "client"  # forced by a request header
    FAULT = "fault"  # a fault of ours: fail open

    @property
    def uniform(self) -> bool:
        return self in (Decider.STAGE, Decider.COIN, Decider.SHARE)


class Reason(StrEnum):
    """Reason codes of `x-shadowbert-reason`; with the source they read `llm:<reason>`."""

    # not a classification call, or not one that we know
    NOT_OBSERVED = "not_observed"
    UNREADABLE = "unreadable"  # the body is no request of this endpoint
    OPEN_SCHEMA = "open_schema"  # it states what the answer must look like, and nothing in that is a choice
    NOT_CLASSIFICATION = "not_classification"  # it states nothing, and nobody knows its answers as a closed set
    UNKNOWN_TASK = "unknown_task"
    TOO_LARGE = "too_large"
    # eligible rules (DESIGN section 9)
    HISTORY = "history"
    IMAGE = "image"
    AUDIO = "audio"
    NOT_TEXT = "not_text"  # a file, or a content part that we do not know
    PARAMETER = "parameter"  # a known key with a value that may change the answer
    UNKNOWN_PARAMETER = "unknown_parameter"
    TOOLS = "tools"  # tools beyond the contract, or none that must be called
    SEVERAL_ANSWERS = "several_answers"  # n > 1
    LOGPROBS = "logprobs"
    MAX_TOKENS = "max_tokens"  # fewer than the answer takes
    STOP = "stop"  # a stop string inside the answer
    STORE = "store"
    PREVIOUS_RESPONSE = "previous_response"
    CONVERSATION = "conversation"
    BACKGROUND = "background"
    STORED_PROMPT = "stored_prompt"  # `prompt`: a template that only upstream knows
    LEGACY_ENDPOINT = "legacy_endpoint"  # /v1/completions
    INPUT_TOO_LONG = "input_too_long"
    EMPTY_INPUT = "empty_input"
    UNSEEN_FORM = "unseen_form"  # how the teacher writes it has not been seen yet
    UNAUTHENTICATED = "unauthenticated"
    UNLEARNABLE = "unlearnable"  # a part of the answer is no choice, and no operator has said what to put there
    # the stage and its coins
    COLLECTING = "collecting"
    SHADOW = "shadow"
    PAUSED = "paused"
    OFF = "off"
    AUDIT = "audit"
    OUTSIDE_SHARE = "outside_share"
    UNWATCHED = "unwatched"
    CLIENT = "client"
    # the student
    UNSURE = "unsure"
    KNOWN_DISAGREEMENT = "known_disagreement"
    STUDENT_LATE = "student_late"
    STUDENT_FAULT = "student_fault"
    STUDENT_MISSING = "student_missing"
    STUDENT_BUSY = "student_busy"
    INVALID_ANSWER = "invalid_answer"
    FAULT = "fault"
    # the student answered
    SURE = "sure"


@dataclass(frozen=True)
class Route:
    """What was decided for one call. `p_llm` is the probability with which it was sent to the LLM, given the policy."""

    source: Source
    reason: Reason
    decider: Decider
    p_llm: float = 1.0

    @property
    def label(self) -> str:
        return "student" if self.source is Source.STUDENT else f"llm:{self.reason}"
