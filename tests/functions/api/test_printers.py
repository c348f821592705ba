from typing import Any

import pytest

from functions.api.app import create_app
from infra.local.storage.records import SqliteRecordStore
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking


async def get(data: BridgeData, path: str) -> Any:
    async with asking(data.app()) as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_api_says_ok(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        response = await client.get("/api/")
    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["content-type"].startswith("text/plain")


async def test_the_list_names_every_printer_of_memory_record_and_collector(bridge: BridgeData) -> None:
    assert bridge.live is not None
    bridge.live.put_printer("zeta", "A1M", True)
    bridge.put_live("zeta", RUNNING, NOW)
    bridge.put_record("Alpha", model="P1S", is_online=False, status=RUNNING)
    bridge.put_record("middle", model="P1P")
    bridge.put_collector("c1", NOW, "listed only", "middle")
    assert await get(bridge, "/api/printers") == [
        {"printer_id": "Alpha", "model": "P1S", "is_online": False, "has_status": True},
        {"printer_id": "listed only", "model": "A1", "is_online": True, "has_status": False},
        {"printer_id": "middle", "model": "P1P", "is_online": True, "has_status": False},
        {"printer_id": "zeta", "model": "A1M", "is_online": True, "has_status": True},
    ]


async def test_the_newest_collector_report_decides_of_a_printer_that_only_collectors_know(
    cloud: BridgeData,
) -> None:
    cloud.put_collector("old", NOW - 5000, "P1", is_online=True)
    cloud.put_collector("young", NOW - 10, "P1", is_online=False)
    (printer,) = await get(cloud, "/api/printers")
    assert printer["is_online"] is False


async def test_a_printing_printer_is_shown_whole_from_memory(bridge: BridgeData) -> None:
    assert bridge.live is not None
    bridge.live.put_printer("A1M-1", "A1M", True)
    bridge.put_live("A1M-1", RUNNING, NOW - 0.5)
    bridge.put_record(
        "A1M-1",
        state="RUNNING",
        received_at=NOW - 90,
        status=RUNNING | {"mc_percent": 60},
        job={"id": "c-1-7", "name": "benchy", "started_at": NOW - 7200, "percent": 60, "layer": 80},
    )
    view = await get(bridge, "/api/printer/A1M-1")
    assert view["status"] == RUNNING
    assert view["received_at"] == "2025-11-22T13:07:59.500000Z"
    assert view["age_seconds"] == 0.5
    assert (view["state"], view["state_inferred"], view["model"]) == ("RUNNING", False, "A1M")
    assert view["is_online"] is True
    assert view["problem"] is None
    assert view["job"] == {
        "id": "c-1-7",
        "name": "benchy",
        "is_active": True,
        "started_at": "2025-11-22T11:08:00Z",
        "ended_at": None,
        "result": None,
        "percent": 62,
        "layer": 89,
        "total_layers": 200,
        "remaining_minutes": 72,
        "expected_end_at": "2025-11-22T14:19:59.500000Z",
    }
    assert view["temperatures"] == {
        "nozzle": 219.9,
        "nozzle_target": 220.0,
        "bed": 59.8,
        "bed_target": 60.0,
        "chamber": None,
    }
    assert view["image"] is None
    assert view["last_inspection"] is None


async def test_after_a_start_the_record_answers_until_the_first_status_comes(bridge: BridgeData) -> None:
    assert bridge.live is not None
    bridge.live.put_printer("P1", "P1S", True)
    bridge.put_record("P1", state="RUNNING", received_at=NOW - 60, status=RUNNING, job={"name": "benchy"})
    view = await get(bridge, "/api/printer/P1")
    assert (view["status"], view["age_seconds"]) == (RUNNING, 60.0)
    bridge.put_live("P1", RUNNING | {"mc_percent": 70}, NOW)
    view = await get(bridge, "/api/printer/P1")
    assert (view["job"]["percent"], view["age_seconds"]) == (70, 0.0)


async def test_a_status_in_memory_that_cannot_be_read_leaves_the_record_standing(bridge: BridgeData) -> None:
    assert bridge.live is not None
    bridge.live.put_status("P1", "[" * 100_000, NOW)
    bridge.put_record("P1", state="RUNNING", received_at=NOW - 60, status=RUNNING)
    assert (await get(bridge, "/api/printer/P1"))["age_seconds"] == 60.0


async def test_the_last_look_is_announced_as_a_sentence(bridge: BridgeData) -> None:
    bridge.put_live("P1", RUNNING, NOW)
    bridge.put_inspection("P1", last_look_at=NOW - 725, verdict="fine", category=None, confidence=None)
    assert (await get(bridge, "/api/printer/P1"))["last_inspection"] == {
        "last_look_at": "2025-11-22T12:55:55Z",
        "age_seconds": 725.0,
        "verdict": "fine",
        "category": None,
        "confidence": None,
        "summary": None,
        "note": None,
        "noted_at": None,
        "sentence": "last look 12 min ago: fine",
    }


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/printer/nobody", "unknown printer"),
        ("/api/printer/nobody/image", "unknown printer"),
        ("/api/printer/new", "no status yet"),
        ("/api/printer/new/image", "no image yet"),
        ("/api/printer/listed", "no status yet"),
        ("/api/printer/listed/image", "no image yet"),
        ("/api/printer/recorded", "no status yet"),
        ("/api/printer/recorded/image", "no image yet"),
    ],
)
async def test_a_404_says_what_is_missing(bridge: BridgeData, path: str, detail: str) -> None:
    assert bridge.live is not None
    bridge.live.put_printer("new", "A1", True)
    bridge.put_collector("c1", NOW, "listed")
    bridge.put_record("recorded", status=None, frame=None)
    async with asking(bridge.app()) as client:
        response = await client.get(path)
    assert (response.status_code, response.json()) == (404, {"detail": detail})


async def test_what_utf8_cannot_carry_is_replaced_in_the_status(bridge: BridgeData) -> None:
    bridge.put_live("P1", {"lone": "x\ud800", "\udfff": [1], "gcode_state": "RUN\ud800"}, NOW)
    view = await get(bridge, "/api/printer/P1")
    assert view["status"] == {"lone": "x?", "?": [1], "gcode_state": "RUN?"}
    assert view["state"] == "RUN?"


async def test_a_huge_number_comes_out_as_it_came_in(bridge: BridgeData) -> None:
    bridge.put_live("P1", {"huge": int("9" * 400)}, NOW)
    assert (await get(bridge, "/api/printer/P1"))["status"] == {"huge": int("9" * 400)}


async def test_a_store_that_is_away_is_said_without_its_details(bridge: BridgeData) -> None:
    app = bridge.app()
    bridge.database.close()
    async with asking(app) as client:
        response = await client.get("/api/printers")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.json() == {"detail": "the store cannot be read just now: try again in a few seconds"}


async def test_a_fault_nobody_thought_of_is_said_without_its_details(bridge: BridgeData) -> None:
    def broken_clock() -> float:
        raise ZeroDivisionError("a secret of the inside")

    records = SqliteRecordStore(bridge.database, broken_clock)
    async with asking(create_app(records, bridge.frames, bridge.live, bridge.clock)) as client:
        response = await client.get("/api/printers")
    assert response.status_code == 500
    assert response.json() == {"detail": "internal error: see the log of the bridge"}
    assert response.headers["x-content-type-options"] == "nosniff"
