"""How much an hour of watching writes: a bridge that runs for months must spare the SD card.

Commits of both databases, files of frames, and all bytes given to the disk, counted over an hour of the
hand-moved clock through the real session, outbox, shipper, queues, tracker and notify.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collector.outbox.model import NewReport
from functions.shared.domain.keys import printer_key
from functions.shared.messages.report import Report, ReportKind
from infra.local.workers import Cleanup
from infra.simulator.telemetry import MergedStatus, whole_report
from tests.e2e.replay import BEGIN, Replay
from tests.support.edge_material import image_text, jpeg, status_text
from tests.support.telegram.server import TelegramServer

HOUR = 3600
SETTLED = 2  # the first words count a second later
PRINTER = "A1M-1"
OWN_REPORTS_EVERY = 300
RECONNECTS = HOUR // 300
FILM_BUDGET = 45 * 30
PERCENTS, PHOTOS = 100, 1
BYTES_PER_COMMIT = 5 * 4096  # pages of SQLite's log


class Watched(Replay):
    """With what else goes on in an hour: the session's reconnects, the collector's reports on itself, the
    clean-up of old rows."""

    obeys_watchdog = True

    def pass_second(self, number: int, messages: list[str]) -> None:
        self.run_to(BEGIN + number)
        for message in messages:
            self.session.received(message)
        if number % OWN_REPORTS_EVERY == OWN_REPORTS_EVERY // 2:
            self.outbox.add_report(NewReport(self._own_report(), durable=False))
        if number % HOUR == HOUR - 1:
            Cleanup(self.settings, self.stores.database, self.clock).clean_once()
        self.carry()

    def _own_report(self) -> Report:
        return Report(
            collector_id="",
            sequence=0,
            printer_id="collector",
            kind=ReportKind.COLLECTOR,
            observed_at=self.now,
            status={"version": "1", "outbox": self.outbox.figures().to_json(), "printers": [{"id": PRINTER}]},
        )


@dataclass(frozen=True)
class Writes:
    """Since the start of the count."""

    state_commits: int
    outbox_commits: int
    bytes: int

    @property
    def commits(self) -> int:
        return self.state_commits + self.outbox_commits

    def since(self, before: "Writes") -> "Writes":
        return Writes(
            self.state_commits - before.state_commits,
            self.outbox_commits - before.outbox_commits,
            self.bytes - before.bytes,
        )


def writes_of(watched: Watched) -> Writes:
    """Bytes: what this process has given to write(2) and pwrite(2); sockets are not among them."""
    figures = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    commits = watched.outbox.figures().commits
    return Writes(watched.stores.database.commits, commits, int(figures["wchar"]))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """With nothing said yet."""
    with TelegramServer() as telegram:
        watched = Watched(tmp_path, telegram, PRINTER)
        watched.session.opened()
        yield watched
        watched.stop()


def print_status(status: MergedStatus, number: int, **fields: Any) -> str:
    """The next status: something small always moves."""
    status.merge({"sequence_id": str(number), "wifi_signal": f"-{40 + number % 17}dBm", **fields})
    return status_text(**status.data)


def reports_of(watched: Watched) -> int:
    """How many reports of the printer the tracker has had: their numbers have no gaps."""
    stored = watched.stores.records.get(printer_key(PRINTER))
    assert stored is not None
    return int(stored.value["sequences"][0][1])


def files_below(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_an_idle_hour_writes_a_few_times_a_minute(watched: Watched) -> None:
    status = MergedStatus(whole_report("A1M"))
    watched.pass_second(0, [print_status(status, 0, gcode_state="FINISH", mc_percent=100)])
    watched.pass_second(SETTLED, [])
    before, files = writes_of(watched), files_below(watched.folder)
    for number in range(SETTLED + 1, HOUR + 1):
        text = print_status(status, number, nozzle_temper=24.0 + number % 9 / 32)
        watched.pass_second(number, [text, image_text(jpeg(number))])
    writes = writes_of(watched).since(before)
    sys.stdout.write(f"an idle hour: {writes}, {writes.commits / 60:.2f} commits a minute\n")
    assert watched.edge.reconnects == RECONNECTS
    assert writes.commits <= 2 * 60
    assert writes.bytes <= writes.commits * BYTES_PER_COMMIT
    assert files_below(watched.folder) == files
    assert watched.transcript == []


def test_a_printing_hour_writes_its_frames_and_changes(watched: Watched) -> None:
    status = MergedStatus(whole_report("A1M"))
    running = {"gcode_state": "RUNNING", "subtask_name": "Benchy", "total_layer_num": 300}
    watched.pass_second(0, [print_status(status, 0, **running)])
    watched.pass_second(SETTLED, [])
    before, reports, files = writes_of(watched), reports_of(watched), files_below(watched.folder)
    for number in range(SETTLED + 1, HOUR + 1):
        fields = {"layer_num": number // 12, "mc_remaining_time": (HOUR - number) // 60}
        text = print_status(status, number, mc_percent=number * 100 // HOUR, **fields)
        watched.pass_second(number, [text, image_text(jpeg(number))])
    writes, reports = writes_of(watched).since(before), reports_of(watched) - reports
    frames, told = list(watched.stores.frames.list("")), len(watched.transcript)
    image_bytes = sum(frame.size for frame in frames)
    sys.stdout.write(f"a printing hour: {writes}, {len(frames)} frames, {reports} reports, {told} messages\n")
    assert watched.edge.reconnects == RECONNECTS
    assert len(frames) <= 1.02 * FILM_BUDGET
    assert files_below(watched.folder) - files == len(frames)
    assert reports <= PERCENTS + PHOTOS + RECONNECTS
    # A frame and a change are one commit each of the outbox; numbers are reserved by blocks, and what was
    # shipped is forgotten along with the next commit.
    assert writes.outbox_commits <= 1.05 * (len(frames) + reports)
    # A report and a message are four commits each: put on the queue, handed out, worked off, acknowledged.
    assert writes.state_commits <= 4 * (reports + HOUR // OWN_REPORTS_EVERY + told) + 1
    assert writes.bytes - image_bytes <= writes.commits * BYTES_PER_COMMIT
