"""Printers through a night, in the chat of a real Bot API server: what the tests of quiet hours share."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

from functions.shared.domain.faults import Fault, Severity
from functions.shared.domain.keys import preferences_key, printer_key
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.messages.chat_preferences import preferences_to_json, read_preferences
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord, record_to_json
from functions.shared.records import update
from tests.functions.notify.harness import BERLIN, Harness, notification
from tests.support.clock import HandClock
from tests.support.telegram.server import TelegramServer

NIGHT = QuietHours(time(22, 0), time(7, 0))
RAN_OUT = Fault("0300-8004", "Filament ran out", "", Severity.ATTENTION)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def harness_at(folder: Path, telegram: TelegramServer, when: str, **rules: Any) -> Harness:
    clock = HandClock(at(when))
    return Harness(folder, telegram, telegram.chat_id, clock=clock, rules={"quiet_hours": NIGHT, **rules})


class Night:
    """Printers with their records, and messages at times of the night."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self._number = 0

    def stands(self, printer: str, state: str, name: str, percent: int, **said: Any) -> None:
        """As the tracker would have written it."""
        now = self.harness.clock()
        phase = Phase.ENDED if state in ("FINISH", "FAILED") else Phase.ACTIVE
        job = Job(
            id=f"{printer}/{name}", started_at=now, start_is_known=True, phase=phase, state=state,
            printing_since=now, next_photo_at=now, next_inspection_at=now, name=name, percent=percent, **said,
        )  # fmt: skip
        record = PrinterRecord(printer, received_at=now, state=state, job=job)
        stored = self.harness.records.get(printer_key(printer))
        version = stored.version if stored else 0
        self.harness.records.put(printer_key(printer), record_to_json(record), version)

    def tells(self, when: str, printer: str, category: Category, name: str, **said: Any) -> Notification:
        """A message of that time, at its turn."""
        self.harness.clock.pass_time(at(when) - self.harness.clock())
        self._number += 1
        told = notification(
            category,
            self._number,
            printer_id=printer,
            job_name=name,
            job_id=f"{printer}/{name}",
            observed_at=at(when),
            **said,
        )
        self.harness.put(told)
        self.harness.run(2)
        return told

    def comes(self, when: str) -> None:
        self.harness.clock.pass_time(at(when) - self.harness.clock())
        self.harness.digests.check()
        self.harness.run(2)


def wish(harness: Harness, change: Any) -> None:
    key = preferences_key(harness.chat_id)
    update(harness.records, key, read_preferences, preferences_to_json, change)
