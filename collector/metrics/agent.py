"""The edge program's own figures as metric families: what came in, waits, was lost, was sent; its process."""

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from collector.agent import Collector
from collector.counters import PrinterCounters
from collector.metrics.exposition import Part, alone, counter, gauge
from collector.metrics.printers import printer_families
from collector.outbox.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.metrics_core import Metric


def process_part(proc: str = "/proc") -> "Callable[[], Iterable[Metric]]":
    """Gives the families, as often as it is called; none where there is no /proc."""
    made: list[Callable[[], Iterable[Metric]]] = []

    def families() -> "Iterable[Metric]":
        if not made:
            made.extend(_collectors(proc))
        for collect in made:
            yield from collect()

    return families


def _collectors(proc: str) -> "list[Callable[[], Iterable[Metric]]]":
    from prometheus_client import PlatformCollector, ProcessCollector

    class Process(ProcessCollector):
        """The library reads the time of the boot from /proc/stat and gives nothing without it; a hardened
        service (systemd's ProcSubset=pid) has only the processes there."""

        def _boot_time(self) -> float:
            return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    return [Process(proc=proc, registry=None).collect, PlatformCollector(registry=None).collect]


if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_OUTBOX_TIMEOUT = 1.0


def collector_families(collector: Collector, version: str) -> "Iterator[Metric]":
    """What came from BambUI, and how the program is."""
    total = PrinterCounters()
    for snapshot in collector.snapshots():
        total.add(snapshot.counters)
    kinds = {"status": total.statuses, "picture": total.images, "other": total.others, "bad": total.bad}
    yield counter(
        "messages",
        "Messages received from BambUI",
        (([kind], count) for kind, count in kinds.items()),
        ["kind"],
    )
    yield counter("received_bytes", "Size of the messages received from BambUI", alone(total.received))
    yield counter(
        "frames_refused",
        "Pictures that were to be kept and are no whole JPEG",
        alone(total.broken_images),
    )
    yield counter(
        "changes_left_out",
        "Changes of printers that change faster than CHANGES_PER_MINUTE",
        alone(total.left_out),
    )
    yield counter(
        "frames_dropped",
        "Pictures left out because the disk is too slow for them",
        alone(collector.dropped_frames),
    )
    yield gauge(
        "picture_memory_bytes",
        "Memory that pictures take: the latest of each printer, those that wait for the disk, half messages",
        (([place], size) for place, size in collector.picture_memory().items()),
        ["place"],
    )
    yield counter(
        "pictures_given_way",
        "Latest pictures given up because all together took too much memory (PICTURES_MAX_BYTES)",
        alone(collector.pictures.given_way),
    )
    yield counter(
        "messages_cut_off",
        "Half messages given up because they took long and others had to wait for memory",
        alone(collector.reception.cut_off),
    )
    yield gauge("tasks", "Tasks of the collector's event loop", alone(collector.tasks()))
    yield gauge("threads", "Threads of the program", alone(threading.active_count()))
    yield gauge(
        "start_time_seconds", "When the collector started, seconds since 1970", alone(collector.started_at)
    )
    yield gauge("build_info", "The version that runs", [([version], 1.0)], ["version"])


def outbox_families(outbox: Outbox) -> "Iterator[Metric]":
    """What waits and what was given up. Raises TransientError while the disk holds the outbox up."""
    figures, counters = outbox.figures(_OUTBOX_TIMEOUT), outbox.counters
    for name, words, value in (
        ("bytes", "Bytes that the outbox keeps", figures.bytes),
        ("reports", "Reports that wait to be sent", figures.reports_waiting),
        ("frames", "Frames that wait to be sent", figures.frames_waiting),
        ("age_seconds", "How long the oldest report or frame has waited", figures.oldest_seconds),
        ("disk_writable", "1: the disk takes what is written", figures.is_disk_writable),
        (
            "set_aside_reports",
            "Reports refused for good by the far side, over all runs",
            figures.reports_set_aside,
        ),
        (
            "set_aside_frames",
            "Frames refused for good by the far side, over all runs",
            figures.frames_set_aside,
        ),
    ):
        yield gauge(f"outbox_{name}", words, alone(value))
    for name, words, value in (
        ("frames_kept", "Frames put into the outbox", counters.frames),
        ("frames_thinned", "Frames given up because the outbox was full", figures.frames_thinned),
        (
            "reports_dropped",
            "Reports of a change given up because the outbox was full",
            figures.reports_dropped,
        ),
        ("heartbeats_dropped", "Heartbeats that a later report overtook", outbox.heartbeats_dropped),
        ("outbox_commits", "Commits of the outbox to disk", figures.commits),
    ):
        yield counter(name, words, alone(value))
    yield counter(
        "reports_made",
        "Reports made: of a change, or a mere sign of life",
        [(["change"], counters.changes), (["heartbeat"], counters.heartbeats)],
        ["kind"],
    )
    sent = outbox.reader.counters
    yield counter(
        "shipped",
        "Reports and frames that the far side took",
        [(["reports"], sent.reports), (["frames"], sent.frames)],
        ["what"],
    )
    yield counter(
        "send_failures",
        "Tries that failed: transient ones are repeated, what is refused is set aside",
        [
            (["reports", "transient"], sent.reports_failed),
            (["frames", "transient"], sent.frames_failed),
            (["opening", "transient"], sent.openings_failed),
            (["reports", "refused"], sent.reports_refused),
            (["frames", "refused"], sent.frames_refused),
        ],
        ["what", "kind"],
    )


def edge_parts(collector: Collector, outbox: Outbox, version: str) -> dict[str, Part]:
    """The parts that both programs have, by the name under which a fault of theirs is said."""
    return {
        "the printers": lambda: printer_families(collector.snapshots()),
        "the collector": lambda: collector_families(collector, version),
        "the outbox": lambda: outbox_families(outbox),
        "the process": process_part(),
    }
