"""What becomes of a champion when labels are shown bad in it. Less is served at once, whatever autopilot says: that is
always allowed; whether the rest serves on is the question.

It does where it is shown to be above the target, too. Either the whole has passed on the very rows that show the labels
bad: then a mean without its bad part is higher. Or, where they were shown bad later, for they may have been what
carried the whole before they fell, the rest passes by its own rows, at the champion's share of alpha divided by its
labels, since it was chosen by looking at them (union bound; several that leave together are taken for one). Else all of
it goes back to the LLM, as after an alarm. A forced cut-over serves on without the labels, and stays forced.

The rest is a candidate of its own in the same stage. Its drift detector begins anew, as with every champion, for its
rows are other rows, and a canary's step asks for its rows again. An alarm of the whole takes down the whole, unless
these labels alone have raised it: the rest, watched by itself over the same audits, must not even look suspicious.
"""

from collections.abc import Iterable
from dataclasses import replace

from shadowbert.domain.contract import Contract
from shadowbert.domain.evidence import Counts, Departure, Move, Ruling, Verdict
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.candidates import enter_without, retire_and_reenter
from shadowbert.flow.leaving import bar_of, figures, narrowed, told
from shadowbert.flow.ledger import Work
from shadowbert.flow.sayings import evidence_of
from shadowbert.gating.drift import SUSPICIOUS_AT, DriftDetector, tau_down
from shadowbert.gating.eprocess import alpha_share, passes
from shadowbert.gating.labels import by_label, without
from shadowbert.gating.wording import percent, seen

HANDED_ON = 1_000
"""Latest uniform calls that stand beside a narrowed champion's own: five times what its page looks at."""

Gone = tuple[Departure, ...]


def alarm_of(work: Work, version: VersionRow, champion: CandidateRow, gone: Gone, policy: Policy) -> Verdict | None:
    """The end of the whole champion where the rest may not serve on by itself; None where it may."""
    nothing = nothing_left(version.contract, champion, gone)
    rest = without(evidence_of(work, version, champion, policy, repeats=False), gone)
    share = alpha_share(champion.number, policy.alpha) / bar_of(version, champion, policy).labels
    proven = passes(rest, policy.target, alpha=share) or _shown_by_what_passed(work, version, champion, gone, policy)
    if not nothing and (proven or version.forced):
        return None
    doubt = "" if nothing else f" The rest is not shown to be above {percent(policy.target)} by itself: {seen(rest)}."
    said = f"{told(version.contract, gone, policy)}{doubt}"
    missing = "another student" if nothing else "a new candidate's evidence"
    return Verdict(
        Ruling.FAIL, Move.DEMOTE, said, missing=missing, stage=Stage.SHADOW, share=0.0, numbers=figures(gone)
    )


def _shown_by_what_passed(work: Work, version: VersionRow, champion: CandidateRow, gone: Gone, policy: Policy) -> bool:
    """Whether the rows on which the whole was let in show these labels bad."""
    if policy.by_people:
        return False
    since, bar = work.tasks.champion_since(version.id, champion.id), bar_of(version, champion, policy)
    before = by_label(work.predictions.tally(champion.id, until=since))
    return all(bar.bad(before.get(departure.pair, Counts())) for departure in gone)


def nothing_left(contract: Contract, candidate: CandidateRow, gone: Iterable[Departure]) -> bool:
    """Whether there is a field of which no label would be left to say."""
    out = candidate.slice.excluded | {departure.pair for departure in gone}
    return any(all((i, k) in out for k in range(field_.classes)) for i, field_ in enumerate(contract.fields))


def quiet_without(work: Work, version: VersionRow, champion: CandidateRow, gone: Gone, policy: Policy) -> bool:
    """Whether it was these labels alone that raised the alarm."""
    pairs = {departure.pair for departure in gone}
    if not pairs or policy.by_people:
        return False
    since, rest = work.tasks.champion_since(version.id, champion.id), DriftDetector(tau_down(policy.target))
    for _, answer, agreed in work.predictions.said(champion.id, since, since=since):
        if pairs.isdisjoint(enumerate(answer)):
            rest.update(agreed)
    return rest.value < SUSPICIOUS_AT


def reenter(work: Work, version: VersionRow, champion: CandidateRow, gone: Gone, *, why: str, at: float) -> None:
    """What fell must be earned anew: by the rest, where there is any."""
    if not gone or nothing_left(version.contract, champion, gone):
        retire_and_reenter(work, champion, why=why, at=at)
    else:
        work.candidates.retire(champion.id, why)
        enter_without(work, champion, gone, at=at, expected_coverage=champion.expected_coverage)


def narrow(
    work: Work, version: VersionRow, champion: CandidateRow, gone: Gone, policy: Policy, *, at: float
) -> VersionRow:
    """Let the champion serve on without these labels."""
    served = narrowed(work, version, champion, gone)
    same = (c for c in work.candidates.active(version.id) if (c.student_id, c.slice) == (champion.student_id, served))
    heir = next(same, None) or enter_without(work, champion, gone, at=at, expected_coverage=champion.expected_coverage)
    work.predictions.hand_on(champion.id, heir.id, heir.slice, latest=HANDED_ON)
    said = f"{told(version.contract, gone, policy)} The LLM answers that from now on; the rest is served as before."
    work.candidates.retire(champion.id, said)
    verdict = Verdict(Ruling.FAIL, Move.STEP, said, stage=version.stage, share=version.share, numbers=figures(gone))
    stays = version.stay(by="gate", why=said, at=at)
    return work.tasks.move(version, verdict, replace(stays, candidate_id=heir.id))
