"""Snapshots of printers as a farm has them, without a farm."""

import json
from typing import Any

from collector.counters import PrinterCounters
from collector.printer.supervisor import PrinterSnapshot
from infra.simulator.telemetry import whole_report

PRINTING = {
    "gcode_state": "RUNNING", "subtask_name": "Benchy", "mc_percent": 62, "layer_num": 89,
    "total_layer_num": 200, "mc_remaining_time": 72, "nozzle_temper": 219.9, "nozzle_target_temper": 220,
    "cooling_fan_speed": "15", "print_error": 50348044, "hms": [{"attr": 0x03001A00, "code": 0x00020002}],
    "wifi_signal": "-45dBm",
}  # fmt: skip


def snapshot(printer_id: str, status: dict[str, Any] | None = None, **changed: Any) -> PrinterSnapshot:
    """A connected printer that shows that status (None: nothing yet)."""
    text = None if status is None else json.dumps({"type": "printer_status", "data": status})
    fields: dict[str, Any] = {
        "printer_id": printer_id,
        "model": "A1M",
        "is_online": True,
        "is_connected": True,
        "is_refused": False,
        "status_text": text,
        "status_age": None if status is None else 0.5,
        "image_age": None if status is None else 0.7,
        "counters": PrinterCounters(statuses=3, connects=1),
    }
    return PrinterSnapshot(**fields | changed)


def farm(count: int) -> list[PrinterSnapshot]:
    """That many printers in a print, each with a whole status of 4 kB."""
    return [snapshot(f"P1S-{number:03d}", whole_report("P1S") | PRINTING) for number in range(count)]
