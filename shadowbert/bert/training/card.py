"""A candidate's model card, from what the training has in hand.

Refuses to know files. Everything is counted on the candidate's own rows: none was learnt by the heads that guessed it,
though temperature and shares were fitted on them; counts are of rows, not weighted to the traffic's mix.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

import numpy as np
from scipy.stats import binomtest

from shadowbert import __version__
from shadowbert.bert.training import lexical, neighbours, ngrams
from shadowbert.bert.training.candidate import Candidate
from shadowbert.bert.training.corpus import VARIANTS, Corpus
from shadowbert.bert.training.job import Job
from shadowbert.bert.training.scores import ScoredRow
from shadowbert.bert.training.variants import KEEP
from shadowbert.domain.card import Agreed, Bin, Card, FieldCard, percent
from shadowbert.domain.contract import Answer

LIBRARIES = ("torch", "accelerate", "transformers", "tokenizers", "onnxruntime", "scikit-learn", "numpy")
EXPERTS = {
    "words": {
        "longest_ngram": ngrams.LONGEST,
        "buckets": ngrams.BUCKETS,
        "regularisation": lexical.REGULARISATION,
    },
    "neighbours": {
        "nearest": neighbours.NEAREST,
        "sharpness": neighbours.SHARPNESS,
        "smoothing": neighbours.SMOOTHING,
        "most": neighbours.MOST,
    },
}
BINS = 10


def make_card(job: Job, corpus: Corpus, candidate: Candidate, *, examples_sha256: str, longest: int) -> Card:
    meant = _meant(corpus, candidate.rows)
    said = [row.guess.answer for row in candidate.rows]
    return Card(
        task=job.task,
        teacher=job.teacher,
        recipe=candidate.recipe,
        settings={**candidate.settings, **EXPERTS},
        recipes=_recipes(candidate.scores),
        encoder=job.encoder,
        pooling=candidate.encoder.pooling,
        variant=candidate.variant,
        variant_why=_variant_why(candidate.scores),
        max_tokens=job.max_tokens,
        longest=longest,
        cut=candidate.scores["cut"],
        foreign=candidate.scores.get("foreign"),
        temperatures=candidate.temperatures,
        shares={expert: _below(f"share.{expert}.", candidate.scores) for expert in EXPERTS},
        heads_alone=candidate.scores["heads_alone"],
        examples=len(corpus.ids),
        examples_sha256=examples_sha256,
        cutoff=job.cutoff,
        agreed=agreed([row.agreed for row in candidate.rows]),
        fields=tuple(
            FieldCard(
                name=field.name,
                labels=tuple(field.label(index) for index in range(field.classes)),
                agreed=agreed([one[number] == two[number] for one, two in zip(meant, said, strict=True)]),
                confusion=_confusion((one[number], two[number]) for one, two in zip(meant, said, strict=True)),
            )
            for number, field in enumerate(job.contract.fields)
        ),
        bins=bins(candidate.rows),
        software={"shadowbert": __version__, **{name: version(name) for name in LIBRARIES}},
    )


def agreed(right: Sequence[bool]) -> Agreed:
    """With the exact interval of Clopper & Pearson (1934): of 95 % of samples of independent rows.

    >>> agreed([True] * 10)
    Agreed(right=10, rows=10, low=0.6915, high=1.0)
    """
    found = binomtest(sum(right), len(right)).proportion_ci(confidence_level=0.95, method="exact")
    return Agreed(sum(right), len(right), round(float(found.low), 4), round(float(found.high), 4))


def bins(rows: Sequence[ScoredRow]) -> tuple[Bin, ...]:
    """The reliability diagram's tenths; assumes rows exchangeable with later traffic."""
    joint = np.array([row.guess.joint for row in rows])
    right = np.array([row.agreed for row in rows])
    tenth = np.minimum((joint * BINS).astype(int), BINS - 1)
    found = []
    for number in range(BINS):
        own = tenth == number
        sure = float(joint[own].mean()) if own.any() else 0.0
        found.append(Bin(int(own.sum()), round(sure, 4), int(right[own].sum())))
    return tuple(found)


def _meant(corpus: Corpus, rows: Iterable[ScoredRow]) -> list[Answer]:
    labels = dict(zip(corpus.ids, map(tuple, corpus.labels.tolist()), strict=True))
    return [labels[row.id] for row in rows]


def _confusion(pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    return tuple((meant, said, rows) for (meant, said), rows in sorted(Counter(pairs).items()))


def _recipes(scores: Mapping[str, float]) -> dict[str, float]:
    """Each recipe's agreement; a field's is named the other way round."""
    tried = [name.split(".") for name in scores if name.endswith(".agreement")]
    return {parts[0]: scores[".".join(parts)] for parts in tried if len(parts) == 2 and parts[0] != "agreement"}


def _below(prefix: str, scores: Mapping[str, float]) -> dict[str, float]:
    return {name.removeprefix(prefix): score for name, score in scores.items() if name.startswith(prefix)}


def _variant_why(scores: Mapping[str, float]) -> str:
    """Speed first, then what each keeps of fp32's answers."""
    tried = [own for own in VARIANTS if f"{own}.ms" in scores]
    took = ", ".join(f"{own} {scores[f'{own}.ms']:.3g} ms" for own in tried)
    kept = "; ".join(
        f"{own} keeps {percent(scores[f'{own}_keeps_sure'])} of fp32's answers on the surer half of held-out rows, "
        f"{percent(scores[f'{own}_keeps_all'])} on all"
        for own in tried
        if own != "fp32"
    )
    return f"{took} a text; {kept}; {percent(KEEP)} on the surer half are asked for, one row forgiven"
