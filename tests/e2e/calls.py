"""A small classification task, the callers that use it, and the ledger of what they were answered."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai

from shadowbert.testing.oracles import Schema

MODEL = "gpt-4o-2024-08-06"
KEY = "sk-e2e"
LABELS = ("billing", "delivery", "login")
NOUNS = {
    "billing": ("invoice", "refund", "charge", "payment"),
    "delivery": ("parcel", "courier", "shipment", "package"),
    "login": ("password", "sign-in", "verification code", "locked account"),
}
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": list(LABELS)}},
    "required": ["topic"],
    "additionalProperties": False,
}
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "desk", "strict": True, "schema": SCHEMA}}
TOOL: Any = {"type": "function", "function": {"name": "desk", "parameters": SCHEMA, "strict": True}}
NAMED: Any = {"type": "function", "function": {"name": "desk"}}
TASK = "desk"
_FRAMES = (
    "Please help, my {noun} from order {n} is wrong.",
    "Order {n}: what happened to the {noun}?",
    "I am still waiting to hear about the {noun}, ticket {n}.",
    "Number {n} again, there is a problem with my {noun}!",
)


def topic_of(n: int) -> str:
    return LABELS[n % len(LABELS)]


def message(n: int) -> str:
    """Message n: a distinct text whose topic a reader cannot miss."""
    nouns = NOUNS[topic_of(n)]
    return _FRAMES[n // 3 % len(_FRAMES)].format(noun=nouns[n // 12 % len(nouns)], n=10_000 + n)


def prompt(text: str) -> Any:
    return [{"role": "system", "content": "Sort a shop's mail by its topic."}, {"role": "user", "content": text}]


@dataclass
class Teacher:
    """The upstream's mind; `turned` moves every topic on by one."""

    turned: bool = False

    def __call__(self, text: str, schema: Schema) -> Mapping[str, object]:
        del schema
        topic = next((topic for topic in LABELS if any(noun in text for noun in NOUNS[topic])), LABELS[0])
        return {"topic": LABELS[(LABELS.index(topic) + self.turned) % len(LABELS)]}


def asked(n: int, **changes: Any) -> dict[str, Any]:
    """The arguments of call n."""
    return {"model": MODEL, "messages": prompt(message(n)), "response_format": FORMAT, **changes}


@contextmanager
def client(url: str, *, key: str = KEY) -> Iterator[openai.OpenAI]:
    """One without retries: a call is one exchange."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=30) as opened:
        yield opened


@dataclass(frozen=True)
class Answer:
    """A reply of which every byte has come."""

    exchange: str
    source: str
    reason: str
    body: bytes

    @property
    def route(self) -> str:
        return "student" if self.source == "student" else f"llm:{self.reason}"


def call(caller: openai.OpenAI, n: int, **changes: Any) -> Answer | None:
    """Call n; None where the reply did not come whole."""
    stream, body = bool(changes.get("stream")), b""
    marks: Mapping[str, str] = {}
    try:
        with caller.chat.completions.with_streaming_response.create(**asked(n, **changes)) as reply:
            marks = reply.headers
            for piece in reply.iter_bytes():
                body += piece
    except (openai.APIConnectionError, httpx2.HTTPError):
        pass
    whole = body.rstrip().endswith(b"data: [DONE]") if stream else str(len(body)) == marks.get("content-length")
    if not whole:
        return None
    source, reason = marks["x-shadowbert-source"], marks["x-shadowbert-reason"]
    return Answer(marks["x-shadowbert-exchange"], source, reason, body)


@dataclass
class Load:
    """Callers in threads until told to stop. Each number is asked once, by one of them."""

    url: str
    callers: int = 4
    ledger: dict[int, Answer] = field(default_factory=dict)
    """Number to the answer that came whole."""
    failed: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.callers)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.stop()
            for thread in threads:
                thread.join(60)

    def stop(self) -> None:
        self._stop.set()

    def _work(self) -> None:
        with client(self.url) as caller:
            while not self._stop.is_set():
                n = next(self._numbers)
                answer = call(caller, n, stream=n % 2 == 1)
                if answer is None:
                    self.failed.add(n)
                    self._stop.wait(0.02)
                else:
                    self.ledger[n] = answer
