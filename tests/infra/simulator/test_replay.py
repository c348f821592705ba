"""A recording is served again exactly as it was."""

import json

import pytest
from websockets.asyncio.client import connect

from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.support.recordings import RECORDINGS, load_recording


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_client_gets_every_message_of_a_recording_in_order(name: str) -> None:
    recording = load_recording(name)
    expected = [message for _, message in recording if "type" in message]
    printer = SimulatedPrinter("p", "A1", recording=recording)
    async with SimulatedBambui([printer], time_scale=1000) as bambui:
        url = bambui.ws_url_template.format(printer_id="p")
        async with connect(url, compression=None, proxy=None) as client:
            received = [json.loads(await client.recv()) for _ in expected]
            await printer.done.wait()
    assert received == expected


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_recordings_in_the_repository_are_whole(name: str) -> None:
    recording = load_recording(name)
    times = [at for at, _ in recording]
    assert times == sorted(times)
    assert recording[0][1] == {"event": "open"}
    assert recording[-1][1] == {"event": "end"}
    sizes = {len(message["data"]) for _, message in recording if message.get("type") == "printer_status"}
    assert sizes <= set(range(60, 76))
    has_images = any(message.get("type") == "jpeg_image" for _, message in recording)
    assert has_images != (name == "no_camera_p1p")
