"""The lexical expert as nodes of an ONNX graph: token ids in, its part of the logits out.

Refuses to know how the table was fitted. The same integers as `ngrams.buckets`; standard operators only.
"""

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from shadowbert.bert.serving.network import IDS, MASK
from shadowbert.bert.training.lexical import NgramTable
from shadowbert.bert.training.ngrams import BUCKETS, PRIME

LOGITS = "lexical.logits"


def attach_ngrams(graph: GraphProto, words: NgramTable) -> str:
    """Add the nodes and return the name of their output, (rows, outputs)."""
    outputs = words.table.shape[1] - 1
    numbers = {
        "codes": words.codes, "index": words.index, "table": words.table,
        "prime": np.array(PRIME), "buckets": np.array(BUCKETS),
        "0": np.array([0]), "1": np.array([1]), "2": np.array([2]), "-1": np.array([-1]), "end": np.array([2**31]),
        "split": np.array([outputs, 1]), "least": np.ones(1, np.float32),
    }  # fmt: skip
    graph.initializer.extend(numpy_helper.from_array(array, f"lexical.{name}") for name, array in numbers.items())
    graph.node.extend([*_hash(), *_look_up()])
    return LOGITS


def _hash() -> list[NodeProto]:
    """The bucket of each n-gram, 0 where padding or a special token is part of it: (rows, n-grams)."""
    return [
        helper.make_node("Gather", ["lexical.codes", IDS], ["lexical.code"]),
        _node("Mul", "code", MASK, to="first"),
        *_product("first", "first", to="second"),
        *_product("second", "first", to="third"),
        _node("Slice", "first", "0", "-1", "1", to="first.left"),
        _node("Slice", "second", "1", "end", "1", to="second.right"),
        *_product("first.left", "second.right", to="pairs"),
        _node("Slice", "pairs", "0", "-1", "1", to="pairs.left"),
        _node("Slice", "third", "2", "end", "1", to="third.right"),
        *_product("pairs.left", "third.right", to="triples"),
        helper.make_node("Concat", [_name(n) for n in ("first", "pairs", "triples")], ["lexical.ngrams"], axis=1),
        _node("Mod", "ngrams", "buckets", to="bucket"),
    ]


def _look_up() -> list[NodeProto]:
    """The sum of the n-grams' rows over its length: the dot product of a unit vector with each output's weights."""
    return [
        _node("Gather", "index", "bucket", to="row"),
        _node("Gather", "table", "row", to="entries16"),
        helper.make_node("Cast", ["lexical.entries16"], ["lexical.entries"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["lexical.entries", "lexical.1"], ["lexical.sums"], keepdims=0),
        helper.make_node("Split", ["lexical.sums", "lexical.split"], ["lexical.weighted", "lexical.squares"], axis=1),
        _node("Max", "squares", "least", to="squared"),
        _node("Sqrt", "squared", to="length"),
        _node("Div", "weighted", "length", to="logits"),
    ]


def _product(left: str, right: str, *, to: str) -> list[NodeProto]:
    """Modulo the prime; both factors are below it, so int64 holds their product."""
    return [_node("Mul", left, right, to=f"{to}.product"), _node("Mod", f"{to}.product", "prime", to=to)]


def _node(operator: str, *inputs: str, to: str) -> NodeProto:
    return helper.make_node(operator, [_name(name) for name in inputs], [_name(to)])


def _name(name: str) -> str:
    return name if name == MASK else f"lexical.{name}"
