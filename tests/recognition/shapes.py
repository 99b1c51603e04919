"""Answers of all shapes that a contract may have, in many spellings of JSON schema, and values of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from shadowbert.domain.contract import Label
from tests.recognition.spelling import labels_spelled, wrapped

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=".["), min_size=1, max_size=5)
LABELS = st.lists(
    NAMES | st.integers(-3, 3) | st.booleans() | st.none(),
    min_size=1,
    max_size=4,
    unique_by=lambda label: label if isinstance(label, str) else json.dumps(label),
)


@dataclass(frozen=True)
class Choice:
    labels: Sequence[Label]


@dataclass(frozen=True)
class Prose:
    types: Sequence[str]


@dataclass(frozen=True)
class Tags:
    labels: Sequence[Label]
    least: int
    most: int
    unique: bool


@dataclass(frozen=True)
class Record:
    properties: Mapping[str, tuple[bool, "Shape"]]


@dataclass(frozen=True)
class OneOf:
    by: str
    parts: Sequence[tuple[Label, Record]]


@dataclass(frozen=True)
class Perhaps:
    labels: Sequence[Label]
    shape: "Record | OneOf | Tags"


Shape = Choice | Prose | Tags | Record | OneOf | Perhaps


@st.composite
def tags(draw: st.DrawFn) -> Tags:
    labels = draw(LABELS)
    least = draw(st.integers(0, len(labels)))
    unique = draw(st.booleans())
    most = draw(st.integers(max(least, 1) if unique or len(labels) == 1 else least + 1, len(labels) + 1))
    return Tags(labels, least, most, unique or most == 1)


def records(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Record]:
    return st.dictionaries(NAMES, st.tuples(st.booleans(), inner), min_size=1, max_size=3).map(Record)


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> OneOf:
    """What else the parts have in common tells nothing: their other properties may all be left out."""
    by = draw(NAMES)
    kinds = draw(st.lists(NAMES, min_size=2, max_size=3, unique=True))
    others = st.dictionaries(NAMES.filter(lambda name: name != by), st.tuples(st.just(False), inner), max_size=2)
    return OneOf(by, [(kind, Record({by: (True, Choice([kind])), **draw(others)})) for kind in kinds])


def shapes() -> st.SearchStrategy[Shape]:
    leaves = LABELS.map(Choice) | tags() | st.sampled_from([("string",), ("number",), ("null", "string")]).map(Prose)
    return st.recursive(
        leaves, lambda inner: _holders(inner) | st.builds(Perhaps, LABELS, _holders(inner) | tags()), max_leaves=5
    )


def _holders(inner: st.SearchStrategy[Shape]) -> "st.SearchStrategy[Record | OneOf]":
    return records(inner) | unions(inner)


def roots() -> st.SearchStrategy[Record]:
    """With at least one real choice."""
    rest = st.dictionaries(NAMES, st.tuples(st.booleans(), shapes()), max_size=3)
    return rest.map(lambda properties: Record({**properties, "top": (True, Choice(["a", "b"]))}))


@dataclass
class Spelling:
    """One way to write schemas of shapes, drawn as it goes."""

    draw: st.DrawFn
    definitions: dict[str, object] = field(default_factory=dict)

    def node(self, shape: Shape) -> dict[str, object]:
        return wrapped(self.draw, self.bare(shape), self.definitions)

    def bare(self, shape: Shape) -> dict[str, object]:
        match shape:
            case Choice(labels):
                return labels_spelled(self.draw, list(labels))
            case Prose(types):
                ways = [{"anyOf": [{"type": name} for name in types]}, {"type": list(types)}]
                return self.draw(st.sampled_from(ways))
            case Tags():
                return self.tags(shape)
            case Record():
                return self.record(shape)
            case _:
                return self.union(shape)

    def union(self, shape: OneOf | Perhaps) -> dict[str, object]:
        if isinstance(shape, OneOf):
            nodes = [self.node(part) for _, part in self.draw(st.permutations(list(shape.parts)))]
            note = self.draw(st.sampled_from([{}, {"discriminator": {"propertyName": shape.by}}, {"title": "Either"}]))
            return {self.draw(st.sampled_from(["anyOf", "oneOf"])): nodes, **note}
        if list(shape.labels) == [None] and not isinstance(shape.shape, OneOf) and self.draw(st.booleans()):
            kind = "array" if isinstance(shape.shape, Tags) else "object"
            return {**self.bare(shape.shape), "type": ["null", kind]}
        return {"anyOf": self.draw(st.permutations([self.node(shape.shape), self.node(Choice(shape.labels))]))}

    def tags(self, shape: Tags) -> dict[str, object]:
        node = {"type": "array", "items": self.node(Choice(shape.labels)), "maxItems": shape.most}
        least = {"minItems": shape.least} if shape.least or self.draw(st.booleans()) else {}
        unique = {"uniqueItems": True} if shape.unique else self.draw(st.sampled_from([{}, {"uniqueItems": False}]))
        return {**node, **least, **unique}

    def record(self, shape: Record) -> dict[str, object]:
        names = self.draw(st.permutations(list(shape.properties)))
        properties = {name: self.node(shape.properties[name][1]) for name in names}
        required = [name for name in names if shape.properties[name][0]]
        closed = self.draw(st.sampled_from([{}, {"additionalProperties": False}]))
        return {"type": "object", "properties": properties, "required": required, **closed}


@st.composite
def spelled_shape(draw: st.DrawFn, shape: Record) -> dict[str, object]:
    spelling = Spelling(draw)
    root = spelling.record(shape)
    return {**root, "$defs": spelling.definitions} if spelling.definitions else root


@st.composite
def values(draw: st.DrawFn, shape: Shape) -> object:
    """An answer of this shape."""
    match shape:
        case Choice(labels):
            return draw(st.sampled_from(list(labels)))
        case Prose(types):
            kinds = {"string": st.text(max_size=5), "number": st.floats(-9, 9), "null": st.none()}
            return draw(st.one_of([kinds[name] for name in types]))
        case Tags(labels, least, most, unique):
            most = min(most, len(labels)) if unique else most
            return draw(
                st.lists(
                    st.sampled_from(list(labels)), min_size=least, max_size=most, unique_by=repr if unique else None
                )
            )
        case Record(properties):
            said = {name: child for name, (required, child) in properties.items() if required or draw(st.booleans())}
            return {name: draw(values(child)) for name, child in said.items()}
        case OneOf(_, parts):
            return draw(values(draw(st.sampled_from([part for _, part in parts]))))
        case Perhaps(labels, inner):
            return draw(values(draw(st.sampled_from([Choice(labels), inner]))))
