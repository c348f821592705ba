"""Whatever a printer sends: message, API (the page shows its values) and metrics show one figure, or none."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.metrics.printers import PrinterFigures, read_figures
from functions.api.presenter import printer_view
from functions.api.schemas import PrinterView
from functions.notify.render import RenderContext, render
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.inspection_record import InspectionState
from functions.shared.messages.printer_record import PrinterRecord
from functions.shared.messages.report import Report, ReportKind
from functions.shared.printer_now import newest_status
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.wording.durations import duration
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance

P, NOW = "A1M-1", 1_763_816_880.0
PLAIN: dict[str, Any] = {
    "gcode_state": "RUNNING", "subtask_name": "benchy", "mc_percent": 62, "layer_num": 89,
    "total_layer_num": 200, "mc_remaining_time": 72, "nozzle_temper": 219.9, "nozzle_target_temper": 220,
    "bed_temper": 60, "bed_target_temper": 60, "chamber_temper": 31,
}  # fmt: skip


def api(record: PrinterRecord, live: Mapping[str, Any] | None) -> PrinterView:
    """The answer by the record alone, or with a newer status in memory."""
    held = PrinterData(
        P,
        None if live is None else ReceivedStatus(live, NOW + 1),
        record,
        InspectionState(),
        None,
        ListedPrinter(P, "A1M", True, True),
    )
    status = newest_status(held)
    assert status is not None
    return printer_view(held, status, NOW + 2, None)


def message(notification: Notification) -> dict[str, str | None]:
    """The figures in a message's text, by name."""
    text = render(notification, RenderContext(NOW, 0.0, UTC)).plain
    found = {
        "percent": re.search(r"(-?\d+) %", text),
        "layer": re.search(r"layer (-?\d+)", text),
        "total": re.search(r"layer -?\d+/(-?\d+)", text),
        "left": re.search(r"((?:\d+ (?:d|h|min|s) ?)+) left", text),
    }
    return {name: match[1] if match else None for name, match in found.items()}


def of_api(view: PrinterView) -> dict[str, str | None]:
    job = view.job
    if job is None:
        return dict.fromkeys(("percent", "layer", "total", "left"))
    return shown(job.percent, job.layer, job.total_layers, job.remaining_minutes)


def of_metrics(figures: PrinterFigures) -> dict[str, str | None]:
    percent = None if figures.progress is None else round(figures.progress * 100)
    minutes = None if figures.remaining_seconds is None else round(figures.remaining_seconds / 60)
    return shown(percent, figures.job.layer, figures.job.total_layers, minutes)


def shown(
    percent: int | None, layer: int | None, total: int | None, minutes: int | None
) -> dict[str, str | None]:
    return {
        "percent": None if percent is None else str(percent),
        "layer": None if layer is None else str(layer),
        "total": None if total is None else str(total),
        "left": None if minutes is None else duration(minutes * 60),
    }


def everywhere(status: dict[str, Any]) -> dict[str, list[str | None]]:
    """What message, API by the record, API by memory, and metrics show of a printer that is found so."""
    report = Report("c1", 1, P, kind=ReportKind.STATUS, observed_at=NOW, status=status)
    record, effects = advance(None, report, Rules())
    told = [it for it in effects if isinstance(it, Notification) and it.category is Category.ALREADY_PRINTING]
    sources = [message(it) for it in told]
    sources += [of_api(api(record, None)), of_api(api(record, status)), of_metrics(read_figures(status))]
    return {name: [source[name] for source in sources] for name in sources[0]}


@pytest.mark.parametrize("state", ["RUNNING", "PAUSE"])
def test_a_print_has_the_same_figures_everywhere(state: str) -> None:
    found = everywhere(PLAIN | {"gcode_state": state})
    assert {name: set(values) - {None} for name, values in found.items()} == {
        "percent": {"62"}, "layer": {"89"}, "total": {"200"}, "left": {"1 h 12 min"},
    }  # fmt: skip
    assert all(len(values) == 4 for values in found.values())
    if state == "RUNNING":
        assert all(None not in values for values in found.values())


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-5, 205)
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.floats(-1, 700)
    | st.sampled_from(
        ["", "62", "62.9", " 62", "NaN", "inf", "1e2", "6_2", "٣", "0x10", "9" * 400, "-1", [], {}]
    )
)
KEYS = [key for key in PLAIN if key not in ("gcode_state", "subtask_name")]


@settings(max_examples=150)
@given(
    state=st.sampled_from(["RUNNING", "PAUSE", "PREPARE", "FINISH", "IDLE", "dancing", "", None]),
    figures=st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, leaves)),
    kind=st.sampled_from([None, "local", "system"]),
)
def test_no_figure_is_shown_that_another_shows_otherwise(
    state: str | None, figures: dict[str, Any], kind: str | None
) -> None:
    status = {**PLAIN, **figures, "gcode_state": state, "print_type": kind}
    for name, values in everywhere(status).items():
        assert len(set(values) - {None}) <= 1, (name, values)
    view, metrics = api(PrinterRecord(P), status), read_figures(status)
    assert view.temperatures.nozzle == metrics.sensors.temperatures.get("nozzle")
    assert view.temperatures.chamber == metrics.sensors.temperatures.get("chamber")
    assert view.temperatures.bed_target == metrics.sensors.targets.get("bed")
    assert all(it is None or -50 <= it <= 600 for it in view.temperatures.model_dump().values())
    assert view.state == metrics.state or (metrics.state == "OTHER" and view.state == "DANCING")
