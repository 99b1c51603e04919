"""Where a training computes, and in which precision.

Refuses to know encoders and tasks. As a program, `python -m shadowbert.bert.training.device WANTED DEVICES`, it says in
one line what a training would use, and exits with 1 where it could not: for whoever may not load torch.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, patch_environment

from shadowbert.errors import TrainingFailed

Precision = Literal["bf16", "fp16", "no"]
_LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class Seen:
    """What torch sees of this machine."""

    gpus: int = 0
    """CUDA's, or ROCm's, which torch calls the same."""
    mps: bool = False
    built: str = ""
    """The CUDA or ROCm that this torch is built for; empty for none."""


@dataclass(frozen=True, slots=True)
class Place:
    """`device` as torch names it; without a number where several are used, one a rank."""

    device: str = "cpu"
    ranks: int = 1


def look() -> Seen:
    return Seen(
        torch.cuda.device_count() if torch.cuda.is_available() else 0,
        torch.backends.mps.is_available(),
        torch.version.cuda or torch.version.hip or "",
    )


def settle(wanted: str, devices: int, seen: Seen) -> Place:
    """Where "auto" is a GPU if there is one. Raises TrainingFailed where what is asked for is not there.

    >>> settle("auto", 1, Seen()), settle("auto", 2, Seen(gpus=4))
    (Place(device='cpu', ranks=1), Place(device='cuda', ranks=2))
    """
    if wanted == "cpu" or (wanted == "auto" and devices == 1 and not seen.gpus):
        return Place("cpu", devices)
    if wanted == "mps":
        return _mps(devices, seen)
    _, _, number = wanted.partition(":")
    if number and devices > 1:
        raise TrainingFailed(f'training.device is one GPU, {wanted}, and training.devices {devices}: set it to "cuda"')
    needed = int(number) + 1 if number else devices
    if seen.gpus < needed:
        asked = f"training.device is {wanted}" + (f" and training.devices {devices}" if devices > 1 else "")
        raise TrainingFailed(f"{asked}, but torch sees {_gpus(seen)}; {_remedy(seen)}")
    return Place("cuda" if wanted == "auto" else wanted, devices)


def _mps(devices: int, seen: Seen) -> Place:
    if devices > 1:
        raise TrainingFailed("training.device is mps, which is one device: set training.devices to 1")
    if not seen.mps:
        raise TrainingFailed('training.device is mps, but torch sees no Apple GPU; set training.device to "auto"')
    return Place("mps")


def _gpus(seen: Seen) -> str:
    return {0: "no GPU", 1: "one GPU, cuda:0"}.get(seen.gpus, f"{seen.gpus} GPUs, cuda:0 to cuda:{seen.gpus - 1}")


def _remedy(seen: Seen) -> str:
    if seen.gpus:
        return "ask for no more than these"
    build = "check the driver and CUDA_VISIBLE_DEVICES" if seen.built else "install a CUDA build of torch"
    return f'{build}, or set training.device to "auto" and training.devices to 1'


def precision(device: torch.device) -> Precision:
    """bf16 where the device multiplies it itself; elsewhere it is emulated and slower. Older GPUs have fp16."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return "bf16" if able.get("amx_bf16") or able.get("avx512_bf16") else "no"
    return "no"


@contextmanager
def autocast(device: torch.device) -> Iterator[None]:
    """In the precision that suits the device."""
    own = precision(device)
    dtype = torch.float16 if own == "fp16" else torch.bfloat16
    with torch.autocast(device.type, dtype=dtype, enabled=own != "no"):
        yield


def start(device: str) -> Accelerator:
    """One device for this process alone. It computes there as long as it lives: so accelerate has it."""
    chosen = torch.device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen.index or 0)
    return Accelerator(cpu=chosen.type == "cpu", mixed_precision=precision(chosen))


def join(place: Place, *, rank: int, meeting: Path) -> Accelerator:
    """One of several processes on this machine; they find each other by a file, and talk on the loopback alone."""
    chosen = torch.device(place.device, rank) if place.device == "cuda" else torch.device(place.device)
    gpu = chosen if chosen.type == "cuda" else None
    if gpu is not None:
        torch.cuda.set_device(gpu)
    own = {"rank": rank, "local_rank": rank, "world_size": place.ranks, "local_world_size": place.ranks}
    with patch_environment(gloo_socket_ifname=_LOOPBACK, nccl_socket_ifname=_LOOPBACK, **own):
        torch.distributed.init_process_group(
            "gloo" if gpu is None else "nccl",
            init_method=meeting.absolute().as_uri(),
            rank=rank,
            world_size=place.ranks,
            device_id=gpu,  # NCCL connects here and now, while it is told to keep to the loopback
        )
        # An encoder may have weights that its embedding does not need: BERT's pooler.
        unused = DistributedDataParallelKwargs(find_unused_parameters=True)
        return Accelerator(cpu=gpu is None, mixed_precision=precision(chosen), kwargs_handlers=[unused])


def describe(place: Place, seen: Seen) -> str:
    """For people.

    >>> describe(Place("cuda", 2), Seen(gpus=4, built="12.8"))
    'on cuda, 2 ranks (torch sees 4 GPUs, cuda:0 to cuda:3)'
    """
    where = place.device if place.ranks == 1 else f"{place.device}, {place.ranks} ranks"
    return f"on {where} (torch sees {_gpus(seen)})"


if __name__ == "__main__":
    try:
        there = look()
        sys.stdout.write(f"{describe(settle(sys.argv[1], int(sys.argv[2]), there), there)}\n")
    except TrainingFailed as failure:
        sys.exit(str(failure))
