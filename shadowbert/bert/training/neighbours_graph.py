"""The neighbours' expert as nodes of an ONNX graph: an embedding in, its part of the logits out.

Refuses to know how the neighbourhood was settled. The same votes as `Neighbourhood.logits`, one row at a time:
a batch would share one rounding.
"""

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from shadowbert.bert.training.neighbours import SHARPNESS, SMOOTHING, Neighbourhood

LOGITS = "neighbours.logits"


def attach_neighbours(graph: GraphProto, embedding: str, known: Neighbourhood, shares: Sequence[float]) -> str:
    """Add the nodes and return the name of their output, (rows, outputs); `shares` is one an output."""
    numbers = {
        "bank": np.ascontiguousarray(known.bank.T), "scales": known.scales, "outcomes": known.outcomes,
        "floor": known.floor, "shares": np.array(shares, np.float32), "nearest": np.array([known.nearest]),
        "one": np.float32(1), "sharpness": np.float32(SHARPNESS), "smoothing": np.float32(SMOOTHING),
        "fading": known.fading, "axis": np.array([1]),
    }  # fmt: skip
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(array), f"neighbours.{name}") for name, array in numbers.items()
    )
    graph.node.extend([*_vote(embedding), *_count()])
    return LOGITS


def _vote(embedding: str) -> list[NodeProto]:
    """The votes of the nearest (rows, nearest), and for what: (rows, nearest, outputs)."""
    inputs = [embedding, "neighbours.bank", "neighbours.scales"]
    return [
        helper.make_node("DynamicQuantizeMatMul", inputs, ["neighbours.likeness"], domain="com.microsoft"),
        helper.make_node(
            "TopK", ["neighbours.likeness", "neighbours.nearest"], ["neighbours.cosine", "neighbours.who"], sorted=0
        ),
        _node("Sub", "cosine", "one", to="distance"),
        _node("Mul", "distance", "sharpness", to="exponent"),
        _node("Exp", "exponent", to="closeness"),
        helper.make_node("ReduceMin", ["neighbours.closeness"], ["neighbours.farthest"], axes=[1], keepdims=1),
        _node("Mul", "farthest", "fading", to="silent"),
        _node("Sub", "closeness", "silent", to="votes"),
        _node("Gather", "outcomes", "who", to="outcomes8"),
        helper.make_node("Cast", ["neighbours.outcomes8"], ["neighbours.for"], to=TensorProto.FLOAT),
    ]


def _count() -> list[NodeProto]:
    """Log of each output's share of the votes, times the expert's share."""
    return [
        _node("Unsqueeze", "votes", "axis", to="ballot"),
        _node("MatMul", "ballot", "for", to="cast"),
        _node("Squeeze", "cast", "axis", to="counted"),
        _node("Add", "counted", "floor", to="smoothed"),
        helper.make_node("ReduceSum", ["neighbours.votes", "neighbours.axis"], ["neighbours.all"], keepdims=1),
        _node("Add", "all", "smoothing", to="total"),
        _node("Div", "smoothed", "total", to="part"),
        _node("Log", "part", to="opinion"),
        _node("Mul", "opinion", "shares", to="logits"),
    ]


def _node(operator: str, *inputs: str, to: str) -> NodeProto:
    return helper.make_node(operator, [f"neighbours.{name}" for name in inputs], [f"neighbours.{to}"])
