"""What the edge can tell of itself, part by part."""

from collector.bridge_families import collector_families, outbox_families
from collector.collector import Collector
from collector.metrics_page import Part
from collector.outbox import Outbox
from collector.printer_families import printer_families
from collector.process_families import process_part


def edge_parts(collector: Collector, outbox: Outbox, version: str) -> dict[str, Part]:
    """The parts that both programs have, by the name under which a fault of theirs is said."""
    return {
        "the printers": lambda: printer_families(collector.snapshots()),
        "the collector": lambda: collector_families(collector, version),
        "the outbox": lambda: outbox_families(outbox),
        "the process": process_part(),
    }
