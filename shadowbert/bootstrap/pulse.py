"""The loader's pulse: a file whose time says when this host's journal was last emptied into the store.

A web process whose calls reach no store is not watched: no audit of its answers would ever be counted.
"""

import time

from shadowbert.sections import Settings

FILE_NAME = "loader.pulse"


def beat(settings: Settings) -> None:
    (settings.data_dir / FILE_NAME).touch()


def silence(settings: Settings) -> float:
    """Seconds since the last beat; infinite before the first."""
    try:
        return max(0.0, time.time() - (settings.data_dir / FILE_NAME).stat().st_mtime)
    except OSError:
        return float("inf")
