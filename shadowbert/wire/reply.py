"""What the teacher said, the same for every endpoint; says nothing of what the answer means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """Empty texts are None: streams begin with an empty delta and mean nothing by it."""

    content: str | None
    arguments: str | None
    """The arguments of the only tool call, as JSON text."""
    tool_name: str | None
    finish_reason: str | None
    """In chat's words, whatever the endpoint."""
    refusal: str | None
    model: str | None
    system_fingerprint: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    complete: bool
    """A finish reason came and no error after it."""
    choices: int = 1
    """How many answers the reply holds; only the first is read."""
    service_tier: str | None = None
