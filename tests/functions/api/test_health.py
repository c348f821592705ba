from typing import Any

from functions.notify.chat_state import change_state
from functions.notify.refusals import refused, topic_missed
from functions.shared.domain.keys import chat_key
from functions.shared.messages.chat_record import ChatState, Refused
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


WELL = {
    "is_refused": False,
    "reason": None,
    "since": None,
    "tried_at": None,
    "topic_missing_since": None,
    "moved_to": None,
}


async def test_a_chat_that_is_refused_is_said_with_the_reason_until_it_is_mended(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 60, "P1")
    assert (await health(cloud))[1]["chat"] == WELL
    key = chat_key("4242")
    for at in (NOW - 700, NOW - 30):
        change_state(
            cloud.records,
            key,
            lambda state, at=at: refused(state, Refused.CHAT, "HTTP 403: no; add the bot", at, None),  # type: ignore[misc]
        )
    status, body = await health(cloud)
    assert (status, body["status"]) == (200, "refused")
    assert body["detail"] == "all collectors are heard of; messages wait: HTTP 403: no; add the bot"
    assert body["chat"] == WELL | {
        "is_refused": True,
        "reason": "HTTP 403: no; add the bot",
        "since": "2025-11-22T12:56:20Z",
        "tried_at": "2025-11-22T13:07:30Z",
    }
    change_state(cloud.records, key, lambda _: ChatState())
    assert (await health(cloud))[1]["status"] == "ok"


async def test_a_chat_that_is_not_written_to_any_more_is_not_refused(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 60, "P1")
    old = NOW - 8 * 86_400
    for chat, at in (("old", old), ("older", old - 5)):
        change_state(
            cloud.records,
            chat_key(chat),
            lambda state, at=at: topic_missed(refused(state, Refused.TOKEN, "no", at, 7), 7, at),  # type: ignore[misc]
        )
    assert (await health(cloud))[1]["chat"] == WELL


async def test_a_topic_that_is_missing_and_a_new_id_are_said_and_are_no_fault(cloud: BridgeData) -> None:
    cloud.put_collector("c1", NOW - 60, "P1")
    state = topic_missed(ChatState(moved_to="-100123"), 7, NOW - 600)
    change_state(cloud.records, chat_key("4242"), lambda _: state)
    status, body = await health(cloud)
    assert (status, body["status"]) == (200, "ok")
    assert body["chat"] == WELL | {"topic_missing_since": "2025-11-22T12:58:00Z", "moved_to": "-100123"}
