"""An encoder's layers from the words up: which of them learn, how fast, and which start anew.

Refuses to know losses and data. Reads the stack off the module itself, so that every architecture of transformers that
has one list of like layers will do.
"""

from collections.abc import Iterator

import torch
from torch.nn import ModuleList, Parameter
from transformers import PreTrainedModel


def stack(model: torch.nn.Module) -> ModuleList:
    """The longest list of layers of one kind, the outermost of equals."""
    lists = [own for own in model.modules() if isinstance(own, ModuleList) and len({type(layer) for layer in own}) == 1]
    return max(lists, key=len)


def paced(model: torch.nn.Module) -> Iterator[tuple[int, list[Parameter]]]:
    """What learns, by how many layers it lies below the top one. What is above the stack counts as the top layer, what
    is below it - the embeddings - as one layer more.
    """
    layers = list(stack(model))
    depths = {id(own): len(layers) - 1 - depth for depth, layer in enumerate(layers) for own in layer.parameters()}
    groups: dict[int, list[Parameter]] = {}
    for name, own in model.named_parameters():
        if own.requires_grad:
            groups.setdefault(depths.get(id(own), _beside(name, len(layers))), []).append(own)
    yield from sorted(groups.items())


def freeze(model: torch.nn.Module, share: float) -> None:
    """Let the words' embeddings and this share of the layers, from below, be as they are; nothing where it is 0."""
    if not share:
        return
    layers = list(stack(model))
    still = {id(own) for layer in layers[: round(share * len(layers))] for own in layer.parameters()}
    inside = {id(own) for layer in layers for own in layer.parameters()}
    for name, own in model.named_parameters():
        if id(own) in still or (id(own) not in inside and _beside(name, len(layers))):
            own.requires_grad = False


def reinitialise(model: PreTrainedModel, layers: int) -> None:
    """Draw the weights of so many layers at the top anew, as before pre-training: what a masked-language model has
    learnt there is of little use to a classifier (Zhang et al. 2021, arXiv 2006.05987).
    """
    if not layers:
        return
    fresh = stack(type(model)(model.config))
    for own, new in list(zip(stack(model), fresh, strict=True))[len(fresh) - layers :]:
        own.load_state_dict(new.state_dict())


def _beside(name: str, layers: int) -> int:
    """Where a parameter outside of the stack belongs."""
    return layers if "embed" in name else 0
