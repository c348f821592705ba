"""How a printer's prints ended since they are counted, from the figures of its months."""

from dataclasses import field

from functions.shared import job_listing
from functions.shared.messages.job_figures import DayFigures, together
from functions.shared.ports import RecordStore
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class PrinterTotals:
    """`recent`: ids of the last jobs that are counted in it."""

    figures: DayFigures = DayFigures(0)
    recent: frozenset[str] = field(default=frozenset())


def totals_by_printer(records: RecordStore) -> dict[str, PrinterTotals]:
    """Of all months that are kept. Blocks."""
    days: dict[str, list[DayFigures]] = {}
    recent: dict[str, set[str]] = {}
    for month in job_listing.figures(records, job_listing.JobFilter()).months:
        days.setdefault(month.printer_id, []).extend(month.figures.all_days())
        recent.setdefault(month.printer_id, set()).update(it.job_id for it in month.figures.recent)
    return {name: PrinterTotals(together(days[name]), frozenset(recent[name])) for name in days}
