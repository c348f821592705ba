"""Temperatures, fans and Wi-Fi: right for a real printer, and not there for junk."""

import math

import pytest

from functions.shared.domain.sensors import Sensors, read_sensors


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("-45dBm", -45.0), ("-45 dBm", -45.0), (" -7dbm ", -7.0), ("-45", -45.0), (-45, -45.0),
        (-45.5, -45.5), ("-45.5dBm", -45.5), ("45dBm", None), ("-450dBm", None), ("dBm", None), ("", None),
        ("-45 dBm?", None),
        (None, None), (True, None), (math.nan, None), ([-45], None), (-201, None), ("--45dBm", None),
    ],
)  # fmt: skip
def test_the_strength_of_the_wifi_is_read_from_what_printers_write(
    given_value: object, expected: float | None
) -> None:
    assert read_sensors({"wifi_signal": given_value}).wifi_signal == expected


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (219.875, 219.875), (220, 220.0), ("219.9", 219.9), (0, 0.0), (-12.5, -12.5), (-50, -50.0),
        (600, 600.0),
        (-50.1, None), (600.1, None), (1e9, None), (-273.15, None), (math.nan, None), (math.inf, None),
        (True, None), (False, None), ("hot", None), ("", None), ("2e2", None), (None, None), ([220], None),
        (10**400, None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_a_temperature_is_one_that_a_printer_can_have_or_none(
    given_value: object, expected: float | None
) -> None:
    status = {"nozzle_temper": given_value, "bed_target_temper": given_value}
    known = {} if expected is None else {"nozzle": expected}
    assert read_sensors(status).temperatures == known
    assert read_sensors(status).targets.get("bed") == expected


def test_a_chamber_without_a_sensor_has_no_temperature() -> None:
    assert read_sensors({"chamber_temper": 5}).temperatures == {}
    assert read_sensors({"chamber_temper": "5"}).temperatures == {}
    assert read_sensors({"chamber_temper": 5.5}).temperatures == {"chamber": 5.5}


def test_fans_are_told_by_their_share() -> None:
    status = {
        "cooling_fan_speed": "15",
        "big_fan1_speed": 9,
        "big_fan2_speed": "16",
        "heatbreak_fan_speed": "-1",
    }
    assert read_sensors(status).fans == {"part": 1.0, "auxiliary": 0.6}


def test_an_empty_status_says_nothing_of_the_machine() -> None:
    assert read_sensors({}) == Sensors({}, {}, {}, None)
