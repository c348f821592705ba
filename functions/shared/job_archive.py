"""How the history of jobs is written: parts first, then what follows from them.

A job's parts (`messages/job_history.py`) have one writer each. Its line in the lists follows from its end
and its film: whoever has written one of the two writes the line anew from both, and over no other writer's
(by its version), so the last one sees what all have written. Every call may be repeated after a crash at any
point, and comes to the same. Decision 0017.
"""

import logging
from contextlib import suppress
from datetime import UTC, datetime

from functions.shared.domain.job_keys import (
    JobPart,
    figures_key,
    job_part_key,
    line_keys,
    month_key,
    month_of,
)
from functions.shared.errors import ConflictError, ContractError
from functions.shared.messages.job_figures import (
    MonthFigures,
    counted_job,
    figures_of,
    figures_to_json,
    with_job,
    without_job,
)
from functions.shared.messages.job_history import (
    JobCheck,
    JobEnd,
    JobFilm,
    JobHistoryChange,
    checks_of,
    course_of,
    line_of,
    merged_course,
    newest_film,
    part_of,
    part_to_json,
    with_check,
)
from functions.shared.ports import RecordStore, Stored
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)
_TRIES = 8  # as in `records.py`
_DAY = 86_400.0
_MONTH_SECONDS = 31 * _DAY
# What has an end behind it is gone for every reader, and removed by the store in time. A minute: stores keep
# whole seconds.
_GONE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class JobArchive:
    """`retention_days`: jobs are kept for so long (0: for ever)."""

    records: RecordStore
    clock: Clock
    retention_days: float = 0.0

    def keep(self, change: JobHistoryChange) -> None:
        """What a report changes. Raises TransientError: the same again."""
        job_id = change.job_id
        if change.course.curve or change.course.pauses or change.course.codes:
            update(
                self.records,
                job_part_key(job_id, JobPart.COURSE),
                course_of,
                part_to_json,
                lambda known: merged_course(known, change.course),
                self._expires_at(),
            )
        if change.end is not None:
            self._put(job_part_key(job_id, JobPart.END), part_to_json(change.end))
        elif change.ended_before is not None:
            self._remove(job_part_key(job_id, JobPart.END))
        else:
            return
        if change.ended_before is not None and (
            change.end is None or change.end.ended_at != change.ended_before
        ):
            for key in line_keys(change.printer_id, change.ended_before, job_id):
                self._remove(key)
            self._uncount(change.printer_id, change.ended_before, job_id)
        if change.end is not None:
            self._write_lines(job_id)
            self._count(change.end)

    def keep_film(self, job_id: str, film: JobFilm) -> None:
        """The film of a job, which may be over already or not be known to be."""
        key = job_part_key(job_id, JobPart.FILM)
        for tries_left in reversed(range(_TRIES)):
            stored = self.records.get(key)
            newest = newest_film(_film_in(stored), film)
            if stored is not None and stored.value == part_to_json(newest):
                break
            try:
                version = stored.version if stored else 0
                self.records.put(key, part_to_json(newest), version, self._expires_at())
            except ConflictError:
                if not tries_left:
                    raise
            else:
                break
        self._write_lines(job_id)

    def has_later_film(self, job_id: str, made_at: float) -> bool:
        """Whether there is one of that job that was made of more of it. Raises TransientError."""
        film = _film_in(self.records.get(job_part_key(job_id, JobPart.FILM)))
        return film is not None and film.made_at > made_at

    def keep_check(self, job_id: str, check: JobCheck) -> None:
        """One check of a job by the AI."""
        update(
            self.records,
            job_part_key(job_id, JobPart.CHECKS),
            checks_of,
            part_to_json,
            lambda known: with_check(known, check),
            self._expires_at(),
        )

    def _write_lines(self, job_id: str) -> None:
        """Nothing, of a job of which no end is kept. The version of a line is read before its parts are."""
        end = self._end_of(job_id)
        for place in (0, 1):
            for tries_left in reversed(range(_TRIES)):
                if end is None:
                    return
                key = line_keys(end.printer_id, end.ended_at, job_id)[place]
                stored = self.records.get(key)
                before, end = end, self._end_of(job_id)
                if end is None or end.ended_at != before.ended_at:
                    continue
                film = _film_in(self.records.get(job_part_key(job_id, JobPart.FILM)))
                value = part_to_json(line_of(end, film))
                if stored is not None and stored.value == value:
                    break
                try:
                    self.records.put(key, value, stored.version if stored else 0, self._expires_at())
                except ConflictError:
                    if not tries_left:
                        raise
                    _log.info("%s was written by somebody else meanwhile: looked at again", key)
                else:
                    break

    def _end_of(self, job_id: str) -> JobEnd | None:
        try:
            return part_of(JobEnd, self.records.get(job_part_key(job_id, JobPart.END)))
        except ContractError as error:
            _log.error("the end of job %s cannot be read: %s", job_id, error)
            return None

    def _count(self, end: JobEnd) -> None:
        job = counted_job(end)
        month = month_of(end.ended_at)

        def counted(known: MonthFigures) -> MonthFigures:
            return known if job is None else with_job(known, job)

        key = figures_key(month, end.printer_id)
        if self.records.get(key) is None:  # the printer's first of that month: it may be the first of all
            with suppress(ConflictError):
                self.records.put(month_key(month), {}, 0, self._expires_after(month))
        update(
            self.records,
            key,
            figures_of,
            figures_to_json,
            counted,
            self._expires_after(month),
        )

    def _uncount(self, printer_id: str, ended_at: float, job_id: str) -> None:
        month = month_of(ended_at)
        update(
            self.records,
            figures_key(month, printer_id),
            figures_of,
            figures_to_json,
            lambda known: without_job(known, job_id),
            self._expires_after(month),
        )

    def _put(self, key: str, value: dict[str, object]) -> None:
        """In place of what is there; nothing is written if that is the same."""
        update(self.records, key, dict, dict, lambda _: value, self._expires_at())

    def _remove(self, key: str) -> None:
        """The store has no way to remove a record but its time."""
        for tries_left in reversed(range(_TRIES)):
            stored = self.records.get(key)
            if stored is None:
                return
            try:
                self.records.put(key, {}, stored.version, self.clock() - _GONE_SECONDS)
            except ConflictError:
                if not tries_left:
                    raise
            else:
                return

    def _expires_at(self) -> float | None:
        return self.clock() + self.retention_days * _DAY if self.retention_days > 0 else None

    def _expires_after(self, month: str) -> float | None:
        """What is of a whole month lasts as long as the last job of it."""
        if self.retention_days <= 0:
            return None
        begun = datetime.strptime(month + "+0000", "%Y-%m%z").astimezone(UTC).timestamp()
        return max(begun + _MONTH_SECONDS, self.clock()) + self.retention_days * _DAY


def _film_in(stored: Stored | None) -> JobFilm | None:
    """One that cannot be read is none: another may take its place."""
    try:
        return part_of(JobFilm, stored)
    except ContractError as error:
        _log.error("a film in the history cannot be read: %s", error)
        return None
