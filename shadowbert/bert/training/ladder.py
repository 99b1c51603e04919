"""The ladder: which recipes are tried on so many examples, and with which settings.

Refuses to run them. The cheapest recipe comes first, and wins where another is not better.
"""

from dataclasses import replace

from shadowbert.bert.training.finetune import Settings
from shadowbert.bert.training.job import Recipe

MIN_STEPS, MAX_EPOCHS = 250, 10
PARTLY = 0.5
ANEW = 2


def settings(recipe: Recipe, rows: int, *, seed: int) -> Settings:
    """For so many rows to learn from. At least 250 steps, because fewer do not leave the starting point (Zhang et al.
    2021, arXiv 2006.05987: few-sample BERT wants more iterations, not another optimiser).

    - `partial`: the lower half stays as it is, for logs too small to move all of it;
    - `finetune`: everything learns;
    - `reinitialised`: everything learns, and the two top layers start anew.
    """
    usual = Settings(seed=seed)
    wanted = -(-MIN_STEPS * usual.batch // rows)
    tuned = replace(usual, epochs=min(MAX_EPOCHS, max(usual.epochs, wanted)))
    if recipe == "partial":
        return replace(tuned, frozen=PARTLY)
    return replace(tuned, reinitialised=ANEW) if recipe == "reinitialised" else tuned


def tried(recipes: tuple[Recipe, ...], *, sentences: bool) -> tuple[Recipe, ...]:
    """What is worth trying of what was asked for: the top of an encoder of sentences is what carries its value.

    >>> tried(("probe", "finetune", "reinitialised"), sentences=True)
    ('probe', 'finetune')
    """
    return tuple(recipe for recipe in recipes if not (sentences and recipe == "reinitialised"))
