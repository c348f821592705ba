"""Pauses: every message knows of them, none promises a time; known words come before unknown codes."""

import re
from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    GAPS,
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    at,
    begins,
    course,
    ends,
    off,
    prints,
    resting,
    sends,
    wait,
)

PAUSE = sends(5, gcode_state="PAUSE", stg_cur=16)
RESUME = sends(5, gcode_state="RUNNING", stg_cur=0, print_error=0, hms=[])
PAUSED_JOB = ["started", "paused", "resumed", "finished", "film"]
HOURLY = {"settings": {"PHOTO_INTERVAL_SECONDS": "600"}}
CLOG = {"attr": 0x0300_1A00, "code": 0x0002_0002}


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_a_pause_of_hours_with_photos_around_a_gap(tell: Tell, gap: Any) -> None:
    played = tell(
        resting(), begins(), prints(40), PAUSE, alive(3000), gap, alive(3000), RESUME, ends(), **HOURLY
    )
    assert played.course() == PAUSED_JOB
    photos = [told for told in played.of("photo") if told.job_state == "PAUSE"]
    assert len(photos) >= 8
    assert all("paused" in told.text for told in photos)
    assert "paused" not in played.of("resumed")[0].text


@pytest.mark.parametrize("change", ["error", "percent", "name", "plate", "figures gone", "layer"])
def test_what_comes_in_a_pause_promises_no_time(tell: Tell, change: str) -> None:
    during = {
        "error": sends(30, print_error=0x0300_8009),
        "percent": at(46),
        "name": sends(5, subtask_name="Vase", gcode_file="Vase.gcode.3mf"),
        "plate": at(0, layer=1),
        "figures gone": sends(30, mc_percent=None, layer_num=None, mc_remaining_time=None),
        "layer": sends(30, layer_num=49),
    }[change]
    played = tell(
        resting(), begins(), prints(40), PAUSE, alive(60), during, alive(1300), RESUME, ends(), **HOURLY
    )
    in_pause = [told for told in played.told if told.notification and told.job_state == "PAUSE"]
    assert len(in_pause) >= 3
    assert all("ready" not in told.text for told in in_pause)
    assert [told.text for told in in_pause if "paused" not in told.text] == []
    assert len(played.job_ids) == 1


def test_contact_restored_in_a_pause(tell: Tell) -> None:
    played = tell(resting(), begins(), prints(40), PAUSE, alive(60), wait(300), alive(60), RESUME, ends())
    restored = played.only("contact_restored")
    assert "paused" in restored.text
    assert "ready" not in restored.text
    assert "goes on" not in restored.text


def test_a_pause_that_began_in_a_silence(tell: Tell) -> None:
    played = tell(resting(), begins(), prints(40), wait(300), PAUSE, alive(60), RESUME, ends())
    assert played.course() == [
        "started",
        "contact_lost",
        "film",
        "contact_restored",
        "resumed",
        "finished",
        "film",
    ]
    assert "paused" in played.only("contact_restored").text


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60)])
def test_a_gap_in_a_pause_says_nothing(tell: Tell, gap: Step) -> None:
    assert (
        tell(resting(), begins(), prints(40), PAUSE, alive(60), gap, alive(60), RESUME, ends()).course()
        == PAUSED_JOB
    )


def test_a_print_that_is_found_paused(tell: Tell) -> None:
    first = sends(
        1, gcode_state="PAUSE", subtask_name="Dragon", task_id="501", mc_percent=30, mc_remaining_time=50
    )
    played = tell(first, alive(60), RESUME, alive(60), ends())
    found = played.only("already_printing")
    assert "paused" in found.text
    assert "ready" not in found.text


def test_a_pause_that_flickers(tell: Tell) -> None:
    flicker = course(*([PAUSE, alive(5), RESUME, alive(5)] for _ in range(3)))
    played = tell(resting(), begins(), prints(40), flicker, ends())
    assert played.course() == ["started", *["paused", "resumed"] * 3, "finished", "film"]


