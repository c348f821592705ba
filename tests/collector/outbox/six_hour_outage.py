"""Six hours of four printers printing without a remote backend, and the ends, put into an outbox."""

from dataclasses import dataclass, field, replace

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from functions.shared.messages.report import Report
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.support.clock import HandClock

PRINTERS = ("A1M-1", "A1-2", "P1S-3", "P1P-4")
HOURS = 6
STATUS_BYTES = 5000
CHANGE_EVERY, HEARTBEAT_EVERY = 60, 120  # a percent a minute: prints of under two hours, one after another
FRAME_EVERY = 16  # what a film of 1,350 frames needs


@dataclass
class Waiting:
    """The changes of each printer in order, and how many frames were kept of each."""

    changes: dict[str, list[Report]] = field(default_factory=dict)
    frames: int = 0

    @property
    def reports(self) -> int:
        return sum(map(len, self.changes.values()))


def fill(outbox: Outbox, clock: HandClock, frame_bytes: int, hours: float = HOURS) -> Waiting:
    """`clock` is the outbox's; it is at the end of the outage then."""
    waiting = Waiting({name: [] for name in PRINTERS})
    padding = "x" * (STATUS_BYTES - 100)
    for second in range(int(hours * 3600)):
        for place, name in enumerate(PRINTERS):
            job, at = a_job(name, f"run-{place}"), second + 3 * place
            if at % FRAME_EVERY == 0:
                outbox.keep_frame(name, job, a_captured_frame(clock.wall(), frame_bytes))
                waiting.frames += 1
            if at % CHANGE_EVERY == 0:
                report = a_report(name, clock.wall(), mc_percent=at // CHANGE_EVERY % 101, padding=padding)
                waiting.changes[name].append(outbox.add_report(NewReport(report, durable=True, job=job)))
            elif at % HEARTBEAT_EVERY == 30:
                outbox.add_report(
                    NewReport(a_report(name, clock.wall(), padding=padding), durable=False, job=job)
                )
        clock.pass_time(1)
    for place, name in enumerate(PRINTERS):  # for the frames of a running job more would be waited for
        ended = replace(a_job(name, f"run-{place}"), is_active=False)
        report = a_report(name, clock.wall(), gcode_state="FINISH", padding=padding)
        waiting.changes[name].append(outbox.add_report(NewReport(report, durable=True, job=ended)))
    return waiting
