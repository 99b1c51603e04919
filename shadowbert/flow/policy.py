"""What the operator set for the answer path, as one frozen value. Reads no environment and no file."""

from dataclasses import dataclass


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
    """False where the upstream is declared `auth = "none"`."""
    mirror_age: float = 30.0
    gate_age: float = 600.0
    """Seconds after which nobody counts as watching any more."""
    headers: bool = True
    """Whether replies carry our own headers."""
