"""Where a training computes: a pure choice, and a refusal that says what to do."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.training.device import Place, Seen, autocast, describe, look, precision, settle, start
from shadowbert.errors import TrainingFailed

CPU, ONE, FOUR = Seen(), Seen(gpus=1, built="12.8"), Seen(gpus=4, built="12.8")


@pytest.mark.parametrize(
    ("wanted", "devices", "seen", "place"),
    [
        ("auto", 1, CPU, Place("cpu")),
        ("auto", 1, Seen(mps=True), Place("cpu")),
        ("auto", 1, ONE, Place("cuda")),
        ("auto", 4, FOUR, Place("cuda", 4)),
        ("cpu", 1, FOUR, Place("cpu")),
        ("cpu", 3, FOUR, Place("cpu", 3)),
        ("cuda", 2, FOUR, Place("cuda", 2)),
        ("cuda:3", 1, FOUR, Place("cuda:3")),
        ("mps", 1, Seen(mps=True), Place("mps")),
    ],
)
def test_what_is_asked_for_is_used_where_it_is(wanted: str, devices: int, seen: Seen, place: Place) -> None:
    assert settle(wanted, devices, seen) == place


@pytest.mark.parametrize(
    ("wanted", "devices", "seen", "says"),
    [
        ("cuda", 1, CPU, "training.device is cuda, but torch sees no GPU; install a CUDA build of torch, or set"),
        ("cuda", 1, Seen(built="12.8"), "check the driver and CUDA_VISIBLE_DEVICES, or set training.device"),
        ("auto", 2, CPU, "training.device is auto and training.devices 2, but torch sees no GPU"),
        ("auto", 2, ONE, "but torch sees one GPU, cuda:0; ask for no more than these"),
        ("cuda:4", 1, FOUR, "but torch sees 4 GPUs, cuda:0 to cuda:3; ask for no more"),
        ("cuda:1", 2, FOUR, 'training.device is one GPU, cuda:1, and training.devices 2: set it to "cuda"'),
        ("mps", 1, CPU, "torch sees no Apple GPU"),
        ("mps", 2, Seen(mps=True), "set training.devices to 1"),
    ],
)
def test_what_is_not_there_is_refused_with_a_remedy(wanted: str, devices: int, seen: Seen, says: str) -> None:
    with pytest.raises(TrainingFailed) as raised:
        settle(wanted, devices, seen)
    assert says in str(raised.value)


@given(gpus=st.integers(0, 8), devices=st.integers(1, 8), mps=st.booleans())
def test_auto_never_takes_more_gpus_than_there_are(gpus: int, devices: int, *, mps: bool) -> None:
    try:
        place = settle("auto", devices, Seen(gpus, mps))
    except TrainingFailed:
        assert devices > gpus
    else:
        assert place == (Place("cuda", devices) if gpus else Place("cpu"))


def test_it_is_told_to_people() -> None:
    assert describe(Place("cuda:1"), FOUR) == "on cuda:1 (torch sees 4 GPUs, cuda:0 to cuda:3)"
    assert describe(Place("cpu", 2), CPU) == "on cpu, 2 ranks (torch sees no GPU)"


def test_this_machine_can_compute_what_it_settles_on() -> None:
    accelerator = start("cpu")
    assert (accelerator.device.type, accelerator.num_processes) == ("cpu", 1)
    assert settle("cpu", 1, look()) == Place("cpu")


def test_half_precision_is_cast_to_only_where_it_is_faster() -> None:
    cpu = torch.device("cpu")
    weight = torch.ones(4, 4)
    with autocast(cpu):
        product = weight @ weight
    assert product.dtype == (torch.bfloat16 if precision(cpu) == "bf16" else torch.float32)
    assert precision(torch.device("mps")) == "no"


@pytest.mark.parametrize(("wanted", "code", "says"), [("cpu", 0, "on cpu (torch sees"), ("cuda:99", 1, "cuda:99, but")])
def test_as_a_program_it_says_it_in_one_line(wanted: str, code: int, says: str) -> None:
    command = [sys.executable, "-P", "-m", "shadowbert.bert.training.device", wanted, "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
