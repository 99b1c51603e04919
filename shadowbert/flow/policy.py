"""What the operator set for the answer path, as one frozen value. Reads no environment and no file."""

from dataclasses import dataclass

from shadowbert.domain.task import StageTable
from shadowbert.flow.pseudonyms import NAMELESS, Pseudonyms


@dataclass(frozen=True, slots=True)
class AnswerPolicy:
    tenant: str = "default"
    body_limit: int = 10 * 1024 * 1024
    """Bytes of a request or reply body that are kept; above it only metadata is."""
    deadline_ms: float = 300.0
    """How long a student may take before the LLM is asked instead."""
    audit_deadline_ms: float = 3000.0
    """How long it may take where it only gathers evidence while the LLM works."""
    student_mode: bool = False
    """Whether a request header may force the student."""
    checks_keys: bool = True
    """False where every upstream is declared `auth = "none"`."""
    keyless: frozenset[str] = frozenset()
    """The names of those that are."""
    mirror_age: float = 30.0
    gate_age: float = 600.0
    """Seconds after which nobody counts as watching any more."""
    responses: bool = True
    """Whether responses that OpenAI would store unasked may be answered locally, where nobody stores them."""
    headers: bool = True
    """Whether replies carry our own headers."""
    pseudonyms: Pseudonyms = NAMELESS
    """What callers are known by in the log."""

    def unwatched(self, table: StageTable, *, age: float, now: float) -> str:
        """Why nobody watches what is answered here, so that the LLM must answer; empty where somebody does. `age`: of
        the mirror.
        """
        if age >= self.mirror_age:
            return "the store has not been read, or the journal not been emptied into it,"
        looked = table.gate_looked_at
        # A look that lies in the future was marked before a clock was set back: nobody knows how old it is.
        fresh = looked is not None and abs(now - looked) < self.gate_age
        return "" if fresh else "the worker has not looked at the evidence"

    def checks(self, upstream: str) -> bool:
        """Whether this upstream has to have accepted a caller before the caller gets a local answer."""
        return self.checks_keys and upstream not in self.keyless
