"""The deployed stack tells a print like the embedded run: same chat, film, look, state and picture."""

import asyncio
import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import openai  # noqa: F401 - importing it takes a second or more, which is not to be the first look's time
import pytest
from PIL import Image

from infra.local.simulator.scenarios import SCENARIOS
from infra.local.simulator.server import SimulatedBambui
from infra.local.simulator.simulated_printer import SimulatedPrinter
from tests.cloud.stack import LOOK_SECONDS, PROGRESS_STEP, DeployedStack, build, deployed
from tests.collector.cloud_run import edge
from tests.e2e.rig import END_WORDS, PICTURE, bridge_over, first_line, story, until, until_filmed, until_told
from tests.fakes.openai_server import OpenAiServer
from tests.fakes.telegram import TelegramServer

SCALE = 7.0  # a print with a pause then takes 16 s, so that a look falls due in it

pytestmark = pytest.mark.xdist_group("cloud")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    begun = time.monotonic()
    artifacts = build(shared / "host-build")
    print("build", time.monotonic() - begun)
    with deployed(artifacts, tmp_path_factory.mktemp("cloud")) as stack:
        print("deployed", time.monotonic() - begun)
        yield stack


def printer(scenario: str, name: str) -> SimulatedPrinter:
    return SimulatedPrinter(name, "A1M", SCENARIOS[scenario], picture_size=PICTURE, waits_for_client=True)


async def test_a_whole_print_is_told_as_by_the_embedded_run(cloud: DeployedStack, tmp_path: Path) -> None:
    name = "A1M-1"
    with TelegramServer(keeps_videos=True) as telegram, OpenAiServer() as ai:
        async with (
            SimulatedBambui([printer("pause", name)], time_scale=SCALE) as near,
            SimulatedBambui([printer("pause", name)], time_scale=SCALE) as far,
        ):
            eyes = {
                "openrouter_base_url": ai.base_url,
                "openrouter_api_key": ai.api_key,
                "ai_model": ai.models[0],
                "ai_check_interval_seconds": float(LOOK_SECONDS),
                "progress_step": PROGRESS_STEP,
            }
            wishes = {
                "AWS_ENDPOINT_URL": cloud.endpoint,
                "REPORTS_QUEUE_URL": cloud.queue_url,
                "FRAMES_BUCKET": cloud.bucket,
                "AI_CHECK_INTERVAL_SECONDS": str(LOOK_SECONDS),
                "STATUS_TIMEOUT_SECONDS": "2",
            }
            async with bridge_over(tmp_path / "near", near, telegram, **eyes):
                with edge(tmp_path / "far", None, far, wishes) as collector:
                    try:
                        await until_told(cloud.telegram, END_WORDS, seconds=60)
                        (film,) = await until_filmed(cloud.telegram, seconds=60)
                    finally:
                        print(collector.all[-3000:])
                        print(cloud.logs()[-6000:])
                        print(cloud.telegram.texts)
                    await until_told(telegram, END_WORDS)
                    (near_film,) = await until_filmed(telegram)
                    assert collector.stop() == 0
    print(story(cloud.telegram, name, with_progress=True), [m.text for m in telegram.messages])
    assert story(cloud.telegram, name, with_progress=True) == story(telegram, name, with_progress=True)
    assert cloud.telegram.refusals == []
    key = cloud.api_key
    for path in ("/api/printers", f"/api/printer/{name}", "/api/health"):
        print(cloud.ask(path, key))
