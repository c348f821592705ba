"""One scenario printed twice at the same time: for the deployed stack and for the embedded run."""

import asyncio
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.simulator.scenarios import Scenario
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import END_WORDS, FILM_WORD, bridge_over, first_line, until_filmed, until_told
from tests.e2e.slow_motion import slowed_bambui
from tests.e2e.watching_model import WatchingModel
from tests.stack.deployed.stack import LOOK_SECONDS, PROGRESS_STEP, DeployedStack
from tests.support.collector_process import Edge, edge
from tests.support.openai.server import OpenAiServer
from tests.support.telegram.server import Posted, TelegramServer
from tests.support.timeouts import TIMEOUT

ALERT = ": possible print defect"
SIZE = (320, 180)
_SLOW_FROM_PERCENT = 80


@dataclass(frozen=True)
class BothRuns:
    """What either gave: the chat, the embedded API's last word on the printer, how many looks were made
    (cloud, embedded)."""

    cloud: list[Posted]
    embedded: list[Posted]
    embedded_state: dict[str, Any]
    looks: tuple[int, int]

    @property
    def films(self) -> tuple[Posted, Posted]:
        """Of the cloud and of the embedded run."""
        (far,) = (message for message in self.cloud if message.video_size is not None)
        (near,) = (message for message in self.embedded if message.video_size is not None)
        return far, near


def printer(scenario: Scenario, name: str) -> SimulatedPrinter:
    return SimulatedPrinter(name, "A1M", scenario, image_size=SIZE, waits_for_client=True)


def cloud_edge(folder: Path, stack: DeployedStack, bambui: SimulatedBambui) -> Edge:
    """The collector as a process of its own, told what the stack's outputs say; not started yet."""
    settings = {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "REPORTS_QUEUE_URL": stack.queue_url,
        "FRAMES_BUCKET": stack.bucket,
        "AI_CHECK_INTERVAL_SECONDS": f"{LOOK_SECONDS}",
        "STATUS_TIMEOUT_SECONDS": f"{TIMEOUT}",
        **stack.edge_credentials,
    }
    return edge(folder, None, bambui, settings)


async def print_in_both(stack: DeployedStack, folder: Path, scenario: Scenario, scale: float) -> BothRuns:
    """Until both have told the end and sent the film; the model that looks is the same in both.

    Neither print ends before its defect is told.
    """
    name = "A1M-1"
    far_printer, near_printer = printer(scenario, name), printer(scenario, name)
    stack.ai.judge = WatchingModel()
    with TelegramServer(keeps_videos=True) as telegram, OpenAiServer() as ai:
        ai.judge = WatchingModel()
        eyes: dict[str, Any] = {
            "openrouter_base_url": ai.base_url,
            "openrouter_api_key": ai.api_key,
            "ai_model": ai.models[0],
            "ai_check_interval_seconds": float(LOOK_SECONDS),
            "progress_step": PROGRESS_STEP,
            "status_timeout_seconds": TIMEOUT,
        }

        def bambui(printed: SimulatedPrinter, chat: TelegramServer) -> SimulatedBambui:
            """Slow until the alert is there, and no longer: after its cool-down another would be right."""
            return slowed_bambui([printed], scale, (_SLOW_FROM_PERCENT, lambda: not alerts_of(chat.messages)))

        async with (
            bambui(far_printer, stack.telegram) as far,
            bambui(near_printer, telegram) as near,
            bridge_over(folder / "embedded", near, telegram, **eyes) as bridge,
        ):
            with cloud_edge(folder / "edge", stack, far) as collector:
                for chat in (telegram, stack.telegram):
                    await until_told(chat, END_WORDS)
                    await until_filmed(chat)
                state = await asyncio.to_thread(_read, f"{bridge.base_url}/api/printer/{name}")
                assert await asyncio.to_thread(collector.stop) == 0
        assert ai.faults == []
        looks = len(stack.ai.requests), len(ai.requests)
    return BothRuns(stack.telegram.messages, telegram.messages, state, looks)


def chat_of(messages: list[Posted], printer_id: str) -> list[tuple[str, str, bool, bool]]:
    """The chat as it is compared: the first two lines, how they were sent, whether with a photo and aloud.

    Left out, as they keep an order of their own: films, and alerts of the AI.
    """
    return [
        (
            "\n".join(message.text.splitlines()[:2]),
            message.method,
            message.photo is not None,
            message.is_silent,
        )
        for message in messages
        if f" {printer_id}: " in first_line(message)
        and not any(word in first_line(message) for word in (FILM_WORD, ALERT))
    ]


def alerts_of(messages: list[Posted]) -> list[Posted]:
    return [message for message in messages if ALERT in first_line(message)]


def _read(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
