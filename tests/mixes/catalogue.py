"""The mixes: several tasks at once in all shapes and ways, changes in mid-stream, noise, every captured request."""

from collections.abc import Iterator
from dataclasses import replace

from tests.mixes.again import Again
from tests.mixes.asks import WAYS, Way
from tests.mixes.captured import captured
from tests.mixes.drawn import UNSTATED, drawn
from tests.mixes.mix import Asking, Mix, Phase
from tests.mixes.noise import NOISE
from tests.mixes.shapes import SHAPES
from tests.mixes.texts import CANNED, known

QUESTIONS = (
    ("urgency of tickets", "How urgent is this customer message? Low means that it can wait for a week.", ("urgency",)),
    ("human needed", "Say whether a person must look at it because money or anger is in it.", ("needs_human",)),
    ("channel guess", "Guess from its style through which channel the following message reached us.", ("channel",)),
    ("triage", "Triage the ticket: its urgency, and whether a human has to take over.", ("urgency", "needs_human")),
    ("intent of tickets", "Which of our intents does the customer have? Choose the one that is meant.", ("intent",)),
    ("routing", "Route the message to a desk by what the customer wants and how it came in.", ("intent", "channel")),
)  # fmt: skip
REWORDED = "You are the desk's sorter. Decide with care, take the text literally, and give the label that fits it best."
DRAWN = 25
ALL_NOISE = tuple(NOISE)


def asking(n: int, shape: str, way: Way, *, seed: int = 0) -> Asking:
    """The n-th question; where nobody states the labels they must be few, and one word is one field."""
    few = way in UNSTATED
    name, instruction, fields = QUESTIONS[n % (3 if few else len(QUESTIONS))]
    return Asking(f"{name} {n}", shape, way, f"{instruction} Case {n}.", fields=fields, seed=seed + n)


def mixes() -> Iterator[Mix]:
    yield from _shaped()
    yield from _interleaved()
    yield from _alike()
    yield from _changed()
    yield from _noisy()
    yield from map(drawn, range(DRAWN))
    yield from captured()
    yield from _asked_again()


def _shaped() -> Iterator[Mix]:
    """Every shape in two ways, in pairs that state other labels."""
    shapes = [shape for shape in SHAPES if shape != "text_alone"]
    for at, shape in enumerate(shapes):
        other = shapes[(at + 7) % len(shapes)]
        one, two = WAYS[at % 4], WAYS[(at + 1) % 4]
        jobs = [asking(at % 6, shape, one), asking(at % 6 + 1, other, two)]
        yield Mix(f"{shape} + {other}", [Phase(jobs, 40, batch=10)], seed=at)


def _interleaved() -> Iterator[Mix]:
    """Six tasks with noise, each in its own shape and way, looked at in batches of several sizes."""
    shapes = list(SHAPES)
    for at, batch in enumerate((7, 25, 60, 200, 13, 40)):
        jobs = [asking(n, shapes[(at * 5 + n * 3) % len(shapes)], WAYS[(n + at) % 4], seed=at) for n in range(6)]
        yield Mix(f"six tasks, batches of {batch}", [Phase(jobs, 40, ALL_NOISE, batch=batch)], seed=100 + at)
    for way in UNSTATED:
        for at, shape in enumerate(("plain", "one_message", "baml", "date", "json_one", "static_shots")):
            jobs = [asking(at, shape, way), asking(at + 1, "plain", way), asking(at + 4, "dspy", "schema")]
            yield Mix(f"{way}: {shape} + plain", [Phase(jobs, 60, ("chat", "unique"))], seed=200 + at)


