"""What becomes of a film when Telegram or ffmpeg make trouble, and of the alerts meanwhile."""

import asyncio
import shlex
import stat
import sys
import time
from pathlib import Path

from functions.notify.chat_state import read_state
from functions.shared.domain.keys import chat_key, digest
from functions.shared.telegram.markup import WORD_JOINER
from functions.timelapse.ffmpeg import find_ffmpeg
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.filmed_prints import ONE, films_on_disk, printer, saved
from tests.e2e.image_numbers import kept_numbers, shown_numbers
from tests.e2e.rig import IMAGE, bridge_over, first_line, story, until_filmed, until_told
from tests.e2e.slow_motion import patient_bambui
from tests.support.telegram.faults import STALL, answers
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT, eventually


async def test_a_film_that_is_too_large_for_telegram_comes_smaller_once(tmp_path: Path) -> None:
    with TelegramServer(keeps_videos=True) as telegram:
        telegram.script(answers(413, "Request Entity Too Large"), method="sendVideo")
        async with (
            patient_bambui([printer(ONE, size=(480, 360))], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            (film,) = await until_filmed(telegram)
            await eventually(lambda: bridge.stores.notifications.count() == 0)
            await eventually(lambda: bridge.stores.timelapses.count() == 0)
    large, small = (path.stat().st_size for path in films_on_disk(tmp_path))
    assert film.video_size == small <= large // 2
    assert telegram.calls_of["sendVideo"] == 2
    assert shown_numbers(saved(film, tmp_path)) == kept_numbers(tmp_path / "images", "A1M-1")


async def test_a_film_that_is_ready_while_telegram_is_away_comes_later_once(tmp_path: Path) -> None:
    with TelegramServer(keeps_videos=True) as telegram:
        async with (
            patient_bambui([printer(ONE)], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            await until_told(telegram, "print started")
            await eventually(lambda: bridge.stores.notifications.count() == 0)
            telegram.down()
            chat, lane = chat_key(telegram.chat_id), digest("A1M-1")[:16]
            await eventually(lambda: read_state(bridge.stores.records, chat).lane(lane).failures > 0)
            await eventually(lambda: bridge.stores.notifications.count() == 2)  # the end and the film
            telegram.up()
            await until_told(telegram, "print finished")
            (film,) = await until_filmed(telegram)
            await eventually(lambda: bridge.stores.notifications.count() == 0)
    assert film.id == telegram.messages[-1].id, "behind the message of its end"
    assert story(telegram, "A1M-1") == ["print started", "print finished"]
    assert sum(message.video_size is not None for message in telegram.messages) == 1
    assert shown_numbers(saved(film, tmp_path)) == kept_numbers(tmp_path / "images", "A1M-1")


async def test_alerts_keep_their_pace_while_a_film_is_made_and_sent(tmp_path: Path) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    slow = tmp_path / "slow-ffmpeg"
    slow.write_text(
        f'#!/bin/sh\ntouch {begun}\nwhile [ ! -e {gate} ]; do sleep 0.05; done\nexec {find_ffmpeg()} "$@"\n'
    )
    slow.chmod(slow.stat().st_mode | stat.S_IXUSR)
    watched = SimulatedPrinter("watched", "P1S", image_size=IMAGE)
    with TelegramServer(keeps_videos=True) as telegram:
        telegram.script(STALL, method="sendVideo")
        async with (
            patient_bambui([printer(ONE, "filmed"), watched], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram, ffmpeg=str(slow), status_timeout_seconds=60.0) as bridge,
        ):
            await watched.wait_for_clients()
            await watched.push_status(gcode_state="RUNNING", subtask_name="Vase", print_error=0)
            await eventually(begun.exists)

            await watched.push_image()
            paused_at = time.time()
            await watched.push_status(gcode_state="PAUSE", print_error=0x0300_8015)
            await until_told(telegram, "print paused")
            assert bridge.stores.timelapses.count() == 1  # the film is still being made

            gate.touch()
            await asyncio.to_thread(telegram.wait_for_calls, 1, 20.0, "sendVideo")
            resumed_at = time.time()
            await watched.push_status(gcode_state="RUNNING", print_error=0)
            await until_told(telegram, "print resumed")
            assert not [message for message in telegram.messages if message.video_size]  # it is still sent

            telegram.down()
            telegram.up()
            (film,) = await until_filmed(telegram)
    told = {first_line(message).split(": ")[1]: message for message in telegram.messages}
    assert told["print paused"].photo is not None
    latencies = told["print paused"].at - paused_at, told["print resumed"].at - resumed_at
    sys.stdout.write("alerts beside a film: {:.3f} s, {:.3f} s\n".format(*latencies))
    assert shown_numbers(saved(film, tmp_path)) == kept_numbers(tmp_path / "images", "filmed")


async def test_without_ffmpeg_the_person_learns_what_to_do_and_can_do_it(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer(ONE)], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram, ffmpeg="/nonexistent/ffmpeg"),
        ):
            await until_told(telegram, ": no timelapse")
    told = next(message for message in telegram.messages if "no timelapse" in message.text)
    assert told.video_size is None
    assert "FFMPEG is '/nonexistent/ffmpeg', and there is no such program" in told.text.replace(
        WORD_JOINER, ""
    )
    assert "The frames are kept" in told.text
    command = next(line for line in told.text.splitlines() if "printer-bridge timelapse" in line)
    arguments = shlex.split(command.partition("printer-bridge ")[2].rstrip("."))
    made = tmp_path / "by-hand.mp4"
    by_hand = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local", *arguments, "--out", str(made)),
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
    )
    async with asyncio.timeout(TIMEOUT):
        assert await by_hand.wait() == 0
    assert shown_numbers(made) == kept_numbers(tmp_path / "images", "A1M-1")