def test_offline_in_a_pause_promises_no_time(tell: Tell) -> None:
    away = [{"presence": False}, wait(200), {"presence": True}, alive(60)]
    played = tell(
        resting(),
        begins(),
        prints(40),
        PAUSE,
        away,
        RESUME,
        ends(),
        settings={"STATUS_TIMEOUT_SECONDS": "600"},
    )
    assert played.course() == ["started", "paused", "offline", "online", "resumed", "finished", "film"]
    assert "ready" not in played.only("online").text
    assert "paused" in played.only("online").text


@pytest.mark.parametrize(
    ("percent", "left", "count"),
    [(97, 30, 0), (99, 30, 0), (50, 5, 0), (50, 3, 0), (50, 0, 5), (50, 6, 5), (96, 30, 5)],
)
def test_no_photo_shortly_before_the_end_brings_one(tell: Tell, percent: int, left: int, count: int) -> None:
    near = [sends(10, mc_percent=percent, layer_num=60, mc_remaining_time=left), alive(3100)]
    played = tell(resting(), begins(), near, ends(), **HOURLY)
    assert len(played.of("photo")) == count
    assert played.end.has_photo


# Reasons in words


@pytest.mark.parametrize(("family", "unit"), [(0x07, "AMS"), (0x12, "AMS lite"), (0x18, "AMS")])
@pytest.mark.parametrize("slot", [0, 1, 3])
def test_filament_that_ran_out_in_a_slot(tell: Tell, family: int, unit: str, slot: int) -> None:
    entry = {"attr": family << 24 | (0x2000 + slot * 0x100), "code": 0x0002_0001}
    code = (family << 24) + 0x8011
    played = tell(
        resting(),
        begins(),
        prints(40),
        sends(1, gcode_state="PAUSE", print_error=code, hms=[entry], stg_cur=6),
        alive(30),
    )
    paused = played.only("paused")
    assert "ilament ran out" in paused.text
    assert f"{family:02X}00-8011" in paused.text
    assert unit in paused.text
    assert re.search(rf"slot {slot + 1}\b", paused.text)
    assert played.of("error") == []


STAGES = {
    6: "ilament",
    17: "cover",
    20: "ozzle temperature",
    21: "ed temperature",
    26: "AMS",
    34: "irst layer",
    35: "clogged",
}


@pytest.mark.parametrize(("stage", "words"), STAGES.items())
@pytest.mark.parametrize("code", [0x0300_8FFE, 0x0C00_8FFD])
def test_a_known_stage_and_an_unknown_code(tell: Tell, stage: int, words: str, code: int) -> None:
    played = tell(
        resting(),
        begins(),
        prints(40),
        sends(1, gcode_state="PAUSE", stg_cur=stage, print_error=code),
        alive(30),
    )
    paused = played.only("paused")
    assert words in paused.text
    assert f"{code >> 16:04X}-{code & 0xFFFF:04X}" in paused.text
    assert "No words" not in paused.text


def test_a_known_health_entry_and_an_unknown_code_and_stage(tell: Tell) -> None:
    played = tell(
        resting(),
        begins(),
        prints(40),
        sends(1, gcode_state="PAUSE", stg_cur=0, print_error=0x0C00_8FFD, hms=[CLOG]),
        alive(30),
    )
    assert "clog" in played.only("paused").text
    assert "0C00-8FFD" in played.only("paused").text


def test_a_code_that_stood_before_is_not_why_it_pauses(tell: Tell) -> None:
    played = tell(
        resting(),
        begins(),
        sends(1, print_error=0x0300_8009),
        prints(40, each=300),
        PAUSE,
        alive(60),
        RESUME,
        ends(),
    )
    assert "by the user" in played.only("paused").text


@pytest.mark.parametrize("level", [3, 4])
def test_an_unknown_health_entry_of_a_low_level_is_a_notice(tell: Tell, level: int) -> None:
    entry = {"attr": 0x0C00_7700, "code": level << 16 | 0x7777}
    played = tell(resting(), begins(), prints(40), sends(1, hms=[entry]), alive(60), ends())
    assert "notice" in played.only("error").text


def test_a_code_is_told_once_in_a_pause_of_hours(tell: Tell) -> None:
    pause = [
        sends(5, gcode_state="PAUSE", print_error=0x0300_8009, stg_cur=0),
        alive(4000),
        RECONNECT,
        alive(4000),
    ]
    played = tell(resting(), begins(), prints(40), pause, RESUME, ends())
    assert played.course() == PAUSED_JOB
