"""A printer as it stands at one moment, for whoever asks from another thread."""

from dataclasses import dataclass

from collector.tally import PrinterTally


@dataclass(frozen=True, slots=True)
class PrinterSnapshot:
    """`status_text`: the newest status message as received; ages in seconds, None: none came yet.

    `is_refused`: BambUI says that it does not know the printer; `tally` goes on counting.
    """

    printer_id: str
    model: str | None
    is_online: bool | None
    is_connected: bool
    is_refused: bool
    status_text: str | None
    status_age: float | None
    picture_age: float | None
    tally: PrinterTally
