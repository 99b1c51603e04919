"""How students are trained, as the operator set it, and which recipes so many examples are worth."""

from dataclasses import dataclass

from shadowbert.gating.threshold import HORIZON


@dataclass(frozen=True, slots=True)
class Recipes:
    """How students are trained, as the operator set it."""

    encoder: str = "bundled"
    pooling: str = "auto"
    fine_tune_from: int = 800
    threads: int = 1
    device: str = "auto"
    devices: int = 1
    serving: str = "cpu"
    """The device that students answer on."""
    max_tokens: int = 256
    horizon: int = HORIZON
    """For how many calls a threshold is chosen to serve most."""

    def worth_trying(self, examples: int) -> tuple[str, ...]:
        """On so many: half as many as it takes to move the whole encoder will move its upper half.

        >>> [len(Recipes().worth_trying(examples)) for examples in (399, 400, 800)]
        [1, 2, 3]
        """
        if examples >= self.fine_tune_from:
            return ("probe", "finetune", "reinitialised")
        return ("probe", "partial") if 2 * examples >= self.fine_tune_from else ("probe",)
