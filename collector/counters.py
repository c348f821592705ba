"""What was counted since the start, as plain whole numbers: counting costs an addition, and whoever wants to
know reads them when asked."""

from dataclasses import dataclass


@dataclass(slots=True)
class PrinterCounters:
    """One printer's, over all its sessions; counted in the event loop only.

    `received` is the length of all messages (characters of text, which are bytes in BambUI's JSON);
    `broken_images` are those that were to be kept and are no whole JPEG; `left_out` are the changes of a
    printer that changed too fast.
    """

    statuses: int = 0
    images: int = 0
    others: int = 0
    bad: int = 0
    received: int = 0
    connects: int = 0
    broken_images: int = 0
    left_out: int = 0
    faults: int = 0

    def add(self, other: "PrinterCounters") -> None:
        """Count what another printer's has counted, too."""
        self.statuses += other.statuses
        self.images += other.images
        self.others += other.others
        self.bad += other.bad
        self.received += other.received
        self.connects += other.connects
        self.broken_images += other.broken_images
        self.left_out += other.left_out
        self.faults += other.faults


@dataclass(slots=True)
class OutboxCounters:
    """What went into the outbox, counted under its lock: a change is told at once, a heartbeat may go."""

    changes: int = 0
    heartbeats: int = 0
    frames: int = 0


@dataclass(slots=True)
class DeliveryCounters:
    """What left it, and what did not: refused is for good, anything else is tried again."""

    reports: int = 0
    frames: int = 0
    reports_failed: int = 0
    frames_failed: int = 0
    openings_failed: int = 0
    reports_refused: int = 0
    frames_refused: int = 0
