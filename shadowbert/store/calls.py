"""Calls and strays: what collect made of the exchanges. Labelled calls are the examples."""

from collections.abc import Collection, Sequence
from json import loads
from typing import Any

from sqlalchemy import (
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    union,
    union_all,
    update,
)

from shadowbert.domain.contract import Answer
from shadowbert.domain.records import CallRow, EarlierCall, Legacy, StrayCall
from shadowbert.domain.route import Decider, Source
from shadowbert.store.base import Repository
from shadowbert.store.codec import prediction_from_json, prediction_to_json, source_of
from shadowbert.store.students import inputs_inside
from shadowbert.store.tables import calls, corrections, exchanges, inputs, stray_groups, strays

UNIFORM = [decider.value for decider in Decider if decider.uniform]
SOONEST_S, LATEST_S = 1.0, 60.0
"""After an answer's end: what comes sooner was on its way, what comes later may be anything."""
CHOSEN = [Decider.STUDENT.value, Decider.CLIENT.value]


class Calls(Repository):
    def add(self, rows: Sequence[CallRow]) -> None:
        """Append calls in load order, and remember the inputs that were labelled for the first time."""
        known = self._known(calls.c.exchange_id, [r.exchange_id for r in rows])
        new = [r for r in rows if r.exchange_id not in known]
        if new:
            self._db.execute(insert(calls), [_call(r) for r in new])
            self._remember([r for r in new if r.answer is not None])

    def _remember(self, labelled: Sequence[CallRow]) -> None:
        """An input outlives its calls: who was trained on it must be known when they are forgotten."""
        first: dict[tuple[str, str], int] = {}
        for row in labelled:
            first.setdefault((row.version_id, row.input_hash), row.seq)
        for version_id in {version for version, _ in first}:
            mine = {h: seq for (version, h), seq in first.items() if version == version_id}
            of_version = (inputs.c.version_id == version_id) & inputs.c.input_hash.in_(mine)
            query = select(inputs.c.input_hash, inputs.c.first_seq).where(of_version)
            known = {row.input_hash: row.first_seq for row in self._db.execute(query)}
            new = [{"version_id": version_id, "input_hash": h, "first_seq": mine[h]} for h in mine if h not in known]
            if new:
                self._db.execute(insert(inputs), new)
            for earlier in (h for h in known if mine[h] < known[h]):  # a call that was handed over is older than ours
                this = (inputs.c.version_id == version_id) & (inputs.c.input_hash == earlier)
                self._db.execute(update(inputs).where(this).values(first_seq=mine[earlier]))

    def add_strays(self, rows: Sequence[StrayCall]) -> None:
        """Those that nobody has made calls of: a worker that slept through its lease knows fewer versions."""
        ids = [r.exchange_id for r in rows]
        known = self._known(strays.c.exchange_id, ids) | self._known(calls.c.exchange_id, ids)
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
        self._forget_groups()

    def note_group(self, group: str, why: str, note: str, *, at: float) -> None:
        """Why the group founds nothing; written only where that is new."""
        mine = stray_groups.c.group_key == group
        known = self._db.execute(select(stray_groups.c.why, stray_groups.c.note).where(mine)).first()
        if known is None or (known.why, known.note) != (why, note):
            row = {"group_key": group, "why": why, "note": note, "looked_at": at}
            self._db.execute(delete(stray_groups).where(mine))
            self._db.execute(insert(stray_groups), [row])

    def _forget_groups(self) -> None:
        """What was said of groups that have no calls any more."""
        left = select(strays.c.group_key)
        self._db.execute(delete(stray_groups).where(stray_groups.c.group_key.not_in(left)))

    def trim_strays(self, group: str, *, keep: int) -> None:
        """Only the latest calls of a group wait for a template."""
        mine = strays.c.group_key == group
        latest = select(strays.c.seq).where(mine).order_by(strays.c.seq.desc()).limit(keep).subquery()
        oldest_kept = select(func.min(latest.c.seq)).scalar_subquery()
        self._db.execute(delete(strays).where(mine, strays.c.seq < oldest_kept))

    def forget_strays(self, before: float, *, groups: int) -> None:
        """Drop the calls received before a time, and all but so many groups: groups of one call first, then those
        whose latest call is oldest.
        """
        old = select(exchanges.c.id).where(exchanges.c.received_at < before)
        self._db.execute(delete(strays).where(strays.c.exchange_id.in_(old)))
        ranked = (func.count() > 1).desc(), func.max(strays.c.seq).desc()
        kept = select(strays.c.group_key).group_by(strays.c.group_key).order_by(*ranked).limit(groups)
        self._db.execute(delete(strays).where(strays.c.group_key.not_in(kept)))
        self._forget_groups()

    def after(self, version_id: str, seq: int, *, limit: int) -> list[CallRow]:
        """The version's calls after a load sequence, oldest first."""
        query = (
            select(calls).where(calls.c.version_id == version_id, calls.c.seq > seq).order_by(calls.c.seq).limit(limit)
        )
        return [_call_row(row) for row in self._db.execute(query)]

    def get(self, exchange_id: str) -> CallRow | None:
        row = self._db.execute(select(calls).where(calls.c.exchange_id == exchange_id)).first()
        return _call_row(row) if row else None

    def latest(self, version_id: str, *, limit: int) -> list[CallRow]:
        """The version's latest calls, newest first."""
        query = select(calls).where(calls.c.version_id == version_id).order_by(calls.c.seq.desc()).limit(limit)
        return [_call_row(row) for row in self._db.execute(query)]

    def hand_over(self, rows: Sequence[CallRow], *, of: str) -> None:
        """Calls of this version that are another's now, with the inputs that they have there. Those that somebody else
        has handed over since stay where they are.
        """
        if not rows:
            return
        changed = ("version_id", "input", "input_hash", "eligible")
        statement = (
            update(calls)
            .where(calls.c.exchange_id == bindparam("moved"), calls.c.version_id == of)
            .values({name: bindparam(f"new_{name}") for name in changed})
        )
        self._db.execute(
            statement, [{"moved": r.exchange_id} | {f"new_{name}": getattr(r, name) for name in changed} for r in rows]
        )
        self._remember([r for r in rows if r.answer is not None])

    def labelled(self, version_id: str, *, until_seq: int | None = None) -> list[CallRow]:
        """The version's calls that the teacher labelled, oldest first; up to a load sequence, if one is given."""
        early = calls.c.seq <= until_seq if until_seq is not None else true()
        query = select(calls).where(_labelled(version_id), early).order_by(calls.c.seq)
        return [_call_row(row) for row in self._db.execute(query)]

    def examples(self, version_id: str, legacies: Sequence[Legacy] = ()) -> int:
        """How many distinct inputs have a label, the version's own or one that it inherits."""
        labels = [_labelled(version_id), *map(_inherited, legacies)]
        known = union(*(select(calls.c.input_hash).where(label).distinct() for label in labels)).subquery()
        return int(self._db.execute(select(func.count()).select_from(known)).scalar_one())

    def callers(self, version_id: str, legacies: Sequence[Legacy] = ()) -> dict[str, int]:
        """Of how many of these inputs each caller was the first to get a label: in the version itself, else in the
        first that it inherits from. What people have corrected counts for nobody.
        """
        first = _first_asked(version_id, legacies)
        query = select(first.c.caller, func.count()).where(first.c.place == 1).group_by(first.c.caller)
        return {caller: int(n) for caller, n in self._db.execute(query)}

    def answers(self, version_id: str, *, most: int | None = None) -> dict[Answer, int]:
        """How many distinct inputs got each answer; one that got several counts under each. Of each caller's inputs so
        many at most, the newest, where that is said.
        """
        said = cast(calls.c.answer, Text)  # JSON knows no "equal"
        kept = true() if most is None else calls.c.input_hash.not_in(_oldest(version_id, most))
        query = select(said, func.count(calls.c.input_hash.distinct())).where(_labelled(version_id), kept)
        return {tuple(loads(answer)): int(inputs) for answer, inputs in self._db.execute(query.group_by(said))}

    def repeats(self, version_id: str, *, inside: str | None = None) -> dict[str, dict[Answer, int]]:
        """Of each input that the teacher was asked at least twice, how often it gave each of its answers; of the inputs
        in the slice of a candidate only, where one is given. What was asked because of what a student or a header said
        is no fair sample: inputs on which the student is known to disagree are asked each time.
        """
        mine = _labelled(version_id) & calls.c.decider.not_in(CHOSEN)
        if inside is not None:
            mine &= calls.c.input_hash.in_(inputs_inside(inside))
        again = select(calls.c.input_hash).where(mine).group_by(calls.c.input_hash).having(func.count() > 1)
        said = cast(calls.c.answer, Text)
        query = (
            select(calls.c.input_hash, said, func.count())
            .where(mine, calls.c.input_hash.in_(again))
            .group_by(calls.c.input_hash, said)
        )
        votes: dict[str, dict[Answer, int]] = {}
        for input_hash, answer, times in self._db.execute(query):
            votes.setdefault(input_hash, {})[tuple(loads(answer))] = int(times)
        return votes

    def teach(self, version_id: str, legacies: Sequence[Legacy], *, seq: int) -> None:
        """Remember inherited and corrected inputs as the version's own: a student with this cut-off is taught them."""
        mine = inputs.c.version_id == version_id
        for taught in (_corrected(version_id), *map(_inherited, legacies)):
            known = exists().where(mine, inputs.c.input_hash == calls.c.input_hash)
            new = select(literal(version_id), calls.c.input_hash, literal(seq)).where(taught, ~known)
            columns = ["version_id", "input_hash", "first_seq"]
            self._db.execute(insert(inputs).from_select(columns, new.distinct()))

    def trained_inputs(self, version_id: str, cutoff_seq: int, hashes: Sequence[str]) -> set[str]:
        """Which of these inputs a student with this cut-off may have been trained on, unless it was left out."""
        query = select(inputs.c.input_hash).where(
            inputs.c.version_id == version_id, inputs.c.first_seq <= cutoff_seq, inputs.c.input_hash.in_(hashes)
        )
        return set(self._db.execute(query).scalars())

    def earlier(
        self, hashes: Collection[str], *, after: int, since: float, unfit: Collection[str] = ()
    ) -> list[EarlierCall]:
        """The calls with one of these inputs, of any version, loaded and received after so and so, oldest first; only
        those that were unfit for one of these reasons, where any is given.
        """
        ended = (exchanges.c.received_at + exchanges.c.total_ms / 1000).label("ended_at")
        wanted = (calls.c.exchange_id, calls.c.seq, calls.c.version_id, exchanges.c.tenant, calls.c.input_hash)
        query = (
            select(*wanted, calls.c.unfit, exchanges.c.received_at, ended)
            .join(exchanges, exchanges.c.id == calls.c.exchange_id)
            .where(calls.c.input_hash.in_(hashes), calls.c.seq > after, exchanges.c.received_at >= since)
            .order_by(calls.c.seq)
        )
        if unfit:
            query = query.where(calls.c.unfit.in_(unfit))
        return [EarlierCall(*row) for row in self._db.execute(query)] if hashes else []

    def consulted(
        self, version_id: str, candidate_id: str, *, after: int, until: int, limit: int
    ) -> list[tuple[int, bool]]:
        """(load sequence, whether it was sure) of the calls that no coin kept from this champion, in order."""
        mine = calls.c.prediction["candidate_id"].as_string() == candidate_id
        query = (
            select(calls.c.seq, calls.c.source)
            .where(calls.c.version_id == version_id, calls.c.seq > after, calls.c.seq <= until)
            .where(calls.c.decider == Decider.STUDENT.value, mine)
            .order_by(calls.c.seq)
            .limit(limit)
        )
        return [(int(seq), source == Source.STUDENT.value) for seq, source in self._db.execute(query)]

    def asked_again(self, version_id: str, candidate_id: str, *, after: int) -> tuple[int, int]:
        """(of the student's, of the LLM's) inputs in this champion's slice that the share's lot gave to one of the two
        after a load sequence, those whose first answer the same caller followed with the same input within a minute.
        """
        one, again = calls.alias("one"), calls.alias("again")
        asked, repeated = exchanges.alias("asked"), exchanges.alias("repeated")
        answered = asked.c.received_at + asked.c.total_ms / 1000
        soon = repeated.c.received_at.between(answered + SOONEST_S, answered + LATEST_S)
        same = (again.c.version_id == version_id) & (again.c.input_hash == one.c.input_hash)
        repeat = select(literal(1)).select_from(again.join(repeated, repeated.c.id == again.c.exchange_id))
        first = _drawn_by_lot(version_id, candidate_id, after)
        query = (
            select(one.c.source, func.count())
            .join(first, first.c.seq == one.c.seq)
            .join(asked, asked.c.id == one.c.exchange_id)
            .where(one.c.version_id == version_id, exists(repeat.where(same, again.c.caller == one.c.caller, soon)))
            .group_by(one.c.source)
        )
        found = {source: int(n) for source, n in self._db.execute(query)}
        return found.get(Source.STUDENT.value, 0), found.get(Source.LLM.value, 0)

    def endings(self, version_id: str, after: int) -> dict[str | None, int]:
        """The eligible calls that a coin or the stage sent to the LLM after a load sequence, by why they brought no
        label; None counts the labelled ones.
        """
        query = (
            select(calls.c.unfit, func.count())
            .where(calls.c.version_id == version_id, calls.c.seq > after, calls.c.eligible)
            .where(calls.c.decider.in_(UNIFORM))
            .group_by(calls.c.unfit)
        )
        return {unfit: int(n) for unfit, n in self._db.execute(query)}


