"""The whole embedded run, started on the folders of a former release: who upgrades notices nothing."""

import asyncio
import dataclasses
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.shared.domain.keys import inspection_key, printer_key
from functions.shared.messages.inspection_record import CheckState, inspection_from_json
from functions.shared.messages.printer_record import Job, Phase, record_from_json
from functions.shared.settings import load_settings
from infra.local.app import Bridge
from tests.e2e.rig import FAST, first_line
from tests.reliability.upgrade.former_chat import (
    ALL,
    SETTINGS,
    as_told_before,
    as_told_now,
    find_trouble,
    read,
)
from tests.support.bambui_server import BambUI, bambui
from tests.support.openai.server import OpenAiServer
from tests.support.samples import (
    CHAT_ID,
    ENDED,
    IDLE,
    NOW,
    OFFLINE,
    SILENCED,
    SILENT,
    WATCHED,
    WATCHED_JOB,
    copied,
)
from tests.support.telegram.faults import answers
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import eventually

LONG = 600.0  # no printer is called silent while the test runs


@dataclass
class House:
    """The copied folders, and all that stands around a run."""

    folder: Path
    telegram: TelegramServer
    model: OpenAiServer
    printers: BambUI

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bridge]:
        settings = load_settings(
            {
                **SETTINGS,
                "PRINTER_ID": WATCHED,
                "PRINTERS_API_URL": self.printers.list_url,
                "WS_URL_TEMPLATE": self.printers.socket_template,
                "DATA_DIR": str(self.folder / "data_dir"),
                "IMAGES_DIR": str(self.folder / "images_dir"),
                "TELEGRAM_BOT_TOKEN": self.telegram.token,
                "TELEGRAM_API_URL": self.telegram.url,
                "OPENROUTER_API_KEY": self.model.api_key,
                "OPENROUTER_BASE_URL": self.model.base_url,
            },
            "local",
        )
        quick = FAST | {"status_timeout_seconds": LONG, "printers_refresh_seconds": 0.2, "progress_step": 10}
        bridge = Bridge(dataclasses.replace(settings, **quick), io.StringIO())
        stop = asyncio.Event()
        run = asyncio.create_task(bridge.run(stop))
        try:
            yield bridge
        finally:
            stop.set()
            await asyncio.wait_for(run, 10)

    async def until_worked_off(self, bridge: Bridge) -> None:
        stores = bridge.stores
        await asyncio.to_thread(self.telegram.wait_for, ALL, 30.0)
        queues = (stores.reports, stores.notifications, stores.timelapses)
        await eventually(lambda: not any(queue.count() for queue in queues))

    def printer_is_there(self) -> None:
        self.printers.names, self.printers.listing = {WATCHED}, None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """No printer is there yet; Telegram finds the first film too large, the model finds trouble."""
    with TelegramServer(chats={CHAT_ID: None}) as telegram, OpenAiServer() as model:
        telegram.script(answers(413, "Request Entity Too Large"), method="sendVideo")
        model.judge = find_trouble
        async with bambui() as printers:
            printers.names, printers.listing = set(), []
            yield House(copied("embedded", tmp_path), telegram, model, printers)
        assert telegram.refusals == []
        assert model.faults == []


def job_of(bridge: Bridge, printer_id: str) -> Job:
    stored = bridge.stores.records.get(printer_key(printer_id))
    assert stored is not None
    job = record_from_json(stored.value).job
    assert job is not None
    return job


