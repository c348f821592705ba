"""Signs of life, given only while the work is really done: a hang of any part of it stops them."""

import asyncio
from collections.abc import Callable, Sequence

from collector.agent import Collector, PrinterView
from collector.outbox.outbox import OutboxFigures
from collector.systemd import Systemd
from functions.shared.runtime.threads import run_in_daemon_thread
from functions.shared.wording.durations import full_duration


async def supervise(
    systemd: Systemd,
    collector: Collector,
    figures: Callable[[], OutboxFigures],
    others_waiting: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Until cancelled. Each sign is given after the collector has looked at its time-outs once more, has put
    all it saw into the outbox, and the outbox has answered; `figures` may block.

    `others_waiting`: what waits behind the outbox, for the status line; it may block too.
    """
    if not systemd.is_there:
        return
    is_ready = False
    while True:
        await collector.settle()
        outbox, others = await run_in_daemon_thread(lambda: (figures(), others_waiting()))
        status = status_line(collector.printers(), outbox, others)
        if not is_ready:
            systemd.ready()
            is_ready = True
        systemd.alive(status)
        await asyncio.sleep(systemd.interval)


def status_line(
    printers: Sequence[PrinterView], outbox: OutboxFigures, others_waiting: Sequence[str] = ()
) -> str:
    """How things are, for a person: `1 of 2 printers connected; 3 reports and 40 frames wait, for 7 min`."""
    connected = sum(printer.is_connected for printer in printers)
    parts = [f"{connected} of {len(printers)} printers connected"]
    waiting = [
        f"{count} {name if count != 1 else name[:-1]}"
        for count, name in ((outbox.reports_waiting, "reports"), (outbox.frames_waiting, "frames"))
        if count
    ]
    if waiting:
        parts.append(f"{' and '.join(waiting)} waiting, for up to {full_duration(outbox.oldest_seconds)}")
    parts += others_waiting
    if not waiting and not others_waiting:
        parts.append("all delivered")
    if outbox.is_disk_full:
        parts.append("the disk is full")
    elif not outbox.is_disk_writable:
        parts.append("the disk cannot be written")
    return "; ".join(parts)
