"""The image of the chat in README.md: a simulated print through the real system, shown as a chat would.

`python -m tests.e2e.chat_page OUT.html`, then a screenshot of that page by any browser.
"""

import asyncio
import base64
import sys
import tempfile
from pathlib import Path

from infra.simulator.scenarios import (
    ERROR_FILAMENT_OUT,
    HMS_FILAMENT_OUT,
    STAGE_FILAMENT_OUT,
    Job,
    Pause,
    Print,
    Scenario,
)
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import bridge_over, until_told
from tests.support.telegram.server import Posted, TelegramServer

_RUN_OUT = Pause(0.6, 20, STAGE_FILAMENT_OUT, ERROR_FILAMENT_OUT, HMS_FILAMENT_OUT)
_PRINT = Scenario(
    (Print(Job("Phone stand (blue)", minutes=62, layers=95), pauses=(_RUN_OUT,)),), idle_seconds=16
)
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 14px; background: #8fb3a0; font: 15px/1.35 "Noto Sans", "DejaVu Sans", sans-serif;
  width: 860px; columns: 2; column-gap: 14px; box-sizing: border-box; }}
article {{ background: #fff; border-radius: 12px; padding: 8px 12px; margin: 0 0 8px; break-inside: avoid;
  box-shadow: 0 1px 1px #0003; white-space: pre-wrap; overflow-wrap: anywhere; }}
img {{ display: block; width: calc(100% + 24px); margin: -8px -12px 6px; border-radius: 12px 12px 0 0; }}
a {{ color: #168acd; text-decoration: none; }} code {{ font-family: inherit; color: #8a5a00; }}
</style>{messages}"""


def chat_page(messages: list[Posted]) -> str:
    """The page; the messages' markup is what the bot sent, so it is put in as it is."""
    return _PAGE.format(messages="".join(f"<article>{_image(it)}{it.markup}</article>" for it in messages))


def _image(message: Posted) -> str:
    data = message.photo or message.thumbnail
    if data is None:
        return ""
    return f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


async def _told() -> list[Posted]:
    with tempfile.TemporaryDirectory() as folder, TelegramServer() as telegram:
        printer = SimulatedPrinter("A1-mini", "A1M", _PRINT, waits_for_client=True)
        async with (
            SimulatedBambui([printer], time_scale=4) as bambui,
            bridge_over(Path(folder), bambui, telegram, progress_step=30),
        ):
            await until_told(telegram, "timelapse")
        return telegram.messages


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(chat_page(asyncio.run(_told())), encoding="utf-8")
