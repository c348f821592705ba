"""What is shipped next, as rules without a clock or a disk.

Reports go in order within a printer and oldest first between printers. A report waits for the frame it
names, but never longer than `FRAME_WAIT_SECONDS` after it was observed.
"""

import heapq
import math
from collections.abc import Callable, Container, Iterable, Sequence

from collector.outbox.model import WaitingFrame, WaitingReport
from functions.shared.ports import BATCH_LIMIT

FRAME_WAIT_SECONDS = 10.0
BATCH_BYTES = (
    1_000_000  # SQS takes 1 MiB (1,048,576 bytes) a batch; the rest is room for what is around the bodies
)


def is_late(report: WaitingReport, now: float) -> bool:
    """Whether it has waited so long (or was read back after a restart) that no frame is waited for."""
    return report.added_at is None or now - report.added_at >= FRAME_WAIT_SECONDS


def frame_wait_left(report: WaitingReport, frames_waiting: Container[str], now: float) -> float:
    """Seconds that it must still wait for its frame; 0: it may go."""
    if report.added_at is None or report.frame_key is None or report.frame_key not in frames_waiting:
        return 0.0
    return max(0.0, report.added_at + FRAME_WAIT_SECONDS - now)


def shipped_at(report: WaitingReport, now: float, wall: float) -> float:
    """When it is shipped, by the clock it was observed with, so that a jump of that clock adds no lateness.

    `now` is monotonic; `wall` counts only for a report that another run of the program observed.
    """
    if report.added_at is None:
        return max(report.observed_at, wall)
    return report.observed_at + max(0.0, now - report.added_at)


def plan_batch(
    lines: Iterable[Sequence[WaitingReport]], frames_waiting: Container[str], now: float
) -> tuple[list[WaitingReport], float]:
    """The reports to send now, in order, and the seconds until one more may go (infinite: none waits).

    Each line is one printer's, in order; a report that waits for its frame holds back its own line only.
    """
    heads = [(line[0].observed_at, line[0].number, 0, line) for line in lines if line]
    heapq.heapify(heads)
    batch: list[WaitingReport] = []
    size = 0
    wait = math.inf
    while heads:
        _, _, position, line = heads[0]
        report = line[position]
        frame_wait = frame_wait_left(report, frames_waiting, now)
        if frame_wait > 0:
            wait = min(wait, frame_wait)
            heapq.heappop(heads)
            continue
        if batch and (len(batch) == BATCH_LIMIT or size + report.size > BATCH_BYTES):
            return batch, 0.0
        batch.append(report)
        size += report.size
        if position + 1 < len(line):
            following = line[position + 1]
            heapq.heapreplace(heads, (following.observed_at, following.number, position + 1, line))
        else:
            heapq.heappop(heads)
    return batch, wait


def plan_frame(
    fresh: Iterable[WaitingReport],
    frames: Iterable[WaitingFrame],
    find: Callable[[str], WaitingFrame | None],
    in_flight: Container[str],
    is_old_allowed: bool,
) -> WaitingFrame | None:
    """The frame to ship now: one that a fresh report waits for, else (if allowed) the oldest of all.

    `fresh`: reports that still wait for their frame, and `frames`: all that wait, both oldest first.
    """
    for report in fresh:
        found = find(report.frame_key) if report.frame_key is not None else None
        if found is not None and found.key not in in_flight:
            return found
    if not is_old_allowed:
        return None
    return next((frame for frame in frames if frame.key not in in_flight), None)
