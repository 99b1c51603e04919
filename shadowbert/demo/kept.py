"""Reads what a server kept after it stopped: every row of its table, its verdicts, and what its journal still holds."""

from collections.abc import Iterator

from shadowbert.demo.check import Kept
from shadowbert.demo.house import House
from shadowbert.store.store import Store, Transaction

PAGE = 500


def read_kept(house: House) -> Kept:
    store = Store(house.settings.store_url)
    try:
        with store.read() as work:
            return Kept(
                sources=list(_sources(work)),
                verdicts=work.tasks.verdicts([version.id for version in work.tasks.versions()]),
                unloaded_bytes=_unloaded(work, house),
                exit_code=house.exit_code,
            )
    finally:
        store.close()


def _sources(work: Transaction) -> Iterator[tuple[str, str]]:
    seq = 0
    while page := work.exchanges.after(seq, limit=PAGE):
        yield from ((exchange.id, exchange.source.value) for exchange in page)
        seq = page[-1].seq


def _unloaded(work: Transaction, house: House) -> int:
    """Bytes of segments beyond what the loader committed; loaded segments are deleted."""
    segments = list(house.settings.journal_dir.glob("*.seg"))
    return sum(max(0, path.stat().st_size - work.exchanges.offset(path.name)) for path in segments)
