"""What a status says in numbers: right for a real printer, and never wrong for junk."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.metrics.printers import HMS_LEVELS, OTHER, STATES, read_figures
from functions.shared.domain.status_view import JobFigures
from infra.simulator.telemetry import whole_report
from tests.support.recordings import RECORDINGS, load_recording

FIELDS = [
    "gcode_state", "subtask_name", "gcode_file", "mc_percent", "layer_num", "total_layer_num",
    "mc_remaining_time", "print_error", "hms", "nozzle_temper", "nozzle_target_temper", "bed_temper",
    "bed_target_temper", "chamber_temper", "cooling_fan_speed", "big_fan1_speed", "big_fan2_speed",
    "heatbreak_fan_speed", "wifi_signal",
]  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "NaN", "inf", "-45dBm", "1e999", "1_0", "٣", "0x10", "15", "9" * 400, "RUNNING"])
)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
entries = st.lists(
    st.fixed_dictionaries({}, optional={"attr": leaves, "code": leaves | st.integers(0, 0xFFFFFFFF)})
    | leaves,
    max_size=5,
)


@settings(max_examples=50)
@given(
    status=st.fixed_dictionaries(
        {}, optional={name: junk for name in FIELDS if name != "hms"} | {"hms": entries | junk}
    )
)
def test_every_figure_of_any_status_is_in_its_range_or_missing(status: dict[str, Any]) -> None:
    figures = read_figures(status)
    assert figures.state in (None, OTHER, *STATES)
    assert figures.is_job_active in (None, True, False)
    assert figures.job_name is None or figures.is_job_active
    for value, lowest, highest in (
        (figures.progress, 0, 1),
        (figures.remaining_seconds, 0, math.inf),
        (figures.job.layer, 0, math.inf),
        (figures.job.total_layers, 1, math.inf),
        (figures.error_code, 0, 0xFFFFFFFF),
        (figures.sensors.wifi_signal, -200, 0),
        *((value, -50, 600) for value in figures.sensors.temperatures.values()),
        *((value, -50, 600) for value in figures.sensors.targets.values()),
        *((value, 0, 1) for value in figures.sensors.fans.values()),
        *((value, 0, 64) for value in (figures.hms or {}).values()),
    ):
        assert value is None or (lowest <= value <= highest and math.isfinite(value))


def test_a_print_is_announced_in_figures() -> None:
    status = whole_report("P1S") | {
        "gcode_state": "RUNNING", "subtask_name": "Benchy", "mc_percent": 62, "layer_num": 89,
        "total_layer_num": 200, "mc_remaining_time": 72, "nozzle_temper": 219.875,
        "nozzle_target_temper": 220,
        "bed_temper": 60, "bed_target_temper": 60, "chamber_temper": 31, "cooling_fan_speed": "15",
        "big_fan1_speed": "9", "print_error": 50348044, "wifi_signal": "-61dBm",
        "hms": [{"attr": 0x03001A00, "code": 0x00020002}, {"attr": 0x05000500, "code": 0x00040007}],
    }  # fmt: skip
    figures = read_figures(status)
    assert (figures.state, figures.is_job_active, figures.job_name) == ("RUNNING", True, "Benchy")
    assert (figures.progress, figures.remaining_seconds) == (0.62, 72 * 60)
    assert (figures.job.layer, figures.job.total_layers, figures.error_code) == (89, 200, 50348044)
    assert figures.hms == {"fatal": 0, "serious": 1, "common": 0, "info": 1}
    assert figures.sensors.temperatures == {"nozzle": 219.875, "bed": 60.0, "chamber": 31.0}
    assert figures.sensors.targets == {"nozzle": 220.0, "bed": 60.0}
    assert figures.sensors.fans == {"part": 1.0, "auxiliary": 0.6, "chamber": 0.0, "heatbreak": 0.0}
    assert figures.sensors.wifi_signal == -61.0


def test_what_a_printer_has_not_or_does_not_say_is_missing_and_not_zero() -> None:
    figures = read_figures({"chamber_temper": 5, "gcode_state": "FINISH", "subtask_name": "Benchy"})
    assert figures.sensors.temperatures == {}  # 5 is what printers without a sensor say
    assert (figures.progress, figures.job.layer, figures.error_code, figures.hms) == (None, None, None, None)
    assert (figures.state, figures.is_job_active, figures.job_name) == ("FINISH", False, None)
    assert read_figures({}).is_job_active is None


@pytest.mark.parametrize("state", ["FINISH", "FAILED", "IDLE", "PREPARE", None, "dancing"])
def test_without_a_job_that_runs_there_are_no_figures_of_one(state: str | None) -> None:
    """They are the last job's, or what firmware clears; the API then shows what was reached."""
    status = {
        "gcode_state": state,
        "mc_percent": 0,
        "layer_num": 0,
        "total_layer_num": 9,
        "mc_remaining_time": 5,
    }
    assert read_figures(status).job == JobFigures()


def test_a_calibration_is_no_job() -> None:
    status = {"gcode_state": "RUNNING", "print_type": "system", "mc_percent": 30, "subtask_name": "auto_cali"}
    figures = read_figures(status)
    assert (figures.state, figures.is_job_active) == ("CALIBRATING", False)
    assert (figures.job_name, figures.job) == (None, JobFigures())


def test_a_level_and_a_state_that_nobody_knows_are_announced_all_the_same() -> None:
    figures = read_figures({"gcode_state": "dancing", "hms": [{"attr": 1, "code": 0x00090001}]})
    assert (figures.state, figures.hms) == (OTHER, dict.fromkeys(HMS_LEVELS, 0) | {"info": 1})


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_status_of_a_recorded_print_gives_temperatures_and_wifi(name: str) -> None:
    messages = [message for _, message in load_recording(name)]
    read = [read_figures(message["data"]) for message in messages if message.get("type") == "printer_status"]
    assert read
    for figures in read:
        assert figures.sensors.temperatures.keys() >= {"nozzle", "bed"}
        assert figures.sensors.wifi_signal is not None
        assert figures.state in STATES
