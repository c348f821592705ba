"""The printers' figures as metric families, built from snapshots when they are asked for.

A figure that a printer does not say just now has no line; one that is listed but has sent nothing yet has
only its standing (online, connected).
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from collector.printer_figures import OTHER, STATES, PrinterFigures, read_figures
from collector.printer_snapshot import PrinterSnapshot
from collector.reading import whole_status
from functions.bridge.errors import ContractError
from functions.bridge.names import label

if TYPE_CHECKING:
    from prometheus_client.metrics_core import GaugeMetricFamily, Metric

_NOTHING = read_figures({})
_BY_PART = ("printer", "part")


def printer_families(snapshots: Sequence[PrinterSnapshot]) -> "list[Metric]":
    """All families of the printers. One that BambUI refuses is left out: it is a wrong PRINTER_ID."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    def gauge(name: str, words: str, labels: Sequence[str] = ("printer",)) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"printer_bridge_{name}", words, labels=labels)

    info = gauge("printer_info", "The printer's model, as BambUI says it", ("printer", "model"))
    online = gauge("printer_online", "1: the printer answers BambUI's ping")
    connected = gauge("printer_connected", "1: the bridge is connected to BambUI for this printer")
    status_age = gauge("printer_status_age_seconds", "How long ago the newest status came")
    picture_age = gauge("printer_picture_age_seconds", "How long ago the newest camera picture came")
    state = gauge(
        "printer_state", "1 for the state in the newest status, 0 for all others", ("printer", "state")
    )
    active = gauge("job_active", "1: a job is under way (printing, preparing or paused)")
    job = gauge("job_info", "The name of the job under way", ("printer", "name"))
    progress = gauge(
        "job_progress_ratio", "How much of the job is done, 0 to 1 (of an old job: how it ended)"
    )
    remaining = gauge("job_remaining_seconds", "How long the job still takes, as the printer estimates")
    layer = gauge("job_layer", "The layer that is printed")
    layers = gauge("job_layers", "How many layers the job has")
    temperature = gauge("temperature_celsius", "Temperature of nozzle, bed or chamber", _BY_PART)
    target = gauge("temperature_target_celsius", "What nozzle or bed is heated to (0: not heated)", _BY_PART)
    fan = gauge("fan_speed_ratio", "Speed of a fan, 0 to 1", ("printer", "fan"))
    error = gauge("printer_error_code", "The printer's print_error as a number (0: none)")
    hms = gauge("printer_hms_messages", "Messages of the printer's health system", ("printer", "level"))
    wifi = gauge("printer_wifi_signal_dbm", "Strength of the printer's Wi-Fi (-50 is good, -80 is bad)")
    connects = CounterMetricFamily(
        "printer_bridge_connects", "Connections opened to BambUI", labels=("printer",)
    )
    faults = CounterMetricFamily(
        "printer_bridge_session_faults", "Faults in the bridge that began a session anew", labels=("printer",)
    )
    for name, snapshot in _labelled(snapshots).items():
        time.sleep(0)  # lets the event loop have the interpreter in between
        own = [name]
        figures = _figures(snapshot.status_text)
        info.add_metric([name, label(snapshot.model) if snapshot.model else ""], 1.0)
        connected.add_metric(own, float(snapshot.is_connected))
        connects.add_metric(own, snapshot.tally.connects)
        faults.add_metric(own, snapshot.tally.faults)
        for family, value in (
            (online, snapshot.is_online),
            (status_age, snapshot.status_age),
            (picture_age, snapshot.picture_age),
            (active, figures.is_job_active),
            (progress, figures.progress),
            (remaining, figures.remaining_seconds),
            (layer, figures.layer),
            (layers, figures.layers),
            (error, figures.error_code),
            (wifi, figures.wifi_signal),
        ):
            if value is not None:
                family.add_metric(own, float(value))
        if figures.state is not None:
            for word in (*STATES, OTHER):
                state.add_metric([name, word], float(word == figures.state))
        if figures.job_name is not None:
            job.add_metric([name, label(figures.job_name)], 1.0)
        for several, values in (
            (temperature, figures.temperatures),
            (target, figures.targets),
            (fan, figures.fans),
            (hms, figures.hms or {}),
        ):
            _add(several, name, values)
    return [
        *(info, online, connected, status_age, picture_age, state, active, job, progress, remaining, layer),
        *(layers, temperature, target, fan, error, hms, wifi, connects, faults),
    ]


def _labelled(snapshots: Sequence[PrinterSnapshot]) -> dict[str, PrinterSnapshot]:
    """By label; should two names ever share one, the first is shown: a series told twice spoils them all."""
    found: dict[str, PrinterSnapshot] = {}
    for snapshot in snapshots:
        if not snapshot.is_refused:
            found.setdefault(label(snapshot.printer_id), snapshot)
    return found


def _figures(status_text: str | None) -> PrinterFigures:
    if status_text is None:
        return _NOTHING
    try:
        return read_figures(whole_status(status_text))
    except ContractError:  # the collector has said so when it came
        return _NOTHING


def _add(family: "GaugeMetricFamily", name: str, values: Mapping[str, float]) -> None:
    for key, value in values.items():
        family.add_metric([name, key], float(value))
