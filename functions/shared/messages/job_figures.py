"""Figures of a printer's jobs in one month, by days, and their form in the RecordStore.

They are counted as jobs end. The last few jobs stand apart, each with its id: so a job that is told again,
comes back, or ends another way counts once. An older one cannot change any more: only a printer's last job
can.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from functions.shared.domain.job_keys import day_of
from functions.shared.messages.codec import recall, to_json, without_empty
from functions.shared.messages.job_history import NEVER_BEGAN, JobEnd
from functions.shared.value_class import dataclass

_RECENT = 4
_REASONS_LIMIT = 12  # of a day; the others are told together
OTHER_REASONS = "other reasons"
_REASON_LENGTH = 120
_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Jobs that ended on that day of the month (UTC), by their results.

    `seconds`: what they took, as far as it was seen; `timed` and `timed_seconds` are of those that were seen
    from begin to end. `reasons` of failure, with how many failed by each.
    """

    day: int
    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    ended: int = 0
    seconds: float = 0.0
    timed: int = 0
    timed_seconds: float = 0.0
    longest: float = 0.0
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def jobs(self) -> int:
        return self.finished + self.failed + self.cancelled + self.ended


@dataclass(frozen=True, slots=True)
class CountedJob:
    """A job as it counts. `seconds` None: its end was not seen; `is_timed`: its start was seen too."""

    job_id: str
    day: int
    result: str
    seconds: float | None = None
    is_timed: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`days`: those on which a job ended that can change no more; `recent`: the jobs after them."""

    days: tuple[DayFigures, ...] = ()
    recent: tuple[CountedJob, ...] = ()

    def all_days(self) -> tuple[DayFigures, ...]:
        """With the recent ones."""
        days = {it.day: it for it in self.days}
        for job in self.recent:
            days[job.day] = _with_job(days.get(job.day, DayFigures(job.day)), job)
        return tuple(days[day] for day in sorted(days))


def counted_job(end: JobEnd) -> CountedJob | None:
    """How a job counts; one that never began does not."""
    if end.result == NEVER_BEGAN:
        return None
    reason = end.reason[:_REASON_LENGTH] if end.reason and end.result == _FAILED else None
    timed = end.duration_seconds is not None
    return CountedJob(end.job_id, day_of(end.ended_at), end.result, end.seconds, timed, reason)


def with_job(figures: MonthFigures, job: CountedJob) -> MonthFigures:
    """With that job counted once, in place of how it counted before."""
    others = tuple(it for it in figures.recent if it.job_id != job.job_id)
    recent = (*others, job)
    settled, recent = recent[:-_RECENT], recent[-_RECENT:]
    return MonthFigures(replace(figures, recent=settled).all_days(), recent)


def without_job(figures: MonthFigures, job_id: str) -> MonthFigures:
    """Without that job, if it is one of the last."""
    return replace(figures, recent=tuple(it for it in figures.recent if it.job_id != job_id))


def figures_of(body: Mapping[str, Any]) -> MonthFigures:
    """Total."""
    return recall(MonthFigures, body)


def figures_to_json(figures: MonthFigures) -> dict[str, Any]:
    """As stored: what is nothing is left out, as most of a day is."""
    days = [_without_zeros(to_json(day)) for day in figures.days]
    return without_empty({"days": days, "recent": [without_empty(to_json(job)) for job in figures.recent]})


def together(days: Iterable[DayFigures]) -> DayFigures:
    """All of them as one (its `day` says nothing)."""
    total = DayFigures(0)
    reasons: Counter[str] = Counter()
    for day in days:
        reasons.update(dict(day.reasons))
        total = DayFigures(
            0,
            total.finished + day.finished,
            total.failed + day.failed,
            total.cancelled + day.cancelled,
            total.ended + day.ended,
            total.seconds + day.seconds,
            total.timed + day.timed,
            total.timed_seconds + day.timed_seconds,
            max(total.longest, day.longest),
        )
    return replace(total, reasons=_most_common(reasons))


def _with_job(day: DayFigures, job: CountedJob) -> DayFigures:
    seconds = job.seconds or 0.0
    known = job.result in ("finished", _FAILED, "cancelled")
    result = job.result if known else "ended"
    is_timed = job.is_timed and job.seconds is not None
    reasons = Counter(dict(day.reasons))
    if job.reason:
        reasons[job.reason if job.reason in reasons or len(reasons) < _REASONS_LIMIT else OTHER_REASONS] += 1
    return replace(
        day,
        **{result: getattr(day, result) + 1},
        seconds=round(day.seconds + seconds, 1),
        timed=day.timed + is_timed,
        timed_seconds=round(day.timed_seconds + (seconds if is_timed else 0.0), 1),
        longest=max(day.longest, seconds if is_timed else 0.0),
        reasons=tuple(reasons.items()),
    )


def _most_common(reasons: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(reasons.items(), key=lambda it: (-it[1], it[0])))


def _without_zeros(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in without_empty(body).items() if item != 0}
