"""The whole system in one process: simulated BambUI -> bridge -> strict Bot API server, over real sockets."""

import asyncio
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from collector.printer.settling import SettlingRules
from functions.shared.domain.keys import printer_key
from functions.shared.settings import Settings
from infra.local.app import Bridge
from infra.local.stores import DATABASE_FILE
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.support.telegram.server import Posted, TelegramServer
from tests.support.timeouts import TIMEOUT, eventually

SCALE = 30.0
IMAGE = (160, 120)
IDLE_SECONDS = 2 * SCALE  # of the script, before a print: first words settle, then count
SETTLING = SettlingRules(settle_seconds=0.1, cause_seconds=0.5)  # a tenth, as all here is faster than life
FAST: dict[str, Any] = {
    "forced_reconnect_seconds": 0.0,
    "reconnect_min_seconds": 0.05,
    "reconnect_max_seconds": 0.2,
    "watchdog_tick_seconds": 0.05,
    "printers_refresh_seconds": 1.0,
    "status_timeout_seconds": 60.0,  # tests of silence set their own: a busy machine is silent for seconds
    "progress_step": 25,
    "changes_per_minute": 0.0,  # prints here are faster than life
    "port": 0,
}
FILM_WORD = ": timelapse"
END_WORDS = ("print finished", "print failed", "print cancelled", "print ended")


@asynccontextmanager
async def bridge_over(
    folder: Path, bambui: SimulatedBambui, telegram: TelegramServer, **changed: Any
) -> AsyncIterator[Bridge]:
    """The bridge running on that BambUI and that Telegram, with time-outs scaled down."""
    settings = Settings(
        **FAST
        | {
            "printer_id": next(iter(bambui.printers)),
            "printers_api_url": bambui.printers_api_url,
            "ws_url_template": bambui.ws_url_template,
            "data_dir": folder / "data",
            "images_dir": folder / "images",
            "telegram_bot_token": telegram.token,
            "telegram_chat_id": telegram.chat_id,
            "telegram_api_url": telegram.url,
        }
        | changed
    )
    stop = asyncio.Event()
    bridge = Bridge(settings, io.StringIO(), settling=SETTLING)
    running = asyncio.create_task(bridge.run(stop))
    try:
        yield bridge
    finally:
        stop.set()
        await asyncio.wait_for(running, TIMEOUT)


async def settle(printer: SimulatedPrinter, data_dir: Path, **fields: Any) -> None:
    """The printer's first words after a connect, and until the tracker knows them: they settle first."""
    await printer.push_status(**fields)
    await eventually(lambda: known_word(data_dir, printer.name) == fields["gcode_state"])


def known_word(data_dir: Path, printer_id: str) -> str | None:
    """The last word of a printer that the tracker of a bridge with that folder knows."""
    database = data_dir / DATABASE_FILE
    if not database.exists():
        return None
    query = "SELECT value FROM record WHERE key = ?"
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute(query, (printer_key(printer_id).encode(),)).fetchone()
    word = None if row is None else json.loads(row[0]).get("heard_state")
    return word if isinstance(word, str) else None


async def until_told(
    telegram: TelegramServer, words: str | tuple[str, ...], times: int = 1, seconds: float = TIMEOUT
) -> list[Posted]:
    """Wait until that many messages have one of the words in their first line."""
    wanted = (words,) if isinstance(words, str) else words

    def holds(messages: list[Posted]) -> bool:
        return sum(any(word in first_line(message) for word in wanted) for message in messages) >= times

    return await asyncio.to_thread(telegram.wait_for, holds, seconds)


def first_line(message: Posted) -> str:
    return message.text.splitlines()[0]


async def until_filmed(telegram: TelegramServer, films: int = 1, seconds: float = TIMEOUT) -> list[Posted]:
    """Wait for that many films; returns them alone."""
    await until_told(telegram, FILM_WORD, films, seconds)
    return [message for message in telegram.messages if message.video_size is not None]


def story(telegram: TelegramServer, printer_id: str, *, with_progress: bool = False) -> list[str]:
    """The chat in short: the first lines of one printer's messages, without the printer.

    Films are left out: they have an order of their own.
    """
    lines = []
    for message in telegram.messages:
        line = first_line(message)
        if f" {printer_id}: " not in line or (": printing" in line and not with_progress):
            continue
        if FILM_WORD in line:
            continue
        lines.append(line.split(": ", 1)[1])
    return lines
