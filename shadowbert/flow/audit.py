"""The champion's prediction on a call that the LLM answers: made while it works, never waited for past the deadline."""

import asyncio
from typing import Self

from shadowbert.domain.student import Prediction
from shadowbert.flow.choose import Choice, Chooser
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.recording import Record


class Audit:
    """Runs from entering to leaving the context; does nothing where the choice asks for no evidence."""

    def __init__(self, chooser: Chooser, choice: Choice, policy: AnswerPolicy) -> None:
        self._chooser, self._choice, self._policy = chooser, choice, policy
        self._task: asyncio.Task[Prediction] | None = None

    def __enter__(self) -> Self:
        champion, call = self._choice.audited, self._choice.call
        if champion is not None and call is not None:
            predicting = self._chooser.predict(champion, call.input, deadline_ms=self._policy.audit_deadline_ms)
            self._task = asyncio.create_task(predicting)
        return self

    def __exit__(self, *_: object) -> None:
        if self._task is not None and not self._task.cancel() and not self._task.cancelled():
            self._task.exception()  # a student that failed here leaves a row without a prediction, nothing else

    async def settle(self, record: Record) -> None:
        """Gives the record the prediction. Waits only while a student on duty would still have been in time."""
        task = self._task
        if task is None:
            return
        if not task.done():
            await asyncio.wait({task}, timeout=max(0.0, self._policy.deadline_ms - record.elapsed_ms()) / 1000)
        if task.done() and not task.cancelled() and task.exception() is None:
            record.prediction = task.result()
