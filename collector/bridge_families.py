"""The bridge's own figures as metric families: what came in, what waits, what was lost, what was sent."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from collector.collector import Collector
from collector.metric_family import alone, counter, gauge
from collector.outbox import Outbox
from collector.tally import PrinterTally

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_OUTBOX_PATIENCE = 1.0


def collector_families(collector: Collector, version: str) -> "Iterator[Metric]":
    """What came from BambUI, and how the program is."""
    total = PrinterTally()
    for snapshot in collector.snapshots():
        total.add(snapshot.tally)
    kinds = {"status": total.statuses, "picture": total.pictures, "other": total.others, "bad": total.bad}
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
        alone(total.broken_pictures),
    )
    yield counter(
        "frames_dropped",
        "Pictures left out because the disk is too slow for them",
        alone(collector.dropped_pictures),
    )
    yield gauge("tasks", "Tasks of the collector's event loop", alone(collector.tasks()))
    yield gauge("threads", "Threads of the program", alone(threading.active_count()))
    yield gauge(
        "start_time_seconds", "When the collector started, seconds since 1970", alone(collector.started_at)
    )
    yield gauge("build_info", "The version that runs", [([version], 1.0)], ["version"])


def outbox_families(outbox: Outbox) -> "Iterator[Metric]":
    """What waits and what was given up. Raises TransientError while the disk holds the outbox up."""
    figures, tally = outbox.figures(_OUTBOX_PATIENCE), outbox.tally
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
        ("frames_kept", "Frames put into the outbox", tally.frames),
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
        [(["change"], tally.changes), (["heartbeat"], tally.heartbeats)],
        ["kind"],
    )
    sent = outbox.outlet.tally
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
