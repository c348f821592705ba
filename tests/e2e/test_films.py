"""The film of a print, from the simulated camera to the chat: its images are numbered and read back."""

import logging
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from infra.simulator.scenarios import Camera, Ending, Print, Scenario
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.filmed_prints import EVERY_IMAGE, HOOK, ONE, films_on_disk, printer, saved
from tests.e2e.image_numbers import facts_of, kept_numbers, numbers_of_jobs, shown_numbers
from tests.e2e.rig import (
    END_WORDS,
    IMAGE,
    bridge_over,
    first_line,
    settle,
    story,
    until_filmed,
    until_told,
)
from tests.e2e.slow_motion import patient_bambui
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import eventually


def check_history(
    line: dict[str, Any], whole: dict[str, Any], figures: dict[str, Any], told: list[dict[str, Any]]
) -> None:
    """A finished print is in the history, with its course, and was told."""
    assert (line["printer_id"], line["result"], line["percent"]) == ("A1M-1", "finished", 100)
    assert whole | line == whole
    assert whole["curve"]["percent"][-1] == 100
    assert any(degrees is not None for degrees in whole["curve"]["nozzle"])
    assert (figures["jobs"], figures["success_rate"]) == (1, 1.0)
    assert any("print finished" in message["text"] for message in told)


async def test_a_print_gives_its_film_within_the_budget(tmp_path: Path) -> None:
    budget = {
        "timelapse_target_duration_seconds": 6.0,
        "timelapse_fps_cap": 120,
        "timelapse_max_bytes": 100_000,
        "timelapse_max_width": 240,
    }
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            patient_bambui([printer(ONE, size=(320, 240))], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram, **budget) as bridge,
        ):
            (film,) = await until_filmed(telegram)
            async with httpx.AsyncClient(base_url=bridge.base_url) as client:
                (kept_job,) = (await client.get("/api/jobs")).json()["jobs"]
                whole_job = (await client.get(f"/api/jobs/{kept_job['id']}")).json()
                addresses = [kept_job[what]["address"] for what in ("film", "image", "thumbnail")]
                files = [(await client.get(f"/{address}")).content for address in addresses]
                figures = (await client.get("/api/stats")).json()["all"]
                told = (await client.get("/api/printer/A1M-1/messages")).json()["messages"]
    path = saved(film, tmp_path)
    check_history(kept_job, whole_job, figures, told)
    assert files[0] == path.read_bytes()
    assert files[2] == film.thumbnail
    with Image.open(BytesIO(files[1])) as photo:
        assert photo.size == (320, 240)
    facts = facts_of(path)
    assert film.method == "sendVideo"
    assert film.parameters["supports_streaming"] is True
    assert (film.parameters["width"], film.parameters["height"]) == (facts.width, facts.height) == (240, 180)
    assert film.parameters["duration"] == round(facts.seconds) == 6
    assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
    assert film.video_size is not None
    assert 10_000 < film.video_size <= 100_000
    assert film.thumbnail is not None
    with Image.open(BytesIO(film.thumbnail)) as thumbnail:
        assert thumbnail.size == (320, 240)
    shown, kept = shown_numbers(path), kept_numbers(tmp_path / "images", "A1M-1")
    (job,) = numbers_of_jobs(ONE)
    assert shown == kept
    assert set(shown) <= set(job)
    assert len(shown) > 6
    assert re.fullmatch(rf"6 s film of \d+ s · {len(shown)} frames", film.text.splitlines()[2])
    assert telegram.refusals == []


