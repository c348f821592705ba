from typing import Any

from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking

MINUTE = 60.0


async def health(data: BridgeData) -> tuple[int, Any]:
    async with asking(data.app()) as client:
        response = await client.get("/api/health")
    return response.status_code, response.json()


async def test_a_collector_heard_of_lately_is_all_it_takes(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 14 * MINUTE, "P1")
    status, body = await health(cloud)
    assert (status, body["status"], body["detail"]) == (200, "ok", "all collectors are heard of")
    assert body["at"] == "2025-11-22T13:08:00Z"
    assert body["collectors"] == [
        {
            "collector_id": "c1",
            "version": "0.1.0",
            "received_at": "2025-11-22T12:54:00Z",
            "age_seconds": 840.0,
            "is_recent": True,
            "is_superseded": False,
        }
    ]


async def test_a_printer_that_is_switched_off_changes_nothing(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 60, "on", "off")
    cloud.put_record("on", received_at=NOW - 100, status=RUNNING)
    cloud.put_record("off", received_at=NOW - 9 * 3600, status={}, silent_since=NOW - 9 * 3600)
    status, body = await health(cloud)
    assert (status, body["status"]) == (200, "ok")
    assert {it["printer_id"]: it["is_recent"] for it in body["printers"]} == {"on": True, "off": False}


async def test_one_collector_not_heard_of_for_15_minutes_is_stale(cloud: BridgeData) -> None:
    cloud.put_collector("here", NOW - 60, "P1")
    cloud.put_collector("gone", NOW - 16 * MINUTE, "P2")
    status, body = await health(cloud)
    assert (status, body["status"]) == (200, "stale")
    assert body["detail"] == "1 collector(s) not heard of, the longest for 16 min"


async def test_a_collector_whose_printers_another_took_over_does_not_count(cloud: BridgeData) -> None:
    cloud.put_collector("new card", NOW - 60, "P1", "P2")
    cloud.put_collector("old card", NOW - 20 * MINUTE, "P1")
    status, body = await health(cloud)
    assert (status, body["status"]) == (200, "ok")
    assert {it["collector_id"]: it["is_superseded"] for it in body["collectors"]} == {
        "new card": False,
        "old card": True,
    }


async def test_a_collector_away_for_a_week_is_given_up_if_another_is_there(cloud: BridgeData) -> None:
    cloud.put_collector("here", NOW - 60, "P1")
    cloud.put_collector("sold", NOW - 8 * 86_400, "P9")
    assert (await health(cloud))[1]["status"] == "ok"


async def test_nothing_heard_at_all_is_503(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 16 * MINUTE, "P1")
    cloud.put_record("P1", received_at=NOW - 16 * MINUTE, status=RUNNING)
    status, body = await health(cloud)
    assert (status, body["status"]) == (503, "stale")
    assert body["detail"] == "nothing has been heard of for 15 minutes"


async def test_nothing_ever_heard_of_is_503_in_the_cloud(cloud: BridgeData) -> None:
    status, body = await health(cloud)
    assert (status, body["status"], body["detail"]) == (503, "stale", "nothing is known yet")


async def test_a_status_coming_in_shows_that_something_works(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 16 * MINUTE, "P1")
    cloud.put_record("P1", received_at=NOW - 60, status=RUNNING)
    assert (await health(cloud))[0] == 200


async def test_embedded_the_fifteen_minutes_are_counted_from_the_start(bridge: BridgeData) -> None:
    bridge.put_collector("c1", NOW - 86_400, "P1")
    async with asking(bridge.app()) as client:
        fresh = await client.get("/api/health")
        bridge.clock.pass_time(14 * MINUTE)
        later = await client.get("/api/health")
        bridge.clock.pass_time(2 * MINUTE)
        silent = await client.get("/api/health")
        bridge.put_live("P1", RUNNING, bridge.clock())
        alive = await client.get("/api/health")
    assert [it.status_code for it in (fresh, later, silent, alive)] == [200, 200, 503, 200]
    assert [it.json()["status"] for it in (fresh, later, silent, alive)] == ["ok", "ok", "stale", "stale"]


async def test_a_lost_collector_is_announced_at_its_printers(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 25 * MINUTE, "P1")
    cloud.put_record("P1", received_at=NOW - 25 * MINUTE, status=RUNNING, state="RUNNING")
    async with asking(cloud.app()) as client:
        view = (await client.get("/api/printer/P1")).json()
    assert view["problem"] == "the collector has not been heard of for 25 min"
