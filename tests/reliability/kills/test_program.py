"""`kill -9` at random moments of a print: nothing is lost, and next to nothing is said twice."""

import sys
from pathlib import Path
from random import Random

import pytest

from functions.shared.domain.keys import taken_at_of
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.program import Program
from tests.e2e.rig import IMAGE
from tests.reliability.kills.auditor import Line, audit, line_of
from tests.reliability.kills.killed_print import AWAY, PRINTER, WANTED, FarTelegram, KilledPrint

KILLS = 20


@pytest.mark.parametrize("seed", [20260])
async def test_twenty_kills_in_a_print_lose_no_message(tmp_path: Path, seed: int) -> None:
    printer = SimulatedPrinter(PRINTER, "A1M", image_size=IMAGE)
    async with SimulatedBambui([printer]) as bambui:
        with (
            FarTelegram() as telegram,
            Program(
                tmp_path,
                PRINTER_ID=PRINTER,
                PRINTERS_API_URL=bambui.printers_api_url,
                WS_URL_TEMPLATE=bambui.ws_url_template,
                TELEGRAM_BOT_TOKEN=telegram.token,
                TELEGRAM_CHAT_ID=telegram.chat_id,
                TELEGRAM_API_URL=telegram.url,
                PROGRESS_STEP="1",
                CHANGES_PER_MINUTE="0",  # the print is faster than life
                LOG_LEVEL="DEBUG",
                RECONNECT_MIN_SECONDS="0.05",
            ) as program,
        ):
            course = KilledPrint(printer, program, telegram, Random(seed), KILLS)
            await course.run()
            messages = telegram.messages
    lines = [line_of(message.text, message.at) for message in messages]
    twice = len(lines) - len({line.key for line in lines})
    sys.stdout.write(f"{len(lines)} messages, {twice} of them twice\n")
    assert audit(WANTED, lines, course.killed_at) == []
    assert len(course.killed_at) == KILLS
    assert [line.words for line in lines].count("timelapse") >= 1
    assert set(telegram.refusals) <= {f"502 {AWAY}"}
    assert "Traceback" not in program.all
    frames = sorted((tmp_path / "images" / PRINTER / "Hook").glob("*.jpg"))
    times = [at for at in (taken_at_of(frame.name) for frame in frames) if at is not None]
    assert times == sorted(times)
    assert len(times) > KILLS


WELL = [Line("print started", None, 1), Line("printing", 5, 2), Line("print paused", 7, 3)]
PAIR = [("print started", None), ("print paused", 7)]


def test_the_auditor_is_content_with_a_chat_that_is_well() -> None:
    assert audit(PAIR, WELL, []) == []


def test_the_auditor_lets_a_kill_repeat_the_message_before_it_once() -> None:
    again = [*WELL, Line("print paused", 7, 5)]
    assert audit(PAIR, again, [4.0]) == []
    assert audit(PAIR, [*again, Line("print paused", 7, 6)], [4.0]) != []


@pytest.mark.parametrize(
    ("chat", "kills"),
    [
        (WELL[:2], [4.0]),
        ([*WELL, Line("print paused", 7, 5)], []),
        ([*WELL, Line("print paused", 7, 5)], [0.5, 6.0]),
        ([*WELL, Line("print started", None, 5)], [4.0]),
        ([*WELL, Line("print failed", 7, 5)], [4.0]),
        ([WELL[2], *WELL[:2]], [4.0]),
        ([*WELL, Line("printing", 6, 5)], []),
    ],
    ids=["lost", "twice", "twice at another time", "started again", "invented", "order", "backwards"],
)
def test_the_auditor_finds_what_is_wrong(chat: list[Line], kills: list[float]) -> None:
    assert audit(PAIR, chat, kills) != []
