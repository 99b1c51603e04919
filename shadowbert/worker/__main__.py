"""`python -m shadowbert.worker loader|worker`: a child of `shadowbert serve`, or the whole of `shadowbert work`."""

import logging
import os
import signal
import socket
import sys
import threading

from shadowbert.bootstrap.arguments import ChildArguments, read_arguments
from shadowbert.bootstrap.pulse import beat
from shadowbert.bootstrap.storage import open_store
from shadowbert.bootstrap.working import note_policy, open_stations
from shadowbert.errors import JournalError, ShadowbertError, StoreError
from shadowbert.flow.load import Loader
from shadowbert.lifeline import follow
from shadowbert.sections import Settings
from shadowbert.store.store import StoreSink
from shadowbert.worker.loop import WorkerLoop
from shadowbert.worker.shelf import StudentShelf
from shadowbert.worker.trainer import ChildTrainer

log = logging.getLogger(__name__)

LOAD_EVERY_S = 0.2


def main(argv: list[str]) -> int:
    os.umask(0o077)  # what we write holds prompts
    arguments = read_arguments(argv, roles=("loader", "worker"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = _stop_event()
    if arguments.lifeline is not None:
        follow(arguments.lifeline)
    _run(arguments, stop)
    return 0


def _run(arguments: ChildArguments, stop: threading.Event) -> None:
    if arguments.role == "loader":
        run_loader(arguments.settings, stop)
    else:
        run_worker(arguments.settings, stop)


def run_loader(settings: Settings, stop: threading.Event) -> None:
    """Until told to stop; then once more, so that what the web processes wrote last is in the store."""
    settings.journal_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A segment is deleted when its rows are in the store: they must be as safe there as they were in the journal.
    with open_store(settings, durable=settings.journal.durability == "power-loss") as store:
        loader = Loader(settings.journal_dir, StoreSink(store))
        while True:
            last = stop.is_set()
            if _load(loader):
                beat(settings)
            if last:
                return
            stop.wait(LOAD_EVERY_S)


def _load(loader: Loader) -> bool:
    """Whether all that the journal held is in the store now."""
    try:
        report = loader.step()
    except (StoreError, JournalError) as error:
        log.warning("the journal waits: %s", error)
        return False
    if report.damaged or report.unreadable:
        log.error("journal: %d damaged stretches, %d unreadable segments", report.damaged, report.unreadable)
    return True


def run_worker(settings: Settings, stop: threading.Event) -> None:
    training = settings.training
    child = ChildTrainer(threads=training.threads, nice=training.nice, patience_s=training.patience_s)
    with open_store(settings) as store, child as trainer:
        student = settings.student
        shelf = StudentShelf(settings.data_dir, threads=student.threads, device=student.device)
        note_policy(settings, store)
        stations = open_stations(settings, store, trainer=trainer, shelf=shelf)
        holder = f"{socket.gethostname()}:{os.getpid()}"
        worker = settings.worker
        WorkerLoop(store, stations, holder, worker.poll_s, worker.lease_s, stop).run()


def _stop_event() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ShadowbertError as failure:
        sys.exit(f"shadowbert: {failure}")
