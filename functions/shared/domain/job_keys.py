"""Where the history of jobs lies in the RecordStore: keys, by month and by printer, the newest end first.

A job's own parts lie under its id alone, each written by one program. Lists lie by months (UTC) of the end,
in the order of time turned round, as a listing sorts by key: once for all printers, once for each. The part
of a key before its first slash is a partition in the cloud, so none of them grows for ever.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum

from functions.shared.domain.keys import digest

MONTHS = "jobs/"
_DIGITS = 13
_TURNED = 10**_DIGITS - 1  # milliseconds until the year 2286
_LATEST_SECONDS = 9_999_999_999.0
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_NAME = re.compile(r"[0-9]{13}-[A-Za-z0-9-]{0,64}")


class JobPart(StrEnum):
    """What is kept of one job, by who writes it."""

    END = "end"  # the tracker, when it ends
    COURSE = "course"  # the tracker, now and then while it runs, and when it ends
    FILM = "film"  # the timelapse
    CHECKS = "checks"  # the inspection


def is_job_id(text: str) -> bool:
    """Whether a job can have that id."""
    return _ID.fullmatch(text) is not None


def job_parts(job_id: str) -> str:
    """The prefix of all parts of a job."""
    return f"job#{job_id}/"


def job_part_key(job_id: str, part: JobPart) -> str:
    return job_parts(job_id) + part.value


def month_of(at: float) -> str:
    """The month (UTC) of a time, as 2026-11."""
    return _moment(at).strftime("%Y-%m")


def day_of(at: float) -> int:
    """The day of its month (UTC)."""
    return _moment(at).day


def is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None


def month_key(month: str) -> str:
    """The mark that any job ended in that month."""
    return MONTHS + month


def line_name(ended_at: float, job_id: str = "") -> str:
    """What sorts a job among those of its month; without an id, before all that ended at that time."""
    return f"{_TURNED - int(_bounded(ended_at) * 1000):0{_DIGITS}d}-{job_id}"


def is_line_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def line_prefix(month: str, printer_id: str | None = None) -> str:
    """The prefix of the lines of all jobs of a month, or of those of one printer."""
    return f"jobs#{month}/" if printer_id is None else f"jobs#{month}#{digest(printer_id)[:16]}/"


def line_keys(printer_id: str, ended_at: float, job_id: str) -> tuple[str, str]:
    """Both places of a job's line."""
    month, name = month_of(ended_at), line_name(ended_at, job_id)
    return line_prefix(month) + name, line_prefix(month, printer_id) + name


def figures_prefix(month: str) -> str:
    """The prefix of all printers' figures of a month."""
    return f"jobfigures#{month}/"


def figures_key(month: str, printer_id: str) -> str:
    return figures_prefix(month) + printer_id


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(_bounded(at), UTC)


def _bounded(at: float) -> float:
    """A clock may be wrong; what it says must still have a place."""
    return min(max(0.0, at), _LATEST_SECONDS)
