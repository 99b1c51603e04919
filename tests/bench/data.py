"""Where the measurement data lies: beside the repository, and never in it."""

from pathlib import Path

DATA = Path(__file__).parents[3] / "shared" / "data"
ABSENT = "The streams are measurement data beside the repository (../shared/data); they are not here."
