"""The printers' figures as Prometheus gets them, whatever the printers are called and say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.metrics.exposition import MetricsPage
from collector.metrics.printers import printer_families
from collector.printer.supervisor import PrinterSnapshot
from tests.support.metrics.exposition import Exposition, read_exposition
from tests.support.metrics.farm import PRINTING, farm, snapshot

HOSTILE = [
    "A1M-1", 'a"} 1\nprinter_bridge_tasks 99', "\\", "\\n", "\n", "", " ", "x" * 5000, "x" * 80,
    "x" * 81, "\ud800",
    "\u202egpj", "a\x00b", "\r", "Büro", "🖨️", "~", "name~123456789abc", "a\u2028b", "{}", "#", "# EOF",
]  # fmt: skip


def told(*snapshots: PrinterSnapshot) -> Exposition:
    return read_exposition(MetricsPage({"printers": lambda: printer_families(snapshots)}).text())


def test_a_print_is_announced_with_everything_that_the_printer_says() -> None:
    exposition = told(snapshot("A1M-1", PRINTING))
    for name, value in (
        ("printer_online", 1), ("printer_connected", 1), ("job_active", 1), ("job_progress_ratio", 0.62),
        ("job_remaining_seconds", 4320), ("job_layer", 89), ("job_layers", 200),
        ("printer_error_code", 50348044),
        ("printer_wifi_signal_dbm", -45), ("printer_status_age_seconds", 0.5), ("connects_total", 1),
        ("printer_picture_age_seconds", 0.7),
    ):  # fmt: skip
        assert exposition.value(f"printer_bridge_{name}", printer="A1M-1") == value, name
    for name, label, key, value in (
        ("temperature_celsius", "part", "nozzle", 219.9),
        ("temperature_target_celsius", "part", "nozzle", 220),
        ("fan_speed_ratio", "fan", "part", 1), ("printer_hms_messages", "level", "serious", 1),
        ("printer_state", "state", "RUNNING", 1), ("printer_state", "state", "IDLE", 0),
        ("printer_info", "model", "A1M", 1), ("job_info", "name", "Benchy", 1),
    ):  # fmt: skip
        assert exposition.value(f"printer_bridge_{name}", printer="A1M-1", **{label: key}) == value, name


def test_one_that_has_sent_nothing_is_announced_as_there_and_no_more() -> None:
    exposition = told(snapshot("A1M-1", is_online=None, is_connected=False))
    assert {name for name, _ in exposition.values} == {
        "printer_bridge_printer_connected",
        "printer_bridge_printer_info",
        "printer_bridge_connects_total",
        "printer_bridge_session_faults_total",
    }
    assert exposition.value("printer_bridge_printer_connected", printer="A1M-1") == 0


def test_a_status_that_cannot_be_read_costs_its_figures_only() -> None:
    broken = snapshot("A1M-1", status_text='{"data": [NaN')
    exposition = told(broken, snapshot("A1M-2", PRINTING))
    assert exposition.value("printer_bridge_printer_connected", printer="A1M-1") == 1
    assert exposition.having("printer_bridge_job_layer", "printer") == {"A1M-2": 89}


def test_a_printer_that_bambui_does_not_know_is_left_out() -> None:
    assert told(snapshot("A1M-1", PRINTING, is_refused=True)).values == {}


def test_no_name_breaks_the_text_and_no_two_share_a_line() -> None:
    """`read_exposition` refuses a series told twice."""
    printers = [
        snapshot(name, PRINTING | {"subtask_name": name, "gcode_state": name}, model=name) for name in HOSTILE
    ]
    exposition = told(*printers)
    assert len(exposition.having("printer_bridge_printer_connected", "printer")) == len(HOSTILE)
    assert exposition.value("printer_bridge_tasks") is None
    longest = max(len(value) for _, labels in exposition.values for _, value in labels)
    assert longest <= 93
    assert (
        exposition.value("printer_bridge_printer_connected", printer="Büro") == 1
    )  # readable stays as it is


@settings(max_examples=50)
@given(names=st.lists(st.text(st.characters(), max_size=100), unique=True, max_size=8))
def test_any_names_at_all_are_announced_each_once(names: list[str]) -> None:
    exposition = told(*(snapshot(name, PRINTING | {"subtask_name": name}) for name in names))
    assert len(exposition.having("printer_bridge_printer_connected", "printer")) == len(names)


def test_should_two_names_ever_share_a_label_one_of_them_is_announced() -> None:
    twice = [snapshot("A1M-1", PRINTING), snapshot("A1M-1", {"layer_num": 1})]
    assert told(*twice).having("printer_bridge_job_layer", "printer") == {"A1M-1": 89}


def test_two_hundred_printers_are_announced() -> None:
    printers = farm(200)
    page = MetricsPage({"printers": lambda: printer_families(printers)}, fresh_seconds=0)
    assert page.text().count(b"\n") > 6000
