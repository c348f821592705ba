"""What the key that a report was sent with may say: all, or what is of its own site."""

from dataclasses import replace

from functions.shared.domain.sites import is_at, name_at
from functions.shared.errors import ContractError
from functions.shared.messages.report import Report, ReportKind


def report_of(site: str, report: Report) -> Report:
    """The report of who has that site's key, under a collector's name that nobody else can take.

    Raises ContractError if it is on another site's printer.
    """
    if report.kind is not ReportKind.COLLECTOR and not is_at(site, report.printer_id):
        raise ContractError(
            f"the key of the site {site!r} does not reach the printer {report.printer_id[:80]!r}: "
            f"the collector needs SITE={site}"
        )
    return replace(report, collector_id=name_at(site, report.collector_id))
