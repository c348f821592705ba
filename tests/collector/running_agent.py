"""A collector that runs against a server, quickly, and is ended properly."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any

from collector.agent import Collector
from collector.printer.settling import SettlingRules
from functions.shared.live import Live
from functions.shared.messages.report import Report, ReportKind
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from tests.support.bambui_server import BambUI
from tests.support.edge_material import RememberingOutbox
from tests.support.timeouts import TIMEOUT, eventually

P = "A1M-1"
RUNNING = {"gcode_state": "RUNNING", "subtask_name": "Benchy", "mc_percent": 10}


@contextlib.asynccontextmanager
async def running(
    server: BambUI,
    outbox: RememberingOutbox,
    *,
    live: Live | None = None,
    options: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Collector]:
    chosen: dict[str, Any] = {
        "printers_api_url": server.list_url,
        "ws_url_template": server.socket_template,
        "reconnect_min_seconds": 0.001,
        "reconnect_max_seconds": 0.02,
        "watchdog_tick_seconds": 0.01,
        "printers_refresh_seconds": 0.02,
        **settings,
    }
    collector = Collector(
        dataclasses.replace(Settings(), **chosen),
        outbox,
        clock=MonotonicWallClock(),
        live=live,
        version="1.2.3",
        **({"settling": SettlingRules(0, 0)} | (options or {})),
    )
    rules = collector._rules  # noqa: SLF001 - what is seen counts at once here
    collector._rules = dataclasses.replace(rules, settling=SettlingRules(0, 0))  # noqa: SLF001
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        async with asyncio.timeout(TIMEOUT):
            await collector.stop()
        await task


async def until_reports(
    outbox: RememberingOutbox, condition: Callable[[list[Report]], bool], printer_id: str | None = P
) -> list[Report]:
    await eventually(lambda: condition(outbox.reports(printer_id)))
    return outbox.reports(printer_id)


def of_kind(reports: list[Report], kind: ReportKind) -> list[Report]:
    return [report for report in reports if report.kind is kind]
