"""Which jobs a client asks for. As all over the API, no wish is refused: what cannot be meant is left out."""

import math
import re
from datetime import UTC, datetime, timedelta

from functions.shared.job_listing import JobFilter

JOBS_LIMIT, MOST_JOBS = 30, 100
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def job_filter(printer_id: str | None, result: str | None, since: str | None, until: str | None) -> JobFilter:
    """`until` a date means that day as well; a time, that moment as well."""
    first, last = _moment(since), _moment(until)
    end = math.inf
    if last is not None:
        is_date = until is not None and _DATE.fullmatch(until.strip()) is not None
        end = _seconds(last + timedelta(days=1)) if is_date else _seconds(last) + 0.001
    return JobFilter(printer_id or None, result or None, -math.inf if first is None else _seconds(first), end)


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
