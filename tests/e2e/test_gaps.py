"""What happens while nobody watches, and what clocks and power do meanwhile: told once, and told right."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.shared.messages.effects import Timelapse
from functions.shared.settings import Settings
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.replay import BEGIN, Replay
from tests.e2e.rig import IMAGE, bridge_over, settle, story, until_told
from tests.e2e.watched_printer import WatchedPrinter
from tests.support.telegram.server import TelegramServer

HOUR = 3600.0
SETTLED = 2.0  # the first words after a connect count a second later
BEGUN = BEGIN + SETTLED
AWAY = "print ended while we were away, result unknown"


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def watched(folder: Path, telegram: TelegramServer, **settings: Any) -> WatchedPrinter:
    """An idle printer that was seen, everything running."""
    replay = Replay(folder, telegram, "A1M-1", Settings(progress_step=0, **settings))
    printer = WatchedPrinter(replay)
    printer.connect()
    printer.say(gcode_state="IDLE")
    replay.run_to(replay.now + SETTLED)
    return printer


@pytest.fixture
def printer(tmp_path: Path, telegram: TelegramServer) -> Iterator[WatchedPrinter]:
    printer = watched(tmp_path, telegram)
    yield printer
    printer.replay.stop()


def chat(printer: WatchedPrinter) -> list[str]:
    """First lines without icons and marks of photos."""
    return [line.split(" ", 1)[1].removesuffix(" [photo]") for line in printer.replay.transcript]


def names(orders: list[Timelapse]) -> list[tuple[str | None, str]]:
    return [(order.job_name, order.result.value) for order in orders]


# The program was away


def test_a_print_that_ended_while_the_program_was_away_is_announced_as_that(printer: WatchedPrinter) -> None:
    printer.start_print()
    printer.go_on(600, 40)
    printer.restart_program(away=HOUR)
    printer.say(gcode_state="FINISH", mc_percent=100)
    printer.connect()
    printer.say()
    printer.go_on(60)
    assert chat(printer) == ["print started", "print finished while we were away"]
    (order,) = printer.film_requests()
    frames = printer.frames_of(order)
    assert len(frames) == order.frames_kept
    assert BEGUN <= frames[0] <= frames[-1] <= BEGUN + 620


@pytest.mark.parametrize(
    ("name", "task_id"), [("Vase", "0"), ("Hook", "0"), ("Hook", "77")], ids=["name", "percent", "task"]
)
@pytest.mark.parametrize("state", ["PREPARE", "RUNNING"])
def test_one_that_ended_with_another_begun_is_announced_apart_from_it(
    printer: WatchedPrinter, name: str, task_id: str, state: str
) -> None:
    printer.start_print("Hook", task_id="0" if task_id == "0" else "76")
    printer.go_on(600, 40)
    printer.restart_program(away=HOUR)
    printer.say(gcode_state="FINISH", mc_percent=100)
    printer.say(gcode_state=state, subtask_name=name, task_id=task_id)
    if name == "Hook" and task_id == "0":  # nothing else tells the runs of one file apart
        printer.say(mc_percent=3)
    printer.connect()
    printer.say()
    printer.say(gcode_state="RUNNING", mc_percent=3)
    printer.go_on(600, 50)
    printer.say(gcode_state="FINISH", mc_percent=100)
    assert chat(printer) == ["print started", AWAY, "already printing", "print finished"]
    first, second = printer.film_requests()
    assert names([first, second]) == [("Hook", "ended"), (name, "finished")]
    assert first.job_id != second.job_id
    assert max(printer.frames_of(first)) <= BEGUN + 620 < BEGUN + HOUR <= min(printer.frames_of(second))


def test_one_that_ended_with_another_begun_and_ended_too(printer: WatchedPrinter) -> None:
    """Nothing is said of a print that nobody saw."""
    printer.start_print("Hook")
    printer.go_on(600, 40)
    printer.restart_program(away=5 * HOUR)
    printer.say(gcode_state="FINISH", mc_percent=100, subtask_name="Vase")
    printer.connect()
    printer.go_on(60)
    assert chat(printer) == ["print started", AWAY]
    assert names(printer.film_requests()) == [("Hook", "ended")]


def test_a_restart_in_the_middle_of_a_print_says_nothing(printer: WatchedPrinter) -> None:
    printer.start_print()
    printer.go_on(600, 40)
    for _ in range(3):
        printer.restart_program(away=2.0)
        printer.connect()
        printer.go_on(60)
    printer.restart_program(away=1800)
    printer.connect()
    printer.go_on(600, 90)
    printer.say(gcode_state="FINISH", mc_percent=100)
    assert chat(printer) == ["print started", "print finished"]
    (order,) = printer.film_requests()
    frames = printer.frames_of(order)
    assert len(frames) == order.frames_kept
    assert frames[0] <= BEGUN + 30
    assert frames[-1] >= BEGUN + 1800


# Only BambUI was away


@pytest.mark.parametrize("away", [20.0, 600.0], ids=["for a moment", "long enough to be silence"])
def test_a_print_that_ended_while_bambui_was_away(printer: WatchedPrinter, away: float) -> None:
    printer.start_print()
    printer.go_on(600, 40)
    printer.hang_up()
    printer.replay.run_to(printer.replay.now + away)
    printer.say(gcode_state="FINISH", mc_percent=100)
    printer.connect()
    printer.go_on(60)
    was_silent = ["contact lost at 40 %", "print finished while we were away"]
    assert chat(printer) == ["print started", *(was_silent if away > 30 else ["print finished"])]
    assert len(printer.film_requests()) == 1


@pytest.mark.parametrize("away", [20.0, 600.0], ids=["for a moment", "long enough to be silence"])
def test_one_that_ended_with_another_begun_while_bambui_was_away(
    printer: WatchedPrinter, away: float
) -> None:
    printer.start_print("Hook")
    printer.go_on(600, 40)
    printer.hang_up()
    printer.replay.run_to(printer.replay.now + away)
    printer.say(gcode_state="FINISH", mc_percent=100)
    printer.say(gcode_state="RUNNING", subtask_name="Vase", mc_percent=1)
    printer.connect()
    printer.say()
    printer.go_on(60)
    end = "contact lost at 40 %" if away > 30 else AWAY
    assert chat(printer) == ["print started", end, "already printing"]
    assert names(printer.film_requests()) == [("Hook", "ended")]


# Clocks


@pytest.mark.parametrize(
    "jump", [-HOUR, -30 * 86_400, 300.0], ids=["an hour back", "a month back", "forward"]
)
def test_a_clock_that_jumps_in_mid_print_changes_nothing_in_the_chat(
    printer: WatchedPrinter, jump: float
) -> None:
    printer.start_print()
    printer.go_on(600, 40)
    printer.replay.hand.jump(jump)
    printer.go_on(300, 60)
    printer.say(gcode_state="PAUSE")
    printer.go_on(60)
    printer.say(gcode_state="RUNNING")
    printer.go_on(300, 99)
    printer.say(gcode_state="FINISH", mc_percent=100)
    assert chat(printer) == ["print started", "print paused", "print resumed", "print finished"]
    assert not any("delayed" in text for text in printer.replay.telegram.texts)
    assert f"took {21 if jump < 0 else 26} min" in printer.replay.telegram.texts[-1]
    (order,) = printer.film_requests()
    frames = printer.frames_of(order)
    assert len(frames) == order.frames_kept
    assert frames == sorted(frames)


def test_a_clock_an_hour_forward_ends_nothing(printer: WatchedPrinter) -> None:
    printer.start_print()
    printer.go_on(600, 40)
    printer.replay.hand.jump(HOUR)
    printer.go_on(300, 60)
    printer.replay.hand.jump(-HOUR)  # the time service notices
    printer.go_on(300, 99)
    printer.say(gcode_state="FINISH", mc_percent=100)
    assert [line for line in chat(printer) if line != "photo"] == ["print started", "print finished"]
    assert chat(printer).count("photo") <= 1
    (order,) = printer.film_requests()
    assert len(printer.frames_of(order)) == order.frames_kept


def test_a_computer_that_wakes_up_in_the_past_goes_on_where_it_was(printer: WatchedPrinter) -> None:
    """A Pi without a battery clock: after a power cut it thinks that it is an hour earlier."""
    printer.start_print()
    printer.go_on(600, 40)
    printer.replay.hand.jump(-HOUR)
    printer.restart_program(away=60)
    printer.connect()
    printer.go_on(300, 60)
    printer.replay.hand.jump(HOUR)
    printer.go_on(300, 99)
    printer.say(gcode_state="FINISH", mc_percent=100)
    assert chat(printer) == ["print started", "print finished"]
    (order,) = printer.film_requests()
    frames = printer.frames_of(order)
    assert len(frames) == order.frames_kept
    assert frames == sorted(frames)


# Power


def test_a_finished_printer_switched_off_and_on_says_nothing(printer: WatchedPrinter) -> None:
    printer.start_print()
    printer.go_on(600, 100)
    printer.say(gcode_state="FINISH", mc_percent=100)
    printer.go_on(300)
    told = chat(printer)
    for _ in range(2):
        printer.replay.run_to(printer.replay.now + HOUR)
        printer.say(gcode_state="IDLE", mc_percent=0, subtask_name="", layer_num=0)
        printer.go_on(300)
    printer.say(gcode_state="FINISH", mc_percent=100, subtask_name="Hook")
    printer.go_on(60)
    assert told == ["print started", "print finished"]
    assert chat(printer) == told
    assert len(printer.film_requests()) == 1


def power_cut(printer: WatchedPrinter, away: float) -> None:
    """In the middle of a print; then the printer waits, is resumed, and finishes."""
    printer.start_print()
    printer.go_on(600, 40)
    printer.replay.run_to(printer.replay.now + away)
    printer.say(gcode_state="PAUSE", print_error=50364423)
    printer.go_on(60)
    printer.say(gcode_state="RUNNING", print_error=0)
    printer.go_on(600, 99)
    printer.say(gcode_state="FINISH", mc_percent=100)


@pytest.mark.parametrize(
    ("grace", "away", "gap", "films"),
    [
        (0.0, 150.0, ["contact lost at 40 %", "contact restored"], ["ended", "finished"]),
        (600.0, 150.0, ["contact lost at 40 %", "contact restored"], ["finished"]),
        (
            60.0,
            600.0,
            ["contact lost at 40 %", "print ended, cause unknown", "contact restored"],
            ["ended", "finished"],
        ),
    ],
    ids=["no grace", "back within the grace", "back after the grace"],
)
def test_a_power_cut_in_the_middle_of_a_print(
    tmp_path: Path, telegram: TelegramServer, grace: float, away: float, gap: list[str], films: list[str]
) -> None:
    printer = watched(tmp_path, telegram, silence_grace_seconds=grace)
    power_cut(printer, away)
    assert chat(printer) == ["print started", *gap, "print resumed", "print finished"]
    is_taken_as_ended = "taken as ended" in telegram.texts[1]
    assert is_taken_as_ended == (grace == 0)
    orders = printer.film_requests()
    assert [order.result.value for order in orders] == films
    assert len({order.job_id for order in orders}) == 1
    whole = printer.frames_of(orders[-1])
    assert len(whole) == orders[-1].frames_kept
    assert whole[0] <= BEGUN + 30
    assert whole[-1] >= BEGUN + 600 + away
    printer.replay.stop()


# Two of a kind


def test_two_jobs_of_one_file_in_a_row_have_each_their_own_frames(printer: WatchedPrinter) -> None:
    for _ in range(2):
        printer.start_print("Hook")
        printer.go_on(600, 99)
        printer.say(gcode_state="FINISH", mc_percent=100)
        printer.go_on(30)
    assert chat(printer) == ["print started", "print finished"] * 2
    first, second = printer.film_requests()
    assert first.prefix == second.prefix
    assert first.job_id != second.job_id
    assert first.until < second.since
    for order in (first, second):
        assert len(printer.frames_of(order)) == order.frames_kept
    assert set(printer.frames_of(first)).isdisjoint(printer.frames_of(second))


# The same over real sockets and threads


async def test_another_print_begun_while_the_whole_program_was_away(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    printer = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    async with SimulatedBambui([printer]) as bambui:
        async with bridge_over(tmp_path, bambui, telegram, status_timeout_seconds=20.0):
            await printer.wait_for_clients()
            await settle(printer, tmp_path / "data", gcode_state="IDLE")
            await printer.push_status(gcode_state="PREPARE", subtask_name="Hook", task_id="1")
            await printer.push_status(gcode_state="RUNNING", mc_percent=30)
            await until_told(telegram, "print started")
            await until_told(telegram, "printing")
        await printer.push_status(gcode_state="FINISH", mc_percent=100)
        await printer.push_status(gcode_state="RUNNING", subtask_name="Vase", task_id="2", mc_percent=10)
        async with bridge_over(tmp_path, bambui, telegram, status_timeout_seconds=20.0):
            await printer.wait_for_clients()
            await printer.push_status()
            await until_told(telegram, "already printing")
            await printer.push_status(gcode_state="FINISH", mc_percent=100)
            await until_told(telegram, "print finished")
    assert story(telegram, "A1M-1") == ["print started", AWAY, "already printing", "print finished"]


@pytest.mark.parametrize("close_code", [1012, None], ids=["stopped", "killed"])
async def test_a_print_that_ended_while_only_bambui_was_away(
    tmp_path: Path, telegram: TelegramServer, close_code: int | None
) -> None:
    printer = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    async with (
        SimulatedBambui([printer]) as bambui,
        bridge_over(tmp_path, bambui, telegram, status_timeout_seconds=1.0),
    ):
        await printer.wait_for_clients()
        await settle(printer, tmp_path / "data", gcode_state="IDLE")
        await printer.push_status(gcode_state="PREPARE", subtask_name="Hook")
        await printer.push_status(gcode_state="RUNNING", mc_percent=30)
        await until_told(telegram, "print started")
        await bambui.stop(close_code)
        await until_told(telegram, "contact lost")
        await printer.push_status(gcode_state="FINISH", mc_percent=100)
        await bambui.start()
        await printer.wait_for_clients()
        await printer.push_status()
        await until_told(telegram, "print finished")
        await asyncio.to_thread(telegram.wait_for, 3)
    told = story(telegram, "A1M-1")
    assert told == ["print started", told[1], "print finished while we were away"]
    assert told[1].startswith("contact lost")
