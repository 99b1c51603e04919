"""What a client asks of the LLM, the same for every endpoint: prompt, output, and what forbids a local answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Prompt
from shadowbert.wire.output_ask import OutputAsk


@dataclass(frozen=True, slots=True)
class Request:
    """`prompt` is None where the messages are more than text by role; `obstacle` then says what they are."""

    endpoint: Endpoint
    model: str
    prompt: Prompt | None
    output: OutputAsk | None
    stream: bool
    include_usage: bool
    obstacle: Reason | None
    """The first reason why it may not be answered locally (DESIGN section 9), judged from the request alone."""
    explicit_task: str | None = None
    """`metadata.task`."""
    metadata: Mapping[str, object] | None = None
    max_tokens: int | None = None
    """The lowest of the limits that the endpoint knows."""
    stop: tuple[str, ...] = ()
    top_logprobs: int | None = None
    """How many alternatives a token; None where no log probabilities are asked for."""
    opening: Prompt | None = None
    """Where an earlier turn (a tool's call, its result) leaves no prompt: the messages before it."""
    upstream: str = ""
    """The configured upstream that it goes to; empty for the default one."""
    echo: Mapping[str, object] = field(default_factory=dict)
    """What the reply object repeats of the request (Responses only)."""

    @property
    def teacher(self) -> str:
        """Who answers: the model, and the upstream where that is not the default one.

        Two upstreams that call a model alike are two teachers, whatever characters a model's name holds: an upstream's
        holds no slash.
        """
        return f"@{self.upstream}/{self.model}" if self.upstream or self.model.startswith("@") else self.model