async def asked(bridge: Bridge, path: str) -> Any:
    answer = await asyncio.to_thread(requests.get, bridge.base_url + path, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def status(state: str, percent: int) -> str:
    """What BambUI sends of the print that was running."""
    data = {
        "gcode_state": state,
        "subtask_name": "Würfel & <Turm>",
        "task_id": "815",
        "mc_percent": percent,
        "layer_num": percent,
        "total_layer_num": 100,
        "mc_remaining_time": 100 - percent,
    }
    return json.dumps({"type": "printer_status", "printer_id": WATCHED, "data": data})


async def test_all_that_waited_is_told_once_as_the_former_release_would_have(house: House) -> None:
    async with house.running() as bridge:
        await house.until_worked_off(bridge)
        assert [len(queue.dead_letters()) for queue in bridge.stores.queues] == [1, 1, 0, 0]
    assert as_told_now(house.telegram.messages) == as_told_before()
    films = sorted(
        path.relative_to(house.folder / "images_dir").as_posix()
        for path in (house.folder / "images_dir").rglob("*.mp4")
    )
    assert [name.replace("~48e491943514", "").replace("~99f62ba27216", "") for name in films] == [
        "A1-mini/Wurfel_Turm~3c09c8a4c87b/timelapse_20900504T115942.mp4",
        "Keller_No2_b~587ab66a0a51/unnamed/timelapse_20900504T115924.mp4",
        "P1P_werkstatt/Vase/timelapse_20900504T104822.mp4",
        "X1C_links/Haken/timelapse_20900504T115931.mp4",
        "X1C_links/etc/timelapse_20900504T102142.mp4",
        "X1C_links/etc/timelapse_20900504T102143.mp4",
        "X1C_links/etc/timelapse_20900504T115143.mp4",
    ]
    assert list((house.folder / "data_dir" / "outbox" / "frames").iterdir()) == [], "the last frame arrived"


async def test_records_go_on_from_what_they_were(house: House) -> None:
    async with house.running() as bridge:
        await house.until_worked_off(bridge)
        watched = job_of(bridge, WATCHED)
        assert (watched.id, watched.percent, watched.frames_kept) == (WATCHED_JOB, 60, 12)
        assert (watched.started_at, watched.phase) == (NOW - 3700, Phase.ACTIVE)
        silenced, silent = job_of(bridge, SILENCED), job_of(bridge, SILENT)
        assert (silenced.phase, silenced.percent, silenced.started_at) == (Phase.ACTIVE, 80, NOW - 5800)
        assert (silent.phase, silent.result, silent.percent) == (Phase.SILENCED, "ended", 7)
        assert (job_of(bridge, ENDED).name, job_of(bridge, ENDED).result) == ("Haken", "cancelled")
        assert (job_of(bridge, IDLE).name, job_of(bridge, IDLE).state) == ("Zahnrad", "PREPARE")
        stored = bridge.stores.records.get(inspection_key(WATCHED))
        assert stored is not None
        inspection = inspection_from_json(stored.value)
        assert (inspection.verdict, inspection.checks) == (CheckState.DEFECT, 3)
        assert set(inspection.announced) == {"warping"}
        await eventually(
            lambda: bridge.stores.inspections.count() == 1
        )  # the one decided and not queued before
        assert inspection.pending_confirmation is None

        listed = await asked(bridge, "/api/printers")
        assert {each["printer_id"] for each in listed if each["has_status"]} == {
            *(WATCHED, SILENT, IDLE, SILENCED, OFFLINE),
            ENDED.encode("utf-8", "replace").decode(),
        }
        others = [each["printer_id"] for each in listed if not each["has_status"]]
        assert sorted(others) == ["P1S-away", "elsewhere"], "what other collectors watch"
        shown = await asked(bridge, f"/api/printer/{WATCHED}")
        assert (shown["received_at"], shown["status"]["mc_percent"]) == ("2090-05-04T11:59:59Z", 60)
        assert shown["last_inspection"]["category"] == "warping"


async def test_the_running_job_goes_on_under_its_id_when_its_printer_is_back(house: House) -> None:
    async with house.running() as bridge:
        await house.until_worked_off(bridge)
    async with house.running() as bridge:
        house.printer_is_there()
        await house.printers.send(WATCHED, status("RUNNING", 72))
        await eventually(lambda: job_of(bridge, WATCHED).percent == 72)
        assert job_of(bridge, WATCHED).id == WATCHED_JOB
        await house.printers.send(WATCHED, status("FINISH", 100))
        await asyncio.to_thread(house.telegram.wait_for, ALL + 3, 30.0)
        await eventually(lambda: not bridge.stores.notifications.count())
        job = job_of(bridge, WATCHED)
    assert (job.id, job.result, job.started_at) == (WATCHED_JOB, "finished", NOW - 3700)
    news = house.telegram.messages[ALL:]
    assert [(first_line(message), read(message).carries) for message in news] == [
        ("🖨 A1-mini: printing", ""),
        ("✅ A1-mini: print finished", "photo"),
        ("🎬 A1-mini: timelapse", "film"),
    ], "and nothing that was told before"
    assert "took 1 h" in news[1].text
    assert "missing" not in news[2].text
