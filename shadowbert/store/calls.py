"""Calls, strays and examples: what collect made of the exchanges."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from shadowbert.domain.contract import Answer
from shadowbert.domain.records import CallRow, ExampleRow, StrayCall
from shadowbert.domain.route import Source
from shadowbert.store.base import Repository
from shadowbert.store.codec import prediction_from_json, prediction_to_json, source_of
from shadowbert.store.tables import calls, examples, strays


class Calls(Repository):
    def add(self, rows: Sequence[CallRow]) -> None:
        known = self._known(calls.c.exchange_id, [r.exchange_id for r in rows])
        new = [_call(r) for r in rows if r.exchange_id not in known]
        if new:
            self._db.execute(insert(calls), new)

    def add_strays(self, rows: Sequence[StrayCall]) -> None:
        known = self._known(strays.c.exchange_id, [r.exchange_id for r in rows])
        new = [
            {"exchange_id": r.exchange_id, "seq": r.seq, "group_key": r.group, "explicit_task": r.explicit_task}
            for r in rows
            if r.exchange_id not in known
        ]
        if new:
            self._db.execute(insert(strays), new)

    def _known(self, column: Any, ids: Sequence[str]) -> set[str]:  # noqa: ANN401 - a typed column
        return set(self._db.execute(select(column).where(column.in_(ids))).scalars())

    def stray_groups(self, *, at_least: int) -> dict[str, int]:
        """Groups with enough calls to look for a template in, and how many they hold."""
        size = func.count()
        query = select(strays.c.group_key, size).group_by(strays.c.group_key).having(size >= at_least)
        return {row[0]: row[1] for row in self._db.execute(query)}

    def strays(self, group: str, *, limit: int) -> list[StrayCall]:
        """The group's latest calls, oldest first."""
        query = select(strays).where(strays.c.group_key == group).order_by(strays.c.seq.desc()).limit(limit)
        rows = self._db.execute(query).all()
        return [StrayCall(r.exchange_id, r.seq, r.group_key, r.explicit_task) for r in reversed(rows)]

    def remove_strays(self, ids: Sequence[str]) -> None:
        self._db.execute(delete(strays).where(strays.c.exchange_id.in_(ids)))

    def trim_strays(self, group: str, *, keep: int) -> None:
        """Only the latest calls of a group wait for a template."""
        latest = (
            select(strays.c.exchange_id).where(strays.c.group_key == group).order_by(strays.c.seq.desc()).limit(keep)
        )
        kept = set(self._db.execute(latest).scalars())
        everything = set(self._db.execute(select(strays.c.exchange_id).where(strays.c.group_key == group)).scalars())
        if everything - kept:
            self.remove_strays(sorted(everything - kept))

    def after(self, version_id: str, seq: int, *, limit: int) -> list[CallRow]:
        """The version's calls after a load sequence, oldest first."""
        query = (
            select(calls).where(calls.c.version_id == version_id, calls.c.seq > seq).order_by(calls.c.seq).limit(limit)
        )
        return [_call_row(row) for row in self._db.execute(query)]

    def failures(self, version_id: str, after: int) -> tuple[int, int]:
        """(those that brought no label, all) of the eligible calls sent to the LLM after a load sequence."""
        eligible = (
            (calls.c.version_id == version_id)
            & (calls.c.seq > after)
            & calls.c.eligible
            & (calls.c.source == Source.LLM.value)
        )
        total = self._db.execute(select(func.count()).where(eligible)).scalar_one()
        failed = self._db.execute(select(func.count()).where(eligible & calls.c.answer.is_(None))).scalar_one()
        return int(failed), int(total)


class Examples(Repository):
    def learn(self, version_id: str, rows: Sequence[CallRow]) -> None:
        """Count each labelled call as a vote for its input's label. The latest answer wins a tie."""
        for row in rows:
            if row.answer is not None:
                self._vote(version_id, row, row.answer)

    def _vote(self, version_id: str, row: CallRow, answer: Answer) -> None:
        where = (examples.c.version_id == version_id) & (examples.c.input_hash == row.input_hash)
        known = self._db.execute(select(examples.c.votes).where(where)).scalar()
        if known is None:
            self._db.execute(insert(examples), [_first_vote(version_id, row, answer)])
            return
        votes = [[list(a), n] for a, n in known if list(a) != list(answer)]
        mine = 1 + next((n for a, n in known if list(a) == list(answer)), 0)
        votes.append([list(answer), mine])  # the latest stands last, and so wins a tie
        best = max(reversed(votes), key=lambda vote: vote[1])[0]
        self._db.execute(update(examples).where(where).values(votes=votes, answer=best))

    def count(self, version_id: str) -> int:
        return int(self._db.execute(select(func.count()).where(examples.c.version_id == version_id)).scalar_one())

    def all(self, version_id: str) -> list[ExampleRow]:
        query = select(examples).where(examples.c.version_id == version_id).order_by(examples.c.first_seq)
        return [_example(row) for row in self._db.execute(query)]

    def trained_inputs(self, version_id: str, cutoff_seq: int) -> set[str]:
        """Inputs that a student with this cut-off may have been trained on."""
        old = (examples.c.version_id == version_id) & (examples.c.first_seq <= cutoff_seq)
        return set(self._db.execute(select(examples.c.input_hash).where(old)).scalars())


def _call(row: CallRow) -> dict[str, Any]:
    return {
        "exchange_id": row.exchange_id,
        "seq": row.seq,
        "version_id": row.version_id,
        "input": row.input,
        "input_hash": row.input_hash,
        "source": row.source.value,
        "decider": row.decider.value,
        "p_llm": row.p_llm,
        "eligible": row.eligible,
        "answer": None if row.answer is None else list(row.answer),
        "unfit": row.unfit,
        "prediction": prediction_to_json(row.prediction),
    }


def _call_row(row: Row[Any]) -> CallRow:
    source, decider = source_of(row)
    return CallRow(
        exchange_id=row.exchange_id,
        seq=row.seq,
        version_id=row.version_id,
        input=row.input,
        input_hash=row.input_hash,
        source=source,
        decider=decider,
        p_llm=row.p_llm,
        eligible=row.eligible,
        answer=None if row.answer is None else tuple(row.answer),
        unfit=row.unfit,
        prediction=prediction_from_json(row.prediction),
    )


def _first_vote(version_id: str, row: CallRow, answer: Answer) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "input_hash": row.input_hash,
        "input": row.input,
        "answer": list(answer),
        "first_seq": row.seq,
        "exchange_id": row.exchange_id,
        "votes": [[list(answer), 1]],
        "weight": _weight(row),
    }


def _weight(row: CallRow) -> float:
    """1 / P(the teacher was asked), clipped at 20: served inputs are seen only through audits, escalations always."""
    seldom = row.decider.uniform and row.prediction is not None and row.prediction.in_slice
    return 1.0 / max(row.p_llm, 0.05) if seldom else 1.0


def _example(row: Row[Any]) -> ExampleRow:
    counts = [n for _, n in row.votes]
    return ExampleRow(
        input_hash=row.input_hash,
        input=row.input,
        answer=tuple(row.answer),
        first_seq=row.first_seq,
        exchange_id=row.exchange_id,
        repeats=sum(counts) - 1,
        agreeing_repeats=max(counts) - 1,
        weight=row.weight,
    )
