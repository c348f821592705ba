"""How the history of jobs is read: pages of lines, one job with all its parts, figures by months.

No call reads more than a bounded number of lines: what is left is behind the cursor, so a page may be
shorter than asked for, even empty, and yet be followed by another.
"""

import base64
import binascii
import logging
import math
from collections.abc import Iterator

from functions.shared.domain.job_keys import (
    MONTHS,
    JobPart,
    figures_key,
    figures_prefix,
    is_job_id,
    is_line_name,
    is_month,
    job_parts,
    line_name,
    line_prefix,
    month_of,
)
from functions.shared.errors import ContractError
from functions.shared.messages.codec import recall
from functions.shared.messages.job_figures import MonthFigures, figures_of
from functions.shared.messages.job_history import JobChecks, JobCourse, JobEnd, JobFilm, JobLine, part_of
from functions.shared.ports import RecordStore, Stored
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)
LINES_LIMIT = 500  # read for one page: half a second of the cloud's API
MONTHS_LIMIT = 60  # likewise, most of them empty for a printer that seldom prints
FIGURES_LIMIT = 500  # months of printers, read for one answer: within the four seconds of the cloud's API
_BATCH = 100


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are asked for: of a printer, with a result, that ended from `since` to before `until`."""

    printer_id: str | None = None
    result: str | None = None
    since: float = -math.inf
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class JobPage:
    """Lines, the newest end first; the cursor of the next page, None: there is none."""

    lines: list[JobLine]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class JobParts:
    """All that is kept of one job; `end` is None while it runs."""

    end: JobEnd | None = None
    course: JobCourse = JobCourse()
    film: JobFilm | None = None
    checks: JobChecks = JobChecks()


@dataclass(frozen=True, slots=True)
class PrinterMonth:
    """The figures of a printer's jobs in a month."""

    month: str
    printer_id: str
    figures: MonthFigures


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Months of printers, the newest month first. `is_partial`: there are more than one answer has."""

    months: list[PrinterMonth]
    is_partial: bool


def months(records: RecordStore) -> list[str]:
    """The months in which any job ended, the newest first."""
    found = (stored.key.removeprefix(MONTHS) for stored in records.list(MONTHS))
    return [month for month in found if is_month(month)][::-1]


def page(records: RecordStore, wanted: JobFilter, cursor: str | None, limit: int) -> JobPage:
    """The jobs behind the cursor (None: from the newest on). One that was made up begins with the newest."""
    place = _Place.of(cursor)
    found: list[tuple[JobLine, _Place]] = []
    batch = _BATCH if wanted.result is not None else min(_BATCH, limit + 1)
    walk = _Walk(records, wanted, place, batch)
    for line, at in walk.lines():
        if len(found) == limit:
            return JobPage([it for it, _ in found], found[-1][1].cursor)
        if wanted.result is None or line.end.result == wanted.result:
            found.append((line, at))
    more = None if walk.is_at_end else walk.place.cursor
    return JobPage([it for it, _ in found], more)


def find(records: RecordStore, job_id: str) -> JobParts | None:
    """All that is kept of the job, None if it is nothing."""
    if not is_job_id(job_id):
        return None
    prefix = job_parts(job_id)
    parts = {stored.key.removeprefix(prefix): stored for stored in records.list(prefix)}
    if not parts:
        return None
    try:
        end = part_of(JobEnd, parts.get(JobPart.END))
        film = part_of(JobFilm, parts.get(JobPart.FILM))
    except ContractError as error:
        _log.error("job %s cannot be read: %s", job_id, error)
        return None
    course = part_of(JobCourse, parts.get(JobPart.COURSE)) or JobCourse()
    return JobParts(end, course, film, part_of(JobChecks, parts.get(JobPart.CHECKS)) or JobChecks())


def figures(records: RecordStore, wanted: JobFilter) -> JobFigures:
    """The figures of all months that are asked for; of very many printers not all."""
    found: list[PrinterMonth] = []
    first, last = _months_between(wanted)
    for month in months(records):
        if month > last:
            continue
        if month < first:
            break
        left = FIGURES_LIMIT - len(found)
        if wanted.printer_id is not None:
            one = records.get(figures_key(month, wanted.printer_id))
            stored = [] if one is None else [one]
        else:
            stored = records.list(figures_prefix(month), limit=left + 1)
        for it in stored[:left]:
            printer_id = it.key.removeprefix(figures_prefix(month))
            found.append(PrinterMonth(month, printer_id, figures_of(it.value)))
        if len(stored) > left:
            return JobFigures(found, is_partial=True)
    return JobFigures(found, is_partial=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind which line of which month; no name: before the first one of it."""

    month: str = ""
    name: str = ""

    @property
    def cursor(self) -> str:
        return base64.urlsafe_b64encode(f"{self.month}/{self.name}".encode()).decode().rstrip("=")

    @classmethod
    def of(cls, cursor: str | None) -> "_Place":
        try:
            text = base64.urlsafe_b64decode((cursor or "")[:200] + "=" * (-len(cursor or "") % 4)).decode()
        except (binascii.Error, ValueError):
            return cls()
        month, _, name = text.partition("/")
        return cls(month, name) if is_month(month) and (not name or is_line_name(name)) else cls()


class _Walk:
    """From place to place through the months; `is_at_end` when no line is left that can be meant."""

    def __init__(self, records: RecordStore, wanted: JobFilter, place: _Place, batch: int) -> None:
        self.place = place
        self._batch = batch
        self.is_at_end = False
        self._records = records
        self._wanted = wanted

    def lines(self) -> Iterator[tuple[JobLine, _Place]]:
        left = LINES_LIMIT
        first, last = _months_between(self._wanted)
        if self.place.month:
            last = min(last, self.place.month)
        wanted = [month for month in months(self._records) if first <= month <= last]
        for month in wanted[:MONTHS_LIMIT]:
            if month != self.place.month:
                self.place = _Place(month)
            after = self._after(month)
            while True:
                size = min(self._batch, left)
                prefix = line_prefix(month, self._wanted.printer_id)
                stored = self._records.list(prefix, prefix + after if after else "", size)
                for it in stored:
                    after = it.key.removeprefix(prefix)
                    self.place = _Place(month, after)
                    line = _line_in(it)
                    if line is None or line.end.ended_at >= self._wanted.until:
                        continue
                    if line.end.ended_at < self._wanted.since:
                        self.is_at_end = True
                        return
                    yield line, self.place
                left -= len(stored)
                if left <= 0:
                    return
                if len(stored) < size:
                    break
        if len(wanted) > MONTHS_LIMIT:
            self.place = _Place(wanted[MONTHS_LIMIT])
            return
        self.is_at_end = True

    def _after(self, month: str) -> str:
        """Where the month's lines begin that are asked for."""
        until = self._wanted.until
        begin = line_name(until) if month_of(until) == month and math.isfinite(until) else ""
        return max(begin, self.place.name)


def _months_between(wanted: JobFilter) -> tuple[str, str]:
    first = "" if math.isinf(wanted.since) else month_of(wanted.since)
    return first, "9" if math.isinf(wanted.until) else month_of(wanted.until)


def _line_in(stored: Stored) -> JobLine | None:
    try:
        return recall(JobLine, stored.value)
    except ContractError as error:
        _log.error("%s cannot be read: %s", stored.key, error)
        return None