def _alike() -> Iterator[Mix]:
    """Tasks that ask for the same labels: only their instructions tell them apart."""
    told = (
        "Is the writer in a hurry? Judge by what is at stake, not by the number of exclamation marks.",
        "How loudly would our manager want to hear of this? Think of money, safety and the press.",
        "When should the night shift deal with the following? Parcels that wait in the rain come first.",
    )
    for at, shape in enumerate(("plain", "one_message", "dspy", "xml", "date", "user_name", "delimiters", "json_one")):
        jobs = [Asking(f"alike {n}", shape, "schema", text, seed=n) for n, text in enumerate(told[: 2 + at % 2])]
        for batch in (8, 120):
            yield Mix(f"same labels: {shape}, batches of {batch}", [Phase(jobs, 45, batch=batch)], seed=300 + at)
    for at, shape in enumerate(("plain", "one_message", "baml", "text_alone", "xml", "json_inside")):
        canned = Asking("canned", shape, WAYS[at % 3], "Which of two kinds is it?", source=CANNED, fields=("label",))
        yield Mix(f"canned phrases: {shape}", [Phase([canned], 90, ("unique",), batch=9)], seed=360 + at)
    source, fields = known("banking77-gpt4", "label")
    bank = Asking("bank", "plain", "schema", "Name the customer's banking intent.", source=source, fields=fields)
    source, fields = known("trec-gold", "coarse")
    trec = Asking("question", "one_message", "tool", "What kind of answer does it want?", source=source, fields=fields)
    source, fields = known("sms-spam-gold", "label")
    spam = Asking("spam", "text_alone", "responses", "", source=source, fields=fields)
    yield Mix("bank, questions, spam", [Phase([bank, trec, spam], 60, ALL_NOISE)], seed=340)


def _changed() -> Iterator[Mix]:
    """A change in mid-stream: other words, other labels, another model; looked at after every call."""
    shapes = ("plain", "one_message", "date", "user_name", "json_many", "dspy", "dynamic_shots", "policy")
    for at, shape in enumerate(shapes):
        way = WAYS[at % 4]
        old, beside = asking(at, shape, way), asking(at + 1, "plain", "schema", seed=40)
        longer = f"{old.instruction} When in doubt, take the milder label."
        for what, new in (
            ("longer wording", old.changed(instruction=longer)),
            ("a label more", old.changed(more=("unclear",)) if old.fields != ("needs_human",) else None),
            ("another model", old.changed(model="gpt-5-mini")),
        ):
            if new is not None:
                before, after = Phase([old, beside], 40), Phase([new, beside], 24, batch=1)
                yield Mix(f"{what}: {shape}", [before, after], seed=400 + at, changes=True)


def _noisy() -> Iterator[Mix]:
    for at, noise in enumerate(NOISE):
        jobs = [asking(at, "plain", "schema"), asking(at + 2, "one_message", "tool")]
        yield Mix(f"noise: {noise}", [Phase(jobs, 30, (noise,), share=3.0)], seed=500 + at)


def _asked_again() -> Iterator[Mix]:
    """Two of three calls are wrong answers and complaints about them, from the first call on where the contract is
    stated; the other task's clients ask in peace.
    """
    ways: tuple[tuple[str, Way, str], ...] = (
        ("complaint", "schema", "plain"),
        ("complaint", "prose", "xml"),
        ("complaint", "tool", "static_shots"),
        ("complaint", "json_object", "plain"),
        ("tool", "tool", "plain"),
        ("tool", "tool", "one_message"),
    )
    for at, (kind, way, shape) in enumerate(ways):
        first = asking(0, shape, way, seed=at)
        again = Again(first, "tool" if kind == "tool" else "complaint")
        calm = [Phase([first], 40)] if way in UNSTATED else []
        for batch in (9, 150):
            phase = Phase([again, asking(2, "plain", "schema")], 150, ("chat",), batch=batch)
            yield Mix(f"asked again ({kind}, {way}, {shape}), batches of {batch}", [*calm, phase], seed=700 + at)
    forms: tuple[tuple[Way, Way], ...] = (("schema", "json_object"), ("tool", "schema"), ("schema", "prose"))
    for at, (way, form) in enumerate(forms):
        first = asking(0, "plain", way, seed=1)
        other = replace(first, way=form, fields=("urgency", "needs_human"))
        again = Again(first, "other", other)
        for batch in (9, 150):
            phases = [Phase([first], 40, batch=batch), Phase([again, replace(other, version=1)], 90, batch=batch)]
            yield Mix(f"asked again ({way}, then {form}), batches of {batch}", phases, seed=750 + at)
