"""What the newest student reads of an input, and whether it is a language that its encoder knows, in words.

Knows a student's scores, nothing of tokens.
"""

from collections.abc import Mapping

from shadowbert.gating.wording import percent

TOKENS, LONGEST, CUT, FOREIGN = "max_tokens", "longest", "cut", "foreign"
"""Scores: its budget, the characters of the longest input that it was judged on, and of its examples the share that was
cut, and the share that is in none of its encoder's languages.
"""
WORTH_A_WORD = 0.05


def reads(scores: Mapping[str, float]) -> str:
    """Empty where the student does not say.

    >>> print(reads({"max_tokens": 256, "longest": 40, "cut": 0}))
    up to 256 tokens of an input; what is longer goes to the LLM
    >>> print(reads({"max_tokens": 256, "longest": 5210, "cut": 0.121}))
    up to 256 tokens of an input; of longer ones (12.1 % of the examples) head and tail, up to 5,210 characters
    """
    if TOKENS not in scores:
        return ""
    budget = f"up to {scores[TOKENS]:.0f} tokens of an input"
    if not scores.get(CUT):
        return f"{budget}; what is longer goes to the LLM"
    longer = f"of longer ones ({percent(scores[CUT])} of the examples) head and tail"
    return f"{budget}; {longer}, up to {scores.get(LONGEST, 0):,.0f} characters"


def foreign(scores: Mapping[str, float]) -> str:
    """Empty where the examples are in a language of the encoder's, or where it does not say which it knows.

    >>> print(foreign({"foreign": 0.62}))
    about 62 % of the examples are in no language that the encoder was made for (the bundled one reads English): set \
student.encoder to one that was, or to a multilingual one
    >>> foreign({"foreign": 0.01})
    ''
    """
    share = scores.get(FOREIGN, 0.0)
    if share < WORTH_A_WORD:
        return ""
    return (
        f"about {share:.0%} of the examples are in no language that the encoder was made for (the bundled one reads "
        "English): set student.encoder to one that was, or to a multilingual one"
    ).replace("%", " %")
