"""Jobs as a table of comma-separated values (RFC 4180), for a spreadsheet.

A spreadsheet runs a cell that begins as a formula does, whoever has named the job: such a cell gets an
apostrophe before it (OWASP, "CSV Injection").
"""

import csv
import io
from collections.abc import Iterable

from functions.api.json_values import utc_time
from functions.shared.messages.job_history import JobLine
from functions.shared.text import shown

COLUMNS = (
    "printer",
    "model",
    "job",
    "result",
    "reason",
    "started_at",
    "ended_at",
    "duration_seconds",
    "percent",
    "layer",
    "total_layers",
    "paused_seconds",
    "start_is_known",
    "end_is_known",
    "id",
)
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def header_row() -> str:
    return _row(COLUMNS)


def job_rows(lines: Iterable[JobLine]) -> str:
    """A row for each job."""
    return "".join(_row(_cells(line)) for line in lines)


def _cells(line: JobLine) -> list[object]:
    end = line.end
    duration = end.duration_seconds
    return [
        end.printer_id,
        end.model,
        end.name,
        end.result,
        end.reason,
        _time(end.started_at),
        _time(end.ended_at),
        None if duration is None else round(duration),
        end.percent,
        end.layer,
        end.total_layers,
        round(max(0.0, end.paused_seconds)),
        _yes(end.start_is_known),
        _yes(end.end_is_known),
        end.job_id,
    ]


def _row(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = shown(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS_A_FORMULA) else text


def _yes(is_so: bool) -> str:
    """As spreadsheets and programs read it."""
    return "true" if is_so else "false"


def _time(seconds: float) -> str:
    at = utc_time(seconds)
    return "" if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")
