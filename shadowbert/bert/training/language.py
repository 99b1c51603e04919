"""Which share of the texts is in no language that the encoder was made for.

Refuses to know what is done about it. The identifier is py3langid: 139 languages, one file of 5 MB, numpy and nothing
else; 0.7 s to load and 0.1 ms a text.
"""

from collections.abc import Collection, Sequence

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

SAMPLE = 2000
ODDS, LEAST = 10.0, 0.2
"""A text is foreign where one other language is this much likelier than all of the encoder's, and likely at all. So
found were at most 0.3 % of five streams of short English texts, slang and product names among them, and 33 of 35 short
sentences in 13 other languages.
"""
NO_LANGUAGE = "zxx"


def foreign_share(texts: Sequence[str], languages: Collection[str]) -> float | None:
    """`languages` as a model card lists them; None where they say nothing that can be checked."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if not languages or not set(languages) <= set(identifier.labels):
        return None
    step = -(-len(texts) // SAMPLE)
    return float(np.mean([_is_foreign(identifier.rank(text), languages) for text in texts[::step]]))


def _is_foreign(ranked: Sequence[tuple[str, float]], languages: Collection[str]) -> bool:
    """`ranked`: all languages with their probability, the likeliest first. Numbers and names are in no language.

    >>> _is_foreign([("de", 0.9), ("nl", 0.09), ("en", 0.01)], {"en"})
    True
    >>> _is_foreign([("sr", 0.015), ("en", 0.014)], {"en"}), _is_foreign([("zxx", 0.9), ("en", 0.1)], {"en"})
    (False, False)
    """
    likeliest, probability = ranked[0]
    own = sum(chance for language, chance in ranked if language in languages)
    return likeliest != NO_LANGUAGE and probability >= max(LEAST, ODDS * own)
