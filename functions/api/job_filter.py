"""Which jobs a client asks for. As all over the API, no wish is refused: what cannot be meant is left out."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from functions.shared.job_listing import JobFilter

JOBS_LIMIT, MOST_JOBS = 30, 100
_DAY = 86_400.0
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def job_filter(printer_id: str | None, result: str | None, since: str | None, until: str | None) -> JobFilter:
    """`until` a date means that day as well; a time, that moment as well."""
    first, last = _moment(since), _moment(until)
    end = math.inf
    if last is not None:
        is_date = until is not None and _DATE.fullmatch(until.strip()) is not None
        end = _seconds(last + timedelta(days=1)) if is_date else _seconds(last) + 0.001
    return JobFilter(printer_id or None, result or None, -math.inf if first is None else _seconds(first), end)


def figures_filter(printer_id: str | None, since: str | None, until: str | None) -> JobFilter:
    """Figures are counted by whole days (UTC): from the day of `since` to that of `until`. Of a time `until`
    the day does not count that only begins with it.
    """
    wanted = job_filter(printer_id, None, since, until)
    first = wanted.since if math.isinf(wanted.since) else wanted.since // _DAY * _DAY
    last = _moment(until)
    if last is None or wanted.until - _seconds(last) >= _DAY:
        return replace(wanted, since=first, until=_after(wanted.until))
    return replace(wanted, since=first, until=_after(_seconds(last)))


def _after(moment: float) -> float:
    """The end of the day in which it lies, or which ends with it."""
    return moment if math.isinf(moment) else math.ceil(moment / _DAY) * _DAY


def job_limit(limit: str | None) -> int:
    """How many jobs in one answer."""
    wished = int(limit) if limit and limit.isascii() and limit.isdigit() and len(limit) < 10 else JOBS_LIMIT
    return max(1, min(wished, MOST_JOBS))


def _moment(text: str | None) -> datetime | None:
    """ISO 8601, in UTC unless it says otherwise. A `+` of a zone may have become a space in a URL."""
    try:
        found = datetime.fromisoformat((text or "").strip()[:40].replace(" ", "+"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _seconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