def _drawn_by_lot(version_id: str, candidate_id: str, after: int) -> Any:  # noqa: ANN401 - a subquery
    """The first answered call of each input in the slice that no audit took: the student's, or outside the share."""
    said = calls.c.prediction
    mine = (said["candidate_id"].as_string() == candidate_id) & said["in_slice"].as_boolean()
    answered = (calls.c.source == Source.STUDENT.value) | calls.c.answer.is_not(None)
    return (
        select(func.min(calls.c.seq).label("seq"))
        .where(calls.c.version_id == version_id, calls.c.seq > after, mine, answered)
        .where(calls.c.decider.in_([Decider.STUDENT.value, Decider.SHARE.value]))
        .group_by(calls.c.input_hash)
        .subquery()
    )


def _labelled(version_id: str) -> Any:  # noqa: ANN401 - a SQL condition
    return (calls.c.version_id == version_id) & calls.c.answer.is_not(None)


def _corrected(version_id: str) -> Any:  # noqa: ANN401 - a SQL condition
    return calls.c.exchange_id.in_(select(corrections.c.exchange_id)) & (calls.c.version_id == version_id)


def _first_asked(version_id: str, legacies: Sequence[Legacy]) -> Any:  # noqa: ANN401 - a subquery
    """Who asked each input that nobody has corrected, in order of place: 1 is the first."""
    labels = [_labelled(version_id), *map(_inherited, legacies)]
    columns = (calls.c.input_hash, calls.c.caller, calls.c.seq)
    asked = union_all(
        *(select(*columns, literal(far).label("far")).where(label) for far, label in enumerate(labels))
    ).subquery()
    place = func.row_number().over(partition_by=asked.c.input_hash, order_by=(asked.c.far, asked.c.seq))
    told = select(calls.c.input_hash).where(_corrected(version_id))
    return select(asked, place.label("place")).where(asked.c.input_hash.not_in(told)).subquery()


def _oldest(version_id: str, most: int) -> Any:  # noqa: ANN401 - a SQL query
    """The inputs of each caller that are beyond so many."""
    first = _first_asked(version_id, ())
    age = func.row_number().over(partition_by=first.c.caller, order_by=first.c.seq.desc())
    aged = select(first.c.input_hash, age.label("age")).where(first.c.place == 1).subquery()
    return select(aged.c.input_hash).where(aged.c.age > most)


def _inherited(legacy: Legacy) -> Any:  # noqa: ANN401 - a SQL condition
    sayable = [calls.c.answer[place].as_integer().in_(known) for place, known in legacy.known]
    return and_(_labelled(legacy.version_id), calls.c.seq <= legacy.until_seq, *sayable)


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
        "envelope": dict(row.envelope),
        "parent": row.parent,
        "caller": row.caller,
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
        envelope=row.envelope,
        parent=row.parent,
        caller=row.caller,
    )
