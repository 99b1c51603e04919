"""The caller: asks for one message's class with the official client, as any program would, and notes what came back.

Refuses to know that the answer may come from a student.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from openai import APIConnectionError, APIStatusError, AsyncOpenAI

from shadowbert.demo.dataset import Dataset, Message


@dataclass(frozen=True, slots=True)
class Noted:
    """One call as its caller saw it."""

    message: Message
    status: int | None
    """None when no reply came."""
    exchange: str | None
    source: str
    reason: str
    content: str
    ms: float
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def answered(self) -> bool:
        return self.status == 200

    @property
    def local(self) -> bool:
        return self.answered and self.source == "student"


@dataclass(frozen=True, slots=True)
class Caller:
    client: AsyncOpenAI
    dataset: Dataset
    model: str

    async def ask(self, message: Message) -> Noted:
        started = time.perf_counter()
        try:
            raw = await self.client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=[
                    {"role": "system", "content": self.dataset.instruction},
                    {"role": "user", "content": message.text},
                ],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": self.dataset.name, "strict": True, "schema": self.dataset.schema},
                },
            )
            completion = raw.parse()
        except APIStatusError as error:
            return _noted(message, error.status_code, headers=error.response.headers, started=started)
        except APIConnectionError:
            return _noted(message, None, headers={}, started=started)
        usage = completion.usage
        return _noted(
            message,
            raw.status_code,
            headers=raw.headers,
            started=started,
            content=completion.choices[0].message.content or "",
            tokens=(usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0),
        )


def _noted(
    message: Message,
    status: int | None,
    *,
    headers: Mapping[str, str],
    started: float,
    content: str = "",
    tokens: tuple[int, int] = (0, 0),
) -> Noted:
    return Noted(
        message=message,
        status=status,
        exchange=headers.get("x-shadowbert-exchange"),
        source=headers.get("x-shadowbert-source", ""),
        reason=headers.get("x-shadowbert-reason", ""),
        content=content,
        ms=(time.perf_counter() - started) * 1000,
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
    )