async def test_a_reprint_of_the_same_file_has_a_film_of_its_own(tmp_path: Path) -> None:
    again = Scenario((Print(HOOK, seconds=30), Print(HOOK, seconds=30)), rest_seconds=40)
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            patient_bambui([printer(again)], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            films = await until_filmed(telegram, 2)
    first, second = (shown_numbers(saved(film, tmp_path)) for film in films)
    jobs = numbers_of_jobs(again)
    assert set(first) <= set(jobs[0])
    assert set(second) <= set(jobs[1])
    assert first + second == kept_numbers(tmp_path / "images", "A1M-1")
    assert len({path.parent for path in films_on_disk(tmp_path)}) == 1


async def print_by_hand(printer: SimulatedPrinter, folder: Path, images: int, **fields: Any) -> None:
    """The print goes on by that many images; returns once all are kept."""
    kept = len(kept_numbers(folder / "images", printer.name))
    await settle(printer, folder / "data", gcode_state="RUNNING", subtask_name="Hook", **fields)
    for _ in range(images):
        await printer.push_image()
        await printer.push_status()  # it is not silent
    await eventually(lambda: len(kept_numbers(folder / "images", printer.name)) == kept + images)


@pytest.mark.parametrize(("grace", "films"), [(0.0, 2), (60.0, 1)])
async def test_a_print_with_a_power_cut_has_one_whole_film(tmp_path: Path, grace: float, films: int) -> None:
    """Without grace the job is taken as ended by the silence: then there is a film of its first part too."""
    by_hand = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            SimulatedBambui([by_hand]) as bambui,
            bridge_over(
                tmp_path,
                bambui,
                telegram,
                status_timeout_seconds=3.0,
                silence_grace_seconds=grace,
                **EVERY_IMAGE,
            ) as bridge,
        ):
            await by_hand.wait_for_clients()
            await print_by_hand(by_hand, tmp_path, 5, mc_percent=10)
            await until_told(telegram, "contact lost")
            if grace == 0:
                await until_filmed(telegram)
            await by_hand.wait_for_clients()  # the connection is made anew in the silence
            await by_hand.push_status(gcode_state="PAUSE", print_error=0x0300_8007)
            await until_told(telegram, "contact restored")
            await print_by_hand(by_hand, tmp_path, 6, mc_percent=50, print_error=0)
            await by_hand.push_status(gcode_state="FINISH")
            *earlier, whole = await until_filmed(telegram, films)
            await eventually(lambda: bridge.stores.timelapses.count() == 0)
    assert len([message for message in telegram.messages if message.video]) == films
    assert shown_numbers(saved(whole, tmp_path)) == list(range(1, 12))
    for film in earlier:
        assert shown_numbers(saved(film, tmp_path)) == list(range(1, 6))
    assert sum("print ended" in text for text in telegram.texts) == 0


async def test_a_restart_in_mid_print_still_gives_one_film_of_all(tmp_path: Path) -> None:
    by_hand = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    rules = EVERY_IMAGE | {"status_timeout_seconds": 60.0}
    with TelegramServer(keeps_videos=True) as telegram:
        async with SimulatedBambui([by_hand]) as bambui:
            async with bridge_over(tmp_path, bambui, telegram, **rules):
                await by_hand.wait_for_clients()
                await by_hand.push_status(gcode_state="PREPARE", subtask_name="Hook")
                await print_by_hand(by_hand, tmp_path, 5, mc_percent=10)
                await until_told(telegram, "already printing")
            async with bridge_over(tmp_path, bambui, telegram, **rules) as bridge:
                await by_hand.wait_for_clients()
                await print_by_hand(by_hand, tmp_path, 6, mc_percent=20)
                await by_hand.push_status(gcode_state="FINISH")
                (film,) = await until_filmed(telegram)
                await eventually(lambda: bridge.stores.timelapses.count() == 0)
    assert story(telegram, "A1M-1") == ["already printing", "print finished"]
    assert sum(message.video is not None for message in telegram.messages) == 1
    assert shown_numbers(saved(film, tmp_path)) == list(range(1, 12))


async def test_failed_and_cancelled_prints_have_their_films_too(tmp_path: Path) -> None:
    fails = Print(HOOK, seconds=50, ending=Ending.FAILED, ends_at=0.6)
    is_cancelled = Print(HOOK, seconds=50, ending=Ending.CANCELLED, ends_at=0.5)
    failed = Scenario((fails,))
    cancelled = Scenario((is_cancelled,))
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            patient_bambui(
                [printer(failed, "left"), printer(cancelled, "right")], tmp_path / "data"
            ) as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            await until_filmed(telegram, 2)
    assert story(telegram, "left") == ["print started", "print failed"]
    assert story(telegram, "right") == ["print started", "print cancelled"]
    for name in ("left", "right"):
        (film,) = (each for each in telegram.messages if each.video and f" {name}: " in first_line(each))
        assert shown_numbers(saved(film, tmp_path)) == kept_numbers(tmp_path / "images", name)


async def test_two_printers_that_end_together_have_both_films(tmp_path: Path) -> None:
    left = Scenario((Print(HOOK, seconds=50),))
    right = Scenario((Print(HOOK, seconds=24),), idle_seconds=30)
    printers = [printer(left, "left"), printer(right, "right", image_interval=0.5)]
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            patient_bambui(printers, tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            films = await until_filmed(telegram, 2)
    shown = {first_line(film).split()[1]: shown_numbers(saved(film, tmp_path)) for film in films}
    assert shown["left:"] == kept_numbers(tmp_path / "images", "left")
    assert shown["right:"] == kept_numbers(tmp_path / "images", "right")
    assert not set(shown["left:"]) & set(shown["right:"])


async def test_a_print_without_a_camera_has_no_film_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    blind = Scenario((Print(HOOK, seconds=24),), camera=Camera.NONE)
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer(blind)], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            await until_told(telegram, END_WORDS)
            await eventually(lambda: "no film of 'Hook' on 'A1M-1'" in caplog.text)
            await eventually(lambda: bridge.stores.timelapses.count() == 0)
    assert "timelapse" not in "".join(telegram.texts)
    assert [message for message in telegram.messages if message.photo or message.video_size] == []
