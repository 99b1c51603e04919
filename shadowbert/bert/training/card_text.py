"""A model card as a page for people: Markdown with the head that Hugging Face's hub reads.

Pure: a card in, text out. Labels, task and model names come from callers and are shown as code, never as markup.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from shadowbert.domain.card import Agreed, Bin, Card, FieldCard, percent

SHOWN = 12
"""Labels of a confusion matrix, the most frequent; what is left is one row and one column."""
WORDS = 10
"""Confusions told in words."""
BASES = MappingProxyType({"bundled": "sentence-transformers/all-MiniLM-L6-v2"})
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def card_text(card: Card) -> str:
    parts = [_head(card), _intended(card), _training(card), _judged(card), *map(_field, card.fields)]
    return "\n".join([*parts, _calibration(card), _limits(card), _loading()])


def _head(card: Card) -> str:
    """YAML, each value written as JSON, which YAML reads."""
    metric = {"type": "accuracy", "name": "agreement with the teacher, whole answers", "value": card.agreed.share}
    result = {
        "task": {"type": "text-classification"},
        "dataset": {"name": f"logged answers of {card.teacher or 'the teacher'}", "type": "log"},
        "metrics": [metric],
    }
    head = {
        "library_name": "onnx",
        "pipeline_tag": "text-classification",
        "tags": ["shadowbert", "text-classification", "onnx"],
        "model-index": [{"name": card.task or "student", "results": [result]}],
    }
    if _HUB_NAME.fullmatch(base := BASES.get(card.encoder, card.encoder)):
        head["base_model"] = base
    lines = "\n".join(f"{name}: {json.dumps(value)}" for name, value in head.items())
    return f"---\n{lines}\n---\n\n# Student of {code(card.task)}\n"


def _intended(card: Card) -> str:
    answers = "".join(f"- {code(field.name)}: {_listed(map(code, field.labels))}\n" for field in card.fields)
    return f"""A classifier that answers as {code(card.teacher)} answered. It says:

{answers}
It was trained by shadowbert on logged answers of that model. It copies them, faults included: *agreement* below is how
often both say the same, and no accuracy.
"""


def _training(card: Card) -> str:
    shares = "".join(
        f"- {expert}: {_listed(f'{code(field)} {share:g}' for field, share in own.items())}\n"
        for expert, own in card.shares.items()
    )
    tried = _listed(f"{recipe} {percent(agreement)}" for recipe, agreement in card.recipes.items())
    return f"""## How it was made

- trained on {card.examples:,} distinct inputs, logged up to load sequence {card.cutoff}; their ids are in `rows.txt`
  (sha256 {card.examples_sha256})
- encoder {code(card.encoder)}, {card.pooling} pooling; recipe {card.recipe} (agreement of those tried: {tried})
- served in {card.variant}: {card.variant_why}
- temperature {_listed(f"{temperature:.3f}" for temperature in card.temperatures)}

Beside linear heads on the encoder's embedding two experts speak, each with a share in every field (0: left out);
encoder and heads alone would agree on {percent(card.heads_alone)}:

{shares}
Settings and seeds:

```json
{json.dumps(card.settings, indent=1, sort_keys=True)}
```

Made with {_listed(f"{name} {version}" for name, version in card.software.items())}.
"""


def _judged(card: Card) -> str:
    rows = [_agreed("whole answer", card.agreed), *(_agreed(code(own.name), own.agreed) for own in card.fields)]
    return f"""## How it was judged

On {card.agreed.rows:,} examples that the heads which guessed them had not learnt from. Each counts once. Shares and
temperature were fitted on the same rows, so this is a hope; what it is held to are the calls that came later.

{_table(["", "agree", "share", "between (exact, 95 %)"], rows)}
What it mixes up most:

{_mixed_up(card)}"""


def _mixed_up(card: Card) -> str:
    told = card.confusions(WORDS)
    return (
        "".join(
            f"- {code(c.field)}: {code(c.said)} said where the teacher says {code(c.meant)}, {c.rows} of {c.of} times\n"
            for c in told
        )
        or "- nothing\n"
    )


def _field(field: FieldCard) -> str:
    scores = [
        [code(own.label), str(own.meant), _share(own.precision), _share(own.recall)]
        for own in sorted(field.scores(), key=lambda own: -own.meant)
    ]
    return f"""### {code(field.name)}

{_table(["label", "rows", "precision", "recall"], scores)}
Rows are the teacher's labels, columns the student's:

{_matrix(field)}"""


def _matrix(field: FieldCard) -> str:
    """The largest labels by the teacher's count, and the others together."""
    order = sorted(range(len(field.labels)), key=lambda index: -field.scores()[index].meant)
    own = order[:SHOWN]
    place = {label: number for number, label in enumerate(own)}
    names = [field.labels[label] for label in own] + (["others"] if len(order) > len(own) else [])
    counts = [[0] * len(names) for _ in names]
    for meant, said, rows in field.confusion:
        counts[place.get(meant, len(own))][place.get(said, len(own))] += rows
    columns = [str(number + 1) for number in range(len(names))]
    lines = [
        [f"{number} {code(name)}", *map(str, row)] for number, name, row in zip(columns, names, counts, strict=True)
    ]
    return _table(["", *columns], lines)


def _calibration(card: Card) -> str:
    rows = [_bin(number, own) for number, own in enumerate(card.bins)]
    return f"""## How far its confidence can be trusted

Expected calibration error: {percent(card.calibration_error)}.

{_table(["confidence", "rows", "mean confidence", "agree"], rows)}"""


def _bin(number: int, own: Bin) -> list[str]:
    between = f"{number / 10:.1f} to {(number + 1) / 10:.1f}"
    return [between, str(own.rows), *((percent(own.confidence), percent(own.share)) if own.rows else ("", ""))]


def _limits(card: Card) -> str:
    return f"""## Limits

- It reads {card.max_tokens} tokens, of longer inputs head and tail ({percent(card.cut)} of its examples were longer).
  What has more than {card.longest:,} characters and does not fit is longer than what it was judged on: for the LLM.
- It knows the languages that its encoder knows and its examples were in{_foreign(card)}.
- A label that was in no example is never said.
- It was never compared with people.
"""


def _foreign(card: Card) -> str:
    known = card.foreign
    return "" if known is None else f"; {percent(known)} of them were in none that the encoder was made for"


def _loading() -> str:
    return """## How to load it

`shadowbert export` writes this folder with three loaders that need no shadowbert:

```sh
python student.py "some text"                             # numpy, onnxruntime, tokenizers: as shadowbert serves it
python modeling.py "some text"                            # torch and transformers, single precision
python sequence_classification.py ../for-transformers     # for AutoModelForSequenceClassification
```

`student.onnx` is the whole student: token ids in, the logits of all fields side by side out. `weights.safetensors`
holds the same in single precision. `manifest.json` has the contract, the temperatures and the sha256 of each file.

AutoModelForSequenceClassification has no place for the two experts beside the heads, so what is written for it is what
encoder and heads say alone, to a thousandth: for one field, mean pooling, and BERT, RoBERTa, XLM-RoBERTa, DistilBERT or
ModernBERT. It is the whole student where both shares are 0; else its confidence is not calibrated.
"""


def code(text: str) -> str:
    r"""As a code span that breaks neither line nor table.

    >>> code("a|b `c`"), code("")
    ("`a\\|b 'c'`", '(unnamed)')
    """
    tame = _CONTROLS.sub(" ", text).replace("`", "'").replace("|", "\\|").strip()
    return f"`{tame}`" if tame else "(unnamed)"


def _agreed(name: str, own: Agreed) -> list[str]:
    between = f"{percent(own.low)} to {percent(own.high)}"
    return [name, f"{own.right:,} of {own.rows:,}", percent(own.share), between]


def _share(share: float | None) -> str:
    return "" if share is None else percent(share)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(_lines([head, ["---"] * len(head), *rows]))


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    return (f"| {' | '.join(row)} |\n" for row in rows)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
